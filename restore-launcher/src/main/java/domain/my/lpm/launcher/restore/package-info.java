/** The restore of one container from a checkpoint in the repository. */
@NullMarked
package domain.my.lpm.launcher.restore;

import org.jspecify.annotations.NullMarked;
