/** What a checkpoint holds and what stands in the way of restoring it, for people and for programs. */
@NullMarked
package domain.my.lpm.checkpoint.inspect;

import org.jspecify.annotations.NullMarked;
