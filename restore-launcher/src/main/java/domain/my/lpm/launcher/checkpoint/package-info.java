/** Taking a checkpoint of a container, held: its processes stand still from the instant of the dump. */
@NullMarked
package domain.my.lpm.launcher.checkpoint;

import org.jspecify.annotations.NullMarked;
