/** The kubelet of a sandbox's node: runs the pods that are bound to it, and reports what became of them. */
@NullMarked
package domain.my.lpm.sandbox.cluster.node;

import org.jspecify.annotations.NullMarked;
