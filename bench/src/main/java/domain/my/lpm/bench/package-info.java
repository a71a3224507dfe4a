/** What a migration costs, measured beside the bare runtime in the same run. */
@NullMarked
package domain.my.lpm.bench;

import org.jspecify.annotations.NullMarked;
