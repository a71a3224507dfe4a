package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.Next;
import java.util.Set;

/** What is done in a phase. Never waits; can be entered again after a crash at any point. */
public interface PhaseHandler {
    /** Which phases. */
    Set<MigrationPhase> phases();

    /**
     * Does what can be done now.
     *
     * @throws domain.my.lpm.controller.MigrationFailure when the migration cannot go on; only before the commit
     * @throws domain.my.lpm.controller.ConflictException when the object has changed since it was read
     */
    Next handle(Migration migration);
}
