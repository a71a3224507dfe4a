/** Entering a container: the toolkit's root file system inside the container's own namespaces, and a process there. */
@NullMarked
package domain.my.lpm.launcher.namespace;

import org.jspecify.annotations.NullMarked;
