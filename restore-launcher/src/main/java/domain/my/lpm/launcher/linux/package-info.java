/** The two boundary classes to the kernel: everything that needs native calls goes through here. */
@NullMarked
package domain.my.lpm.launcher.linux;

import org.jspecify.annotations.NullMarked;
