package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.agent.protocol.WithdrawResponse;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Done;
import domain.my.lpm.controller.agent.AgentCalls.Pending;
import domain.my.lpm.controller.agent.AgentFailure;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.MigrationStatus;
import domain.my.lpm.controller.migration.Next;
import domain.my.lpm.controller.migration.TargetPods;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * The copy is undone, and when it is gone the source goes on. That the migration is RollingBack is recorded first, and forbids
 * the commit: no instruction of the copy will ever run.
 */
final class RollingBack implements PhaseHandler {
    /** What runs in the copy are launchers at most. */
    private static final Optional<Long> GRACE = Optional.of(1L);

    @Override
    public Set<MigrationPhase> phases() {
        return Set.of(MigrationPhase.ROLLING_BACK);
    }

    @Override
    public Next handle(Migration migration) {
        for (Step step : new Step[] {Step.PREPARE, Step.CHECKPOINT, Step.CONVERT, Step.RESTORE}) {
            migration.breakOff(step);
        }
        if (!migration.isAccepted()) {
            return finish(migration, true, Optional.empty());
        }
        Duration left = Duration.between(
                migration.now(),
                migration
                        .since(MigrationPhase.ROLLING_BACK)
                        .plusSeconds(migration.spec().getTimeouts().getRollbackSeconds()));
        boolean late = left.isNegative() || left.isZero();
        migration.atMost(left);
        boolean gone = endCopy(migration);
        if (!gone && !late) {
            if (migration.mayBeHeld()) {
                HoldLease.renew(migration);
            }
            return migration.waiting();
        }
        if (!migration.mayBeHeld()) {
            return finish(migration, gone, Optional.empty());
        }
        Answer<Boolean> resumed = migration.ask(
                Step.RESUME, "", migration.source().node(), true, agent -> agent.resume(migration.sourceReference()));
        if (resumed instanceof Done<Boolean>) {
            return finish(migration, gone, Optional.empty());
        }
        Optional<AgentFailure> failure =
                resumed instanceof Pending<Boolean> pending ? pending.failure() : Optional.empty();
        boolean sourceGone = failure.filter(refusal -> switch (refusal.kind()) {
                    case NOT_FOUND, REPLACED -> true;
                    case INVALID, PRECONDITION, STORAGE_FULL, REFUSED, TIMED_OUT, UNREACHABLE -> false;
                })
                .isPresent();
        if (!sourceGone && !late) {
            return migration.waiting();
        }
        return finish(
                migration,
                gone,
                failure.or(() -> Optional.of(new AgentFailure(
                        AgentFailure.Kind.TIMED_OUT,
                        "the agent of node '%s' has not answered"
                                .formatted(migration.source().node())))));
    }

    /** Whether nothing is left of the copy. */
    private static boolean endCopy(Migration migration) {
        Optional<Pod> copy = migration
                .cluster()
                .seePod(migration.namespace(), migration.target().name())
                .or(() -> migration
                        .cluster()
                        .readPod(migration.namespace(), migration.target().name()))
                .filter(pod -> TargetPods.isCopy(pod, migration.checkpoint()));
        if (copy.isEmpty()) {
            return true;
        }
        if (!copy.get().isMarkedForDeletion() && isWithdrawn(migration)) {
            migration.act(Step.DELETE_TARGET_POD, () -> {
                migration.cluster().deletePod(copy.get(), GRACE);
                return true;
            });
            // Where nothing holds it, it is gone at once.
            return migration
                    .cluster()
                    .readPod(migration.namespace(), migration.target().name())
                    .filter(pod -> TargetPods.isCopy(pod, migration.checkpoint()))
                    .isEmpty();
        }
        return false;
    }

    /** Whether the agent has undone what was restored, or cannot: then the deletion of the pod does. */
    private static boolean isWithdrawn(Migration migration) {
        if (migration.restoreMode() != RestoreMode.SELF_RESTORE
                || migration.target().uid() == null
                || migration.target().node() == null) {
            return true;
        }
        Answer<WithdrawResponse> answer = migration.ask(
                Step.WITHDRAW, "", migration.targetNode(), false, agent -> agent.withdraw(migration.targetReference()));
        return !(answer instanceof Pending<?> pending) || pending.failure().isPresent();
    }

    private static Next finish(Migration migration, boolean gone, Optional<AgentFailure> notResumed) {
        String reason = String.valueOf(migration.status().getReason());
        String why = String.valueOf(migration.status().getMessage());
        boolean sourceGone = notResumed
                .filter(failure ->
                        failure.kind() == AgentFailure.Kind.NOT_FOUND || failure.kind() == AgentFailure.Kind.REPLACED)
                .isPresent();
        MigrationStatus.Timings timings = new MigrationStatus.Timings()
                .rollback(Duration.between(migration.since(MigrationPhase.ROLLING_BACK), migration.now()))
                .total(Duration.between(migration.createdAt(), migration.now()));
        if (gone && (notResumed.isEmpty() || sourceGone)) {
            migration.record(
                    Step.RECORD_ROLLED_BACK,
                    status -> status.phase(
                                    MigrationPhase.ROLLED_BACK,
                                    reason,
                                    why
                                            + (sourceGone
                                                    ? "\nThe copy is gone; of the source nothing was left that could go on: "
                                                            + notResumed
                                                                    .orElseThrow()
                                                                    .sentence()
                                                    : "\nThe copy is gone, the source goes on."))
                            .timings(timings));
        } else {
            String left = gone
                    ? ""
                    : "\nThe copy '%s' could not be deleted, though it will never run: see its node '%s', and delete it."
                            .formatted(
                                    migration.target().name(),
                                    migration.target().node());
            String source = notResumed
                    .map(failure ->
                            "\nThe source stands still until its agent resumes it, at the end of its lease of %d s: %s"
                                    .formatted(migration.holdLease().toSeconds(), failure.sentence()))
                    .orElse("\nThe source goes on.");
            migration.record(
                    Step.RECORD_FAILED,
                    status -> status.phase(MigrationPhase.FAILED, Reasons.ROLLBACK_FAILED, why + left + source)
                            .timings(timings));
        }
        return new Next.Again();
    }
}
