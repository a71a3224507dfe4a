package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.agent.protocol.RenewHoldResponse;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Done;
import domain.my.lpm.controller.agent.AgentCalls.Refused;
import domain.my.lpm.controller.agent.AgentFailure;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.step.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** The lease on the hold of a source: renewed after every third of it, for as long as the migration is under way. */
final class HoldLease {
    /** See {@link domain.my.lpm.api.migration.PodMigrationStatus}: the agent gives the same reason when it ends a hold. */
    private HoldLease() {}

    /**
     * Renews it when it is time.
     *
     * @return what the agent said against it
     */
    static Optional<AgentFailure> renew(Migration migration) {
        Duration period = migration.holdLease().dividedBy(3);
        Instant begun = migration
                .asked(Step.RENEW_HOLD)
                .orElseGet(() -> migration
                        .asked(Step.CHECKPOINT)
                        .orElseGet(() -> migration.since(MigrationPhase.CHECKPOINT_IN_PROGRESS)));
        Duration left = Duration.between(migration.now(), begun.plus(period));
        if (left.compareTo(Duration.ZERO) > 0
                && migration.asked(Step.RENEW_HOLD).isEmpty()) {
            migration.atMost(left);
            return Optional.empty();
        }
        Answer<RenewHoldResponse> answer = ask(migration);
        if (answer instanceof Refused<?> refused) {
            migration.forget(Step.RENEW_HOLD);
            migration.atMost(period);
            return Optional.of(refused.failure());
        }
        if (answer instanceof Done<?> done) {
            left = Duration.between(migration.now(), done.asked().plus(period));
            if (left.isNegative() || left.isZero()) {
                migration.forget(Step.RENEW_HOLD);
                ask(migration);
                left = period;
            }
            migration.atMost(left);
        }
        return Optional.empty();
    }

    /**
     * Renews it when it is time, while the source must be held.
     *
     * @throws MigrationFailure when it is not
     */
    static void require(Migration migration) {
        renew(migration).ifPresent(refusal -> {
            throw new MigrationFailure(
                    switch (refusal.kind()) {
                        case REPLACED -> Reasons.CONTAINER_RESTARTED;
                        case NOT_FOUND -> Reasons.SOURCE_LOST;
                        case INVALID, PRECONDITION, STORAGE_FULL, REFUSED, TIMED_OUT, UNREACHABLE ->
                            Reasons.HOLD_LAPSED;
                    },
                    "the source is not held any more: " + refusal.sentence());
        });
    }

    private static Answer<RenewHoldResponse> ask(Migration migration) {
        return migration.ask(
                Step.RENEW_HOLD,
                "",
                migration.source().node(),
                false,
                agent -> agent.renewHold(migration.sourceReference(), migration.holdLease()));
    }
}
