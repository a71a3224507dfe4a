/** Taking the checkpoint of a pod and storing it, all of it or nothing. */
@NullMarked
package domain.my.lpm.agent.checkpoint;

import org.jspecify.annotations.NullMarked;
