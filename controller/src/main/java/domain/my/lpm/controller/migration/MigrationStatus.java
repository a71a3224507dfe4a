package domain.my.lpm.controller.migration;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationTimings;
import domain.my.lpm.api.migration.PhaseTransition;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.SourcePod;
import domain.my.lpm.api.migration.TargetPod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one place in which statuses of PodMigrations are made: from the status there is, by what has changed. A phase is entered
 * by a transition that is allowed, and its time noted; conditions keep the time of their last flip.
 */
public final class MigrationStatus {
    /** The schema allows no more. */
    private static final int MESSAGE_LENGTH = 32768;

    private final PodMigration migration;
    private final PodMigrationStatus status;
    private final Instant now;

    private MigrationStatus(PodMigration migration, Instant now) {
        this.migration = migration;
        this.now = now;
        status = migration.getStatus();
        status.setObservedGeneration(migration.getMetadata().getGeneration());
    }

    /** The status of a copy of {@code migration}, to be changed. */
    public static MigrationStatus of(PodMigration migration, Instant now) {
        PodMigration copy = Serialization.clone(migration);
        if (copy.getStatus() == null) {
            copy.setStatus(new PodMigrationStatus());
        }
        return new MigrationStatus(copy, now);
    }

    /**
     * Enters a phase, or stays in it with another reason.
     *
     * @throws IllegalStateException when the phase cannot follow the present one
     */
    public MigrationStatus phase(MigrationPhase phase, String reason, String message) {
        MigrationPhase before = status.getPhase();
        if (before != null && !before.mayBecome(phase)) {
            throw new IllegalStateException(
                    "PodMigration '%s' is %s and cannot become %s; this is an error of the controller"
                            .formatted(migration.getMetadata().getName(), before.value(), phase.value()));
        }
        if (phase != before) {
            List<PhaseTransition> transitions = new ArrayList<>(status.getPhaseTransitions());
            transitions.add(PhaseTransition.at(phase, now));
            status.setPhaseTransitions(transitions);
        }
        status.setPhase(phase);
        return because(reason, message);
    }

    /** Says why the migration is where it is. */
    public MigrationStatus because(String reason, String message) {
        status.setReason(reason);
        status.setMessage(shortened(message));
        return this;
    }

    /** Sets the condition of one of {@link ConditionTypes}. */
    public MigrationStatus condition(String type, boolean value, String reason, String message) {
        status.setConditions(Conditions.with(
                status.getConditions(),
                type,
                value,
                reason,
                shortened(message),
                migration.getMetadata().getGeneration(),
                now));
        return this;
    }

    /** Which pod is moved and how. */
    public MigrationStatus accepted(SourcePod source, TargetPod target, RestoreMode mode, String checkpointName) {
        status.setSourcePod(source);
        status.setTargetPod(target);
        status.setRestoreMode(mode);
        status.setCheckpointName(checkpointName);
        return this;
    }

    /** The copy. */
    public MigrationStatus target(TargetPod target) {
        status.setTargetPod(target);
        return this;
    }

    /** The hand-over is decided now. */
    public MigrationStatus commit() {
        status.setCommitTime(now.toString());
        return this;
    }

    /** How long the application stood still. */
    public MigrationStatus downtime(Duration downtime) {
        status.setDowntimeMillis(millis(downtime));
        return this;
    }

    /** How long parts took; those given replace what was there. */
    public MigrationStatus timings(Timings change) {
        MigrationTimings before = status.getTimings();
        Timings timings = before == null ? new Timings() : new Timings(before);
        status.setTimings(timings.with(change).build());
        return this;
    }

    /** A copy of the migration, with this status. */
    public PodMigration build() {
        return migration;
    }

    private static String shortened(String message) {
        return message.length() <= MESSAGE_LENGTH ? message : message.substring(0, MESSAGE_LENGTH - 1) + "…";
    }

    private static long millis(Duration duration) {
        return Math.max(0, duration.toMillis());
    }

    /** Changes to timings; what is null stays. */
    public static final class Timings {
        private @Nullable Long queue;
        private @Nullable Long standby;
        private @Nullable Long checkpoint;
        private @Nullable Long transfer;
        private @Nullable Long restore;
        private @Nullable Long commit;
        private @Nullable Long rollback;
        private @Nullable Long total;

        /** No change. */
        public Timings() {}

        private Timings(MigrationTimings of) {
            queue = of.queueMillis();
            standby = of.standbyMillis();
            checkpoint = of.checkpointMillis();
            transfer = of.transferMillis();
            restore = of.restoreMillis();
            commit = of.commitMillis();
            rollback = of.rollbackMillis();
            total = of.totalMillis();
        }

        /** Waiting for earlier migrations. */
        public Timings queue(Duration duration) {
            queue = millis(duration);
            return this;
        }

        /** From leaving the queue until the copy stood by. */
        public Timings standby(Duration duration) {
            standby = millis(duration);
            return this;
        }

        /** Taking the checkpoint. */
        public Timings checkpoint(Duration duration) {
            checkpoint = millis(duration);
            return this;
        }

        /** Storing the checkpoint and handing it to the copy. */
        public Timings transfer(Duration duration) {
            transfer = millis(duration);
            return this;
        }

        /** From the release of the copy until it ran. */
        public Timings restore(Duration duration) {
            restore = millis(duration);
            return this;
        }

        /** From the running copy until the source was gone. */
        public Timings commit(Duration duration) {
            commit = millis(duration);
            return this;
        }

        /** Deleting the copy and resuming the source. */
        public Timings rollback(Duration duration) {
            rollback = millis(duration);
            return this;
        }

        /** From creation to end. */
        public Timings total(Duration duration) {
            total = millis(duration);
            return this;
        }

        private Timings with(Timings change) {
            queue = Optional.ofNullable(change.queue).orElse(queue);
            standby = Optional.ofNullable(change.standby).orElse(standby);
            checkpoint = Optional.ofNullable(change.checkpoint).orElse(checkpoint);
            transfer = Optional.ofNullable(change.transfer).orElse(transfer);
            restore = Optional.ofNullable(change.restore).orElse(restore);
            commit = Optional.ofNullable(change.commit).orElse(commit);
            rollback = Optional.ofNullable(change.rollback).orElse(rollback);
            total = Optional.ofNullable(change.total).orElse(total);
            return this;
        }

        private MigrationTimings build() {
            return new MigrationTimings(queue, standby, checkpoint, transfer, restore, commit, rollback, total);
        }
    }
}
