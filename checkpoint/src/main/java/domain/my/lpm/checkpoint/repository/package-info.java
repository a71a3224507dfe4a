/** The repository of checkpoints on shared storage: its layout, the signed manifest, storing and verified reading. */
@NullMarked
package domain.my.lpm.checkpoint.repository;

import org.jspecify.annotations.NullMarked;
