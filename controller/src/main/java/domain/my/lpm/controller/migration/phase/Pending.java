package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.ObjectNames;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationStrategy;
import domain.my.lpm.api.migration.SourcePod;
import domain.my.lpm.api.migration.TargetPod;
import domain.my.lpm.api.validation.Blocker;
import domain.my.lpm.api.validation.MigrationBlockers;
import domain.my.lpm.controller.agent.AgentFailure;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.MigrationStatus;
import domain.my.lpm.controller.migration.Next;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Waits for its turn, looks for what stands in the way, and brings the copy to stand by while the application runs. */
final class Pending implements PhaseHandler {
    /** How often it is looked whether what may pass has passed; nobody tells of all of it. */
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final Map<RestoreMode, RestoreProcedure> procedures;

    Pending(Map<RestoreMode, RestoreProcedure> procedures) {
        this.procedures = procedures;
    }

    @Override
    public Set<MigrationPhase> phases() {
        return Set.of(MigrationPhase.PENDING);
    }

    @Override
    public Next handle(Migration migration) {
        if (!migration.isAccepted()) {
            return migration.queue().admit(migration.resource()) ? begin(migration) : queue(migration);
        }
        Pods.requireSource(migration);
        if (!RestoreProcedure.of(migration, procedures).standBy(migration)) {
            migration.requireWithin(
                    migration.acceptedAt(),
                    Duration.ofSeconds(migration.spec().getTimeouts().getPendingSeconds()),
                    "pendingSeconds",
                    "the copy '%s' did not stand by"
                            .formatted(migration.target().name()));
            migration.lastFailure().ifPresent(failure -> recordDelay(migration, failure));
            return migration.waiting();
        }
        String message = "the copy '%s' stands by on node '%s'; the checkpoint is taken"
                .formatted(migration.target().name(), migration.target().node());
        migration.record(
                Step.RECORD_CHECKPOINTING,
                status -> status.phase(MigrationPhase.CHECKPOINT_IN_PROGRESS, Reasons.STANDBY_READY, message)
                        .condition(ConditionTypes.STANDBY_READY, true, Reasons.STANDBY_READY, message)
                        .timings(new MigrationStatus.Timings()
                                .standby(Duration.between(migration.acceptedAt(), migration.now()))));
        return new Next.Again();
    }

    private static void recordDelay(Migration migration, AgentFailure failure) {
        migration.record(
                Step.RECORD_QUEUED,
                status -> status.because(
                        Reasons.AGENT_UNREACHABLE,
                        "the copy does not stand by yet, because %s; it is tried again".formatted(failure.sentence())));
    }

    private static Next queue(Migration migration) {
        migration.record(
                Step.RECORD_QUEUED,
                status -> status.phase(
                        MigrationPhase.PENDING,
                        Reasons.QUEUED,
                        "waits for earlier migrations to end, since as many are under way as the controller's settings allow"));
        return migration.waiting();
    }

    private static Next begin(Migration migration) {
        Optional<Pod> pod = migration
                .cluster()
                .readPod(migration.namespace(), migration.spec().getPodName());
        List<Blocker> blockers = Obstacles.of(migration, pod, migration.spec().getTargetNode());
        if (pod.isPresent() && blockers.isEmpty()) {
            accept(migration, pod.get(), MigrationBlockers.restoreMode(migration.resource(), pod.get()));
            return new Next.Again();
        }
        String message = blockers.stream().map(Blocker::message).collect(Collectors.joining("\n"));
        String reason = blockers.get(0).reason();
        Duration left = Duration.between(migration.now(), hinderedSince(migration))
                .plusSeconds(migration.spec().getTimeouts().getPendingSeconds());
        if (blockers.stream().allMatch(Blocker::mayPass) && left.compareTo(Duration.ZERO) > 0) {
            migration.record(
                    Step.RECORD_QUEUED,
                    status -> status.phase(MigrationPhase.PENDING, reason, "waits, since " + message)
                            .condition(ConditionTypes.ACCEPTED, false, reason, message));
            migration.atMost(LOOK);
            migration.atMost(left);
            return migration.waiting();
        }
        migration.record(
                Step.RECORD_FAILED,
                status -> status.phase(MigrationPhase.FAILED, reason, message)
                        .condition(ConditionTypes.ACCEPTED, false, reason, message)
                        .timings(new MigrationStatus.Timings()
                                .total(Duration.between(migration.createdAt(), migration.now()))));
        return new Next.Again();
    }

    /** Since when something has stood in the way. */
    private static Instant hinderedSince(Migration migration) {
        return Conditions.find(migration.status().getConditions(), ConditionTypes.ACCEPTED)
                .map(condition -> Instant.parse(condition.getLastTransitionTime()))
                .orElseGet(migration::now);
    }

    private static void accept(Migration migration, Pod pod, RestoreMode mode) {
        MigrationStrategy strategy = migration.spec().getStrategy();
        migration.record(Step.RECORD_ACCEPTED, status -> {
            MigrationStatus accepted = strategy.isAvailable()
                    ? status
                    : status.condition(
                            ConditionTypes.STRATEGY_FOLLOWED, false, Reasons.STOPPED_AND_COPIED, strategy.instead());
            return accepted.phase(MigrationPhase.PENDING, Reasons.ACCEPTED, "the copy is brought to stand by")
                    .condition(
                            ConditionTypes.ACCEPTED,
                            true,
                            Reasons.ACCEPTED,
                            "nothing stands in the way of pod '%s'"
                                    .formatted(migration.spec().getPodName()))
                    .accepted(
                            new SourcePod(
                                    pod.getMetadata().getUid(), pod.getSpec().getNodeName()),
                            new TargetPod(
                                    ObjectNames.targetPod(migration.spec().getPodName()),
                                    null,
                                    migration.spec().getTargetNode()),
                            mode,
                            ObjectNames.podCheckpoint(migration.name()))
                    .timings(new MigrationStatus.Timings()
                            .queue(Duration.between(migration.createdAt(), migration.now())));
        });
    }
}
