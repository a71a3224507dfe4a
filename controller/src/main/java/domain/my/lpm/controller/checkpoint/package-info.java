/** Checkpoints of pods and containers, and what lies on storage of them. */
@NullMarked
package domain.my.lpm.controller.checkpoint;

import org.jspecify.annotations.NullMarked;
