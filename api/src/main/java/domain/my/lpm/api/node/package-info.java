/** The kind MigrationNode. */
@NullMarked
package domain.my.lpm.api.node;

import org.jspecify.annotations.NullMarked;
