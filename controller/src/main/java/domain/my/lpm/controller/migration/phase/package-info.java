/** What is done in each phase of a PodMigration: one handler for each. */
@NullMarked
package domain.my.lpm.controller.migration.phase;

import org.jspecify.annotations.NullMarked;
