/** Tests of the container's first process, entry.c. */
@NullMarked
package domain.my.lpm.launcher.entry;

import org.jspecify.annotations.NullMarked;
