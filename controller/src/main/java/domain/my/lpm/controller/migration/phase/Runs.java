package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationTimings;
import domain.my.lpm.controller.agent.AgentFailure;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.MigrationStatus;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is recorded of the copy after the commit. */
final class Runs {
    /** An agent that has just been started again may take a while until it knows its launchers. */
    private static final Duration REFUSED = Duration.ofMinutes(1);

    private Runs() {}

    /** The copy runs since {@code at}. */
    static void recordRunning(Migration migration, boolean fresh, Instant at) {
        MigrationTimings timings = migration.status().getTimings();
        Duration restore = Duration.between(migration.since(MigrationPhase.RESTORE_IN_PROGRESS), at);
        Duration downtime = restore.plusMillis(
                timings == null ? 0 : zero(timings.checkpointMillis()) + zero(timings.transferMillis()));
        migration.record(Step.RECORD_RUNNING, status -> {
            status.downtime(downtime).timings(new MigrationStatus.Timings().restore(restore));
            if (fresh) {
                return status.because(Reasons.STARTED_FRESH, "the copy began anew; the source is ended");
            }
            return status.because(Reasons.RESTORED, "the copy runs; the source is ended")
                    .condition(
                            ConditionTypes.RESTORED,
                            true,
                            Reasons.RESTORED,
                            "the copy '%s' goes on where the source stood"
                                    .formatted(migration.target().name()));
        });
        migration.observer().downtime(downtime);
    }

    /** After the commit the copy was lost before it was known to run. */
    static void recordLost(Migration migration, String reason, String why) {
        String message =
                "%s; the hand-over had been decided, so that the source does not go on either. What memory held is in the checkpoint %s;"
                                .formatted(why, migration.checkpoint())
                        + " create the pod anew";
        migration.record(
                Step.RECORD_RUNNING,
                status -> status.because(reason, message).condition(ConditionTypes.RESTORED, false, reason, message));
        migration.event(true);
    }

    /** Whether the copy is lost, if the agent cannot make it run; if so it is recorded. */
    static boolean isLost(Migration migration, AgentFailure failure) {
        Optional<Pod> copy = Pods.seeTarget(migration)
                .filter(pod ->
                        pod.getMetadata().getUid().equals(migration.target().uid()));
        String phase = copy.map(
                        pod -> pod.getStatus() == null ? null : pod.getStatus().getPhase())
                .orElse(null);
        if (copy.isPresent() && !Pods.isOver(copy.get())) {
            if (!isRefused(failure)
                    || migration.now().isBefore(committed(migration).plus(REFUSED))) {
                return !retries(migration, Reasons.AGENT_UNREACHABLE, failure.sentence());
            }
            // It is not restored once more: nobody knows whether it ran, and what it did then would be done twice.
            recordLost(
                    migration,
                    Reasons.TARGET_LOST,
                    "the copy '%s' is there, but its agent finds nothing in it that could run (%s); delete it"
                            .formatted(migration.target().name(), failure.sentence()));
            return true;
        }
        if ("Succeeded".equals(phase)) {
            recordRunning(migration, migration.isNot(ConditionTypes.RESTORED, Reasons.STARTED_FRESH), migration.now());
        } else {
            recordLost(
                    migration,
                    Reasons.TARGET_LOST,
                    "the copy '%s' %s before its agent could say that it runs (%s)"
                            .formatted(
                                    migration.target().name(),
                                    copy.isEmpty() ? "is gone" : "has failed",
                                    failure.sentence()));
        }
        return true;
    }

    /** The copy cannot be made to run yet; says so once for each reason. Always true. */
    static boolean retries(Migration migration, String reason, String why) {
        if (!reason.equals(migration.status().getReason())) {
            migration.record(
                    Step.RECORD_RUNNING,
                    status -> status.because(
                            reason,
                            "the hand-over is decided, but the copy cannot be made to run yet: %s; it is tried again"
                                    .formatted(why)));
            migration.event(true);
        }
        return true;
    }

    private static boolean isRefused(AgentFailure failure) {
        return switch (failure.kind()) {
            case NOT_FOUND, PRECONDITION, REPLACED -> true;
            case INVALID, STORAGE_FULL, REFUSED, TIMED_OUT, UNREACHABLE -> false;
        };
    }

    private static Instant committed(Migration migration) {
        return Instant.parse(String.valueOf(migration.status().getCommitTime()));
    }

    /** Whether it is known what became of the copy after the commit. */
    static boolean isKnown(Migration migration) {
        return migration.status().getDowntimeMillis() != null
                || migration.isNot(ConditionTypes.RESTORED, Reasons.TARGET_LOST)
                || migration.isNot(ConditionTypes.RESTORED, Reasons.RESTORE_FAILED)
                || migration.isNot(ConditionTypes.RESTORED, Reasons.SOURCE_LOST);
    }

    private static long zero(@Nullable Long millis) {
        return millis == null ? 0 : millis;
    }
}
