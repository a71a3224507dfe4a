/** Certificates of a sandbox, and servers that show them. */
@NullMarked
package domain.my.lpm.sandbox.cluster.tls;

import org.jspecify.annotations.NullMarked;
