/** What the launcher tells of its work: the status file and its timings. */
@NullMarked
package domain.my.lpm.launcher.status;

import org.jspecify.annotations.NullMarked;
