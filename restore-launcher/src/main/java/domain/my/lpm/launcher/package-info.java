/** The restore launcher: runs CRIU inside the namespaces of a pod. */
@NullMarked
package domain.my.lpm.launcher;

import org.jspecify.annotations.NullMarked;
