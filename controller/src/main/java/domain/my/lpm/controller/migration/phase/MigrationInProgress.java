package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationTimings;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.MigrationStatus;
import domain.my.lpm.controller.migration.Next;
import domain.my.lpm.controller.step.Step;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/** The checkpoint is brought to the target, where the restore mode asks for more than shared storage. */
final class MigrationInProgress implements PhaseHandler {
    private final Map<RestoreMode, RestoreProcedure> procedures;

    MigrationInProgress(Map<RestoreMode, RestoreProcedure> procedures) {
        this.procedures = procedures;
    }

    @Override
    public Set<MigrationPhase> phases() {
        return Set.of(MigrationPhase.MIGRATION_IN_PROGRESS);
    }

    @Override
    public Next handle(Migration migration) {
        Pods.requireSource(migration);
        if (!RestoreProcedure.of(migration, procedures).transfer(migration)) {
            if (migration.is(ConditionTypes.HAND_OVER)) {
                HoldLease.require(migration);
            }
            migration.requireWithin(
                    migration.since(MigrationPhase.CHECKPOINT_COMPLETED),
                    Duration.ofSeconds(migration.spec().getTimeouts().getTransferSeconds()),
                    "transferSeconds",
                    "the checkpoint did not reach node '%s'".formatted(migration.targetNode()));
            return migration.waiting();
        }
        MigrationTimings timings = migration.status().getTimings();
        Duration stored =
                Duration.ofMillis(timings == null || timings.transferMillis() == null ? 0 : timings.transferMillis());
        migration.record(
                Step.RECORD_RESTORING,
                status -> status.phase(
                                MigrationPhase.RESTORE_IN_PROGRESS,
                                Reasons.CHECKPOINTED,
                                "the copy '%s' is restored"
                                        .formatted(migration.target().name()))
                        .timings(new MigrationStatus.Timings()
                                .transfer(stored.plus(Duration.between(
                                        migration.since(MigrationPhase.CHECKPOINT_COMPLETED), migration.now())))));
        return new Next.Again();
    }
}
