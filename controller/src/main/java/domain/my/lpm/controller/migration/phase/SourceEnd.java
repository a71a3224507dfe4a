package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Done;
import domain.my.lpm.controller.agent.AgentCalls.Pending;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** The end of the source, after the commit: repeated until no process of it is left, however long that takes. */
final class SourceEnd {
    /** A second is enough for what stands still; hooks of the pod must not run in it for long. */
    private static final Optional<Long> GRACE = Optional.of(1L);

    /** How long the data may wait for its description, of which the source's agent may be asked again. */
    private static final Duration DESCRIPTION = Duration.ofSeconds(30);

    private SourceEnd() {}

    /** Does what can be done now; whether nothing of the source is left. */
    static boolean end(Migration migration) {
        if (!isDescribed(migration)) {
            return false;
        }
        boolean held = migration.is(ConditionTypes.HAND_OVER);
        Optional<Pod> source = Pods.seeSource(migration);
        source.filter(pod -> !pod.isMarkedForDeletion())
                .ifPresent(pod -> migration.act(Step.DELETE_SOURCE_POD, () -> {
                    migration.cluster().deletePod(pod, held ? GRACE : Optional.empty());
                    return true;
                }));
        if (!held) {
            return source.isEmpty() || isGone(migration);
        }
        Answer<Integer> answer = migration.ask(
                Step.FENCE, "", migration.source().node(), true, agent -> agent.fence(migration.sourceReference()));
        return answer instanceof Done<Integer>
                || (answer instanceof Pending<Integer> pending
                        && pending.failure()
                                .filter(failure -> switch (failure.kind()) {
                                    // Not held any more: its agent has fenced it by itself, or it is gone.
                                    case NOT_FOUND, PRECONDITION, REPLACED -> isGone(migration);
                                    case UNREACHABLE, TIMED_OUT -> isGone(migration) && isNodeGone(migration);
                                    case INVALID, STORAGE_FULL, REFUSED -> false;
                                })
                                .isPresent());
    }

    /** Whether what lies on storage is described: the source can tell until it is gone. */
    private static boolean isDescribed(Migration migration) {
        boolean described = StoredCheckpoint.isDescribed(migration);
        Instant until = Instant.parse(String.valueOf(migration.status().getCommitTime()))
                .plus(DESCRIPTION);
        if (described || !migration.now().isBefore(until)) {
            return true;
        }
        if (migration.asked(Step.CHECKPOINT).isEmpty()) {
            StoredCheckpoint.take(migration);
        }
        migration.cluster().wakeCheckpoint(migration.resource());
        migration.atMost(Duration.between(migration.now(), until));
        return false;
    }

    private static boolean isGone(Migration migration) {
        return migration
                .cluster()
                .readPod(migration.namespace(), migration.spec().getPodName())
                .filter(pod ->
                        pod.getMetadata().getUid().equals(migration.source().uid()))
                .isEmpty();
    }

    private static boolean isNodeGone(Migration migration) {
        return migration.cluster().readNode(migration.source().node()).isEmpty();
    }
}
