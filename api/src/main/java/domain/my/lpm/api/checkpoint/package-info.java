/** The kinds of checkpoints and of what lies on storage of them. */
@NullMarked
package domain.my.lpm.api.checkpoint;

import org.jspecify.annotations.NullMarked;
