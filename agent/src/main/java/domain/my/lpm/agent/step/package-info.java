/** What the agent does at its edges, announced step by step. */
@NullMarked
package domain.my.lpm.agent.step;

import org.jspecify.annotations.NullMarked;
