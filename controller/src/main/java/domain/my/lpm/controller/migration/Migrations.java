package domain.my.lpm.controller.migration;

import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.controller.ConflictException;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.checkpoint.OwnedCheckpoints;
import domain.my.lpm.controller.migration.phase.PhaseHandlers;
import domain.my.lpm.controller.step.Step;

/** Moves migrations on: phase after phase, as far as it goes without waiting. */
public final class Migrations {
    /** The object changes under us at most when its agent records the end of a lease, or somebody edits it. */
    private static final int CONFLICTS = 5;

    private final PhaseHandlers handlers = new PhaseHandlers();

    /** Does what can be done for {@code migration} now. */
    public Next advance(Migration migration) {
        for (int conflicts = 0; ; ) {
            try {
                Next next = look(migration);
                if (!(next instanceof Next.Again)) {
                    return next;
                }
            } catch (ConflictException conflict) {
                if (++conflicts > CONFLICTS) {
                    throw conflict;
                }
                if (!migration.reread()) {
                    return new Next.End();
                }
            }
        }
    }

    /** The migration is being deleted: rolls back what is not committed, and finishes what is. At its end nothing is left. */
    public Next cancel(Migration migration) {
        while (migration.isAccepted()
                && !migration.isCommitted()
                && !migration.phase().isFinal()
                && migration.phase() != MigrationPhase.ROLLING_BACK) {
            try {
                migration.record(
                        Step.RECORD_ROLLING_BACK,
                        status -> status.phase(
                                MigrationPhase.ROLLING_BACK,
                                Reasons.CANCELLED,
                                "the PodMigration was deleted before the hand-over was decided"));
            } catch (ConflictException conflict) {
                if (!migration.reread()) {
                    return new Next.End();
                }
            }
        }
        if (migration.isAccepted() && !migration.phase().isFinal()) {
            Next next = advance(migration);
            if (!migration.phase().isFinal()) {
                return next;
            }
        }
        migration.over();
        if (migration.isAccepted()) {
            migration
                    .cluster()
                    .readPodCheckpoint(migration.namespace(), migration.checkpointName())
                    .filter(checkpoint -> OwnedCheckpoints.isOwned(checkpoint, migration.resource()))
                    .ifPresent(migration.cluster()::deletePodCheckpoint);
        }
        return new Next.End();
    }

    private Next look(Migration migration) {
        try {
            return handlers.of(migration.phase()).handle(migration);
        } catch (MigrationFailure failure) {
            if (migration.isCommitted()) {
                throw new IllegalStateException(
                        "PodMigration '%s' failed after its commit: %s; this is an error of the controller"
                                .formatted(migration.name(), failure.sentence()),
                        failure);
            }
            migration.record(
                    Step.RECORD_ROLLING_BACK,
                    status -> status.phase(MigrationPhase.ROLLING_BACK, failure.reason(), failure.sentence()));
            return new Next.Again();
        }
    }
}
