/** Coverage-guided fuzzing of whatever reads what others wrote. */
@NullMarked
package domain.my.lpm.checkpoint.fuzz;

import org.jspecify.annotations.NullMarked;
