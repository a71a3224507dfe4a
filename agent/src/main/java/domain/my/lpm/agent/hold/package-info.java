/** Sources that stand still between their checkpoint and the moment when it is decided who goes on. */
@NullMarked
package domain.my.lpm.agent.hold;

import org.jspecify.annotations.NullMarked;
