package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.Next;
import domain.my.lpm.controller.step.Step;
import java.time.Duration;
import java.util.Set;

/** The migration is over; it is deleted when its time after the end is. */
final class Finished implements PhaseHandler {
    @Override
    public Set<MigrationPhase> phases() {
        return Set.of(MigrationPhase.SUCCEEDED, MigrationPhase.ROLLED_BACK, MigrationPhase.FAILED);
    }

    @Override
    public Next handle(Migration migration) {
        Integer seconds = migration.spec().getTtlSecondsAfterFinished();
        if (seconds == null) {
            return new Next.End();
        }
        Duration left = Duration.between(
                migration.now(), migration.since(migration.phase()).plusSeconds(seconds));
        if (left.compareTo(Duration.ZERO) > 0) {
            return new Next.Wait(left.plusMillis(1));
        }
        migration.act(Step.DELETE_MIGRATION, () -> {
            migration.cluster().deleteMigration(migration.resource());
            return true;
        });
        return new Next.End();
    }
}
