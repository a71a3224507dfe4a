/** The node: its containers, its processes, what it is able to do, and how launchers are started on it. */
@NullMarked
package domain.my.lpm.agent.node;

import org.jspecify.annotations.NullMarked;
