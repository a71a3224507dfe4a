/** The kubelet's way to take a checkpoint. */
@NullMarked
package domain.my.lpm.agent.kubelet;

import org.jspecify.annotations.NullMarked;
