/** The checkpoint on disk: archives, the repository, CRIU image files. */
@NullMarked
package domain.my.lpm.checkpoint;

import org.jspecify.annotations.NullMarked;
