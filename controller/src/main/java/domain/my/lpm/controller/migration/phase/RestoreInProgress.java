package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.checkpoint.OwnedCheckpoints;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.MigrationStatus;
import domain.my.lpm.controller.migration.Next;
import domain.my.lpm.controller.migration.phase.RestoreProcedure.Restored;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/**
 * The copy is completed, the commit recorded, the copy let run, the source ended: in this order. Before the commit any failure
 * rolls back; after it none does, and everything is repeated until it is done.
 */
final class RestoreInProgress implements PhaseHandler {
    /** No longer than this does the checkpoint wait for the restore to be done before it is brought to stable storage. */
    private static final Duration QUICK = Duration.ofSeconds(2);

    private final Map<RestoreMode, RestoreProcedure> procedures;

    RestoreInProgress(Map<RestoreMode, RestoreProcedure> procedures) {
        this.procedures = procedures;
    }

    @Override
    public Set<MigrationPhase> phases() {
        return Set.of(MigrationPhase.RESTORE_IN_PROGRESS);
    }

    @Override
    public Next handle(Migration migration) {
        RestoreProcedure procedure = RestoreProcedure.of(migration, procedures);
        if (!migration.isCommitted()) {
            Restored restored = restore(migration, procedure);
            if (restored instanceof Restored.NotYet) {
                return migration.waiting();
            }
            commit(migration, restored);
        }
        if (!Runs.isKnown(migration) && !procedure.run(migration)) {
            return migration.waiting();
        }
        if (!SourceEnd.end(migration)) {
            return migration.waiting();
        }
        succeed(migration);
        return new Next.Again();
    }

    private static Restored restore(Migration migration, RestoreProcedure procedure) {
        requireSameRuns(migration, Pods.requireSource(migration));
        if (migration.target().uid() != null) {
            Pods.requireTarget(migration);
        }
        Restored restored = procedure.restore(migration);
        if (restored instanceof Restored.NotYet) {
            if (migration.is(ConditionTypes.HAND_OVER)) {
                HoldLease.require(migration);
            }
            migration.requireWithin(
                    migration.since(MigrationPhase.RESTORE_IN_PROGRESS),
                    Duration.ofSeconds(migration.spec().getTimeouts().getRestoreSeconds()),
                    "restoreSeconds",
                    "the copy '%s' was not restored"
                            .formatted(migration.target().name()));
            describeMeanwhile(migration);
        }
        return restored;
    }

    /** The description waits for the storage, which a restore that is quick has for itself. */
    private static void describeMeanwhile(Migration migration) {
        if (StoredCheckpoint.isDescribed(migration)) {
            return;
        }
        Duration left = Duration.between(
                migration.now(),
                migration.since(MigrationPhase.RESTORE_IN_PROGRESS).plus(QUICK));
        if (left.isNegative() || left.isZero()) {
            migration.cluster().wakeCheckpoint(migration.resource());
        } else {
            migration.atMost(left);
        }
    }

    private static void requireSameRuns(Migration migration, Pod source) {
        migration
                .cluster()
                .seePodCheckpoint(migration.namespace(), migration.checkpointName())
                .flatMap(OwnedCheckpoints::runs)
                .filter(runs -> !runs.equals(Pods.runs(source)))
                .ifPresent(runs -> {
                    throw new MigrationFailure(
                            Reasons.CONTAINER_RESTARTED,
                            "a container of pod '%s' has been restarted since the checkpoint, so that the checkpoint is not what runs there;"
                                            .formatted(migration.spec().getPodName())
                                    + " see its liveness probes, and create another PodMigration");
                });
    }

    private static void commit(Migration migration, Restored restored) {
        migration.record(Step.RECORD_COMMIT, status -> {
            status.commit()
                    .because(Reasons.COMMITTED, "the hand-over is decided; the copy is let run")
                    .condition(
                            ConditionTypes.COMMITTED,
                            true,
                            Reasons.COMMITTED,
                            "the copy '%s' is the pod from now on"
                                    .formatted(migration.target().name()));
            if (restored instanceof Restored.Fresh fresh) {
                status.condition(
                        ConditionTypes.RESTORED,
                        false,
                        Reasons.STARTED_FRESH,
                        "the copy begins anew, as spec.onRestoreFailure has it, and what memory held is lost: "
                                + fresh.why());
            }
            return status;
        });
    }

    private static void succeed(Migration migration) {
        boolean well = migration.is(ConditionTypes.RESTORED);
        String reason =
                well ? Reasons.RESTORED : String.valueOf(migration.status().getReason());
        String message = well
                ? "pod '%s' runs on as '%s' on node '%s'"
                        .formatted(
                                migration.spec().getPodName(),
                                migration.target().name(),
                                migration.targetNode())
                : migration.isNot(ConditionTypes.RESTORED, Reasons.STARTED_FRESH)
                        ? "pod '%s' began anew as '%s' on node '%s'; what memory held is lost"
                                .formatted(
                                        migration.spec().getPodName(),
                                        migration.target().name(),
                                        migration.targetNode())
                        : String.valueOf(migration.status().getMessage());
        Instant now = migration.now();
        Instant committed = Instant.parse(String.valueOf(migration.status().getCommitTime()));
        migration.record(
                Step.RECORD_SUCCEEDED,
                status -> status.phase(MigrationPhase.SUCCEEDED, reason, message)
                        .condition(
                                ConditionTypes.SOURCE_FENCED,
                                true,
                                Reasons.SOURCE_FENCED,
                                "no process of the source is left")
                        .timings(new MigrationStatus.Timings()
                                .commit(Duration.between(committed, now))
                                .total(Duration.between(migration.createdAt(), now))));
    }
}
