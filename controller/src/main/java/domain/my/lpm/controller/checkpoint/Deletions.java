package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Done;
import domain.my.lpm.controller.agent.AgentCalls.Pending;
import domain.my.lpm.controller.agent.AgentFailure;
import java.time.Duration;
import java.util.Optional;

/** The removal of data from storage. */
final class Deletions {
    private Deletions() {}

    /** When to look again; empty: the data is gone. */
    static Optional<Duration> wait(Answer<Boolean> answer) {
        if (answer instanceof Done<Boolean>) {
            return Optional.empty();
        }
        if (answer instanceof Pending<Boolean> pending
                && pending.failure()
                        .filter(failure -> failure.kind() == AgentFailure.Kind.NOT_FOUND)
                        .isPresent()) {
            return Optional.empty();
        }
        return Optional.of(CheckpointReconciler.pause(answer, CheckpointReconciler.SAFETY_NET));
    }
}
