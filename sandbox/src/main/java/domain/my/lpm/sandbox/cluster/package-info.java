/** A small Kubernetes cluster in one JVM: an API server, kubelets of the sandbox's nodes, a scheduler and our webhook. */
@NullMarked
package domain.my.lpm.sandbox.cluster;

import org.jspecify.annotations.NullMarked;
