package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.Next;
import domain.my.lpm.controller.step.Step;
import java.util.Set;

/** The digest of the checkpoint is known: nothing to wait for, the application stands still. */
final class CheckpointCompleted implements PhaseHandler {
    @Override
    public Set<MigrationPhase> phases() {
        return Set.of(MigrationPhase.CHECKPOINT_COMPLETED);
    }

    @Override
    public Next handle(Migration migration) {
        Pods.requireSource(migration);
        migration.record(
                Step.RECORD_TRANSFERRING,
                status -> status.phase(
                        MigrationPhase.MIGRATION_IN_PROGRESS,
                        Reasons.CHECKPOINTED,
                        "the checkpoint is handed to node '%s'".formatted(migration.targetNode())));
        return new Next.Again();
    }
}
