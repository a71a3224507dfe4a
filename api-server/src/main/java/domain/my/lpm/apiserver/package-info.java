/** A real kube-apiserver with its etcd, and tests that run on it as on the ones in memory. */
@NullMarked
package domain.my.lpm.apiserver;

import org.jspecify.annotations.NullMarked;
