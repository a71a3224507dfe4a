/** The kind PodMigration. */
@NullMarked
package domain.my.lpm.api.migration;

import org.jspecify.annotations.NullMarked;
