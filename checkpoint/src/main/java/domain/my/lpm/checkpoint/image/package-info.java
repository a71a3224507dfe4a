/** CRIU's image files: reading them as hostile input, judging what they grant, rewriting what a restore needs. */
@NullMarked
package domain.my.lpm.checkpoint.image;

import org.jspecify.annotations.NullMarked;
