/** What becomes of stored checkpoints: images for the runtime, the extracted form, deletion. */
@NullMarked
package domain.my.lpm.agent.image;

import org.jspecify.annotations.NullMarked;
