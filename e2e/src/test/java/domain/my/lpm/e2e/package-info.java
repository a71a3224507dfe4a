/** The product as users have it: installed in a cluster with kubelets and container runtimes, used through the API alone. */
@NullMarked
package domain.my.lpm.e2e;

import org.jspecify.annotations.NullMarked;
