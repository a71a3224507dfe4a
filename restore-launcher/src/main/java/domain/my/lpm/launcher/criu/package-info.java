/** Running CRIU: its command lines, its deadline, and what its log says went wrong. */
@NullMarked
package domain.my.lpm.launcher.criu;

import org.jspecify.annotations.NullMarked;
