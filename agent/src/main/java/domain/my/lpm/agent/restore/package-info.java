/** Launchers that stand by, restore, and let a copy run or not. */
@NullMarked
package domain.my.lpm.agent.restore;

import org.jspecify.annotations.NullMarked;
