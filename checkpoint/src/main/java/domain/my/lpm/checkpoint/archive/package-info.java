/** The checkpoint archives of container runtimes, read as hostile input. */
@NullMarked
package domain.my.lpm.checkpoint.archive;

import org.jspecify.annotations.NullMarked;
