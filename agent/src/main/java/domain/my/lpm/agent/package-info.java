/** What runs on every node and alone is privileged there. */
@NullMarked
package domain.my.lpm.agent;

import org.jspecify.annotations.NullMarked;
