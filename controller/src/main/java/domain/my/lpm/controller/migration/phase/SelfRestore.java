package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.agent.protocol.ContainerOutcome;
import domain.my.lpm.agent.protocol.ContainerRelease;
import domain.my.lpm.agent.protocol.OnFailure;
import domain.my.lpm.agent.protocol.PrepareRequest;
import domain.my.lpm.agent.protocol.PrepareResponse;
import domain.my.lpm.agent.protocol.RestoreRequest;
import domain.my.lpm.agent.protocol.RunRequest;
import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.RestoreFailurePolicy;
import domain.my.lpm.api.migration.TargetPod;
import domain.my.lpm.api.validation.Blocker;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Done;
import domain.my.lpm.controller.agent.AgentCalls.Pending;
import domain.my.lpm.controller.agent.AgentCalls.Refused;
import domain.my.lpm.controller.agent.AgentFailure;
import domain.my.lpm.controller.checkpoint.Requests;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.TargetPods;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The copy restores itself: it stands by before the checkpoint, and is complete before the commit. */
final class SelfRestore implements RestoreProcedure {
    /** For the answer to Run alone: it is asked for again. */
    private static final Duration RUN_DEADLINE = Duration.ofSeconds(30);

    @Override
    public RestoreMode mode() {
        return RestoreMode.SELF_RESTORE;
    }

    @Override
    public boolean standBy(Migration migration) {
        if (migration.target().uid() == null) {
            create(migration);
        }
        Pod copy = Pods.requireTarget(migration);
        String node = copy.getSpec().getNodeName();
        if (node == null) {
            return false;
        }
        if (!node.equals(migration.target().node())) {
            requireFit(migration, node);
            migration.record(
                    Step.RECORD_TARGET_POD,
                    status -> status.target(new TargetPod(
                            migration.target().name(), migration.target().uid(), node)));
        }
        Pods.ended(copy).ifPresent(ended -> {
            throw new MigrationFailure(
                    Reasons.STANDBY_FAILED,
                    "the copy '%s' does not stand by: %s; see that the webhook prepares pods and that its images are there"
                            .formatted(migration.target().name(), ended));
        });
        if (!Pods.allRun(copy)) {
            return false;
        }
        return prepared(migration);
    }

    private static PrepareRequest preparation(Migration migration) {
        // What is seen of a pod lacks its volumes.
        Pod copy = migration
                .cluster()
                .readPod(migration.namespace(), migration.target().name())
                .orElseGet(() -> Pods.requireTarget(migration));
        return PrepareRequest.newBuilder()
                .setTarget(migration.targetReference())
                .setSourceNamespace(migration.namespace())
                .setSourceName(migration.spec().getPodName())
                .addAllContainers(Requests.containers(copy))
                .setTcp(Requests.tcp(migration.spec().getTcp()))
                .setOnFailure(
                        migration.spec().getOnRestoreFailure() == RestoreFailurePolicy.START_FRESH
                                ? OnFailure.START_FRESH
                                : OnFailure.END)
                .addAllVolumes(TargetPods.volumes(copy))
                .build();
    }

    private static void create(Migration migration) {
        Pod source = migration
                .cluster()
                .readPod(migration.namespace(), migration.spec().getPodName())
                .filter(pod ->
                        pod.getMetadata().getUid().equals(migration.source().uid()))
                .orElseGet(() -> Pods.requireSource(migration));
        Pod wanted = TargetPods.copy(
                source,
                migration.target().name(),
                Optional.ofNullable(migration.spec().getTargetNode()),
                RestoreMode.SELF_RESTORE,
                migration.checkpoint());
        Pod created =
                migration.act(Step.CREATE_TARGET_POD, () -> migration.cluster().createPod(wanted));
        recordCreated(migration, created);
    }

    static void recordCreated(Migration migration, Pod created) {
        if (!TargetPods.isCopy(created, migration.checkpoint())) {
            throw Pods.nameTaken(migration);
        }
        if (TargetPods.isUnprepared(created)) {
            throw new MigrationFailure(
                    Reasons.STANDBY_FAILED,
                    TargetPods.unprepared(migration.target().name()));
        }
        migration.record(
                Step.RECORD_TARGET_POD,
                status -> status.target(new TargetPod(
                        migration.target().name(),
                        created.getMetadata().getUid(),
                        migration.target().node())));
    }

    /** The scheduler has chosen: is that node one to which the pod can move? */
    private static void requireFit(Migration migration, String node) {
        Optional<Pod> source = migration
                .cluster()
                .readPod(migration.namespace(), migration.spec().getPodName());
        List<Blocker> blockers = Obstacles.of(migration, source, node);
        if (!blockers.isEmpty()) {
            throw new MigrationFailure(
                    blockers.get(0).reason(),
                    "the scheduler has put the copy on node '%s': ".formatted(node)
                            + blockers.stream().map(Blocker::message).collect(Collectors.joining("\n")));
        }
    }

    private static boolean prepared(Migration migration) {
        Answer<PrepareResponse> answer = migration.ask(
                Step.PREPARE, "", migration.targetNode(), false, agent -> agent.prepare(preparation(migration)));
        if (answer instanceof Refused<?> refused) {
            throw new MigrationFailure(
                    reason(refused.failure(), Reasons.STANDBY_FAILED),
                    "the copy does not stand by: " + refused.failure().sentence());
        }
        return answer instanceof Done<?>;
    }

    @Override
    public boolean transfer(Migration migration) {
        return true;
    }

    @Override
    public void begin(Migration migration) {
        // Whether it failed already is asked where it counts.
        StoredCheckpoint.releases(migration).ifPresent(releases -> restore(migration, releases));
    }

    @Override
    public Restored restore(Migration migration) {
        Optional<List<ContainerRelease>> releases = StoredCheckpoint.releases(migration);
        if (releases.isEmpty()) {
            return new Restored.NotYet();
        }
        Answer<List<ContainerOutcome>> answer = restore(migration, releases.get());
        if (answer instanceof Refused<?> refused) {
            throw new MigrationFailure(
                    reason(refused.failure(), Reasons.RESTORE_FAILED),
                    "the copy could not be restored: " + refused.failure().sentence());
        }
        return answer instanceof Done<List<ContainerOutcome>> done
                ? restored(migration, done.value())
                : new Restored.NotYet();
    }

    private static Answer<List<ContainerOutcome>> restore(Migration migration, List<ContainerRelease> releases) {
        RestoreRequest request = RestoreRequest.newBuilder()
                .setTarget(migration.targetReference())
                .addAllReleases(releases)
                .setDeadlineMillis(Math.max(
                        1000,
                        Duration.between(
                                        migration.now(),
                                        migration
                                                .since(MigrationPhase.RESTORE_IN_PROGRESS)
                                                .plusSeconds(migration
                                                        .spec()
                                                        .getTimeouts()
                                                        .getRestoreSeconds()))
                                .toMillis()))
                .build();
        return migration.ask(Step.RESTORE, "", migration.targetNode(), false, agent -> agent.restore(request));
    }

    private static Restored restored(Migration migration, List<ContainerOutcome> outcomes) {
        boolean mayBeFresh = migration.spec().getOnRestoreFailure() == RestoreFailurePolicy.START_FRESH;
        StringBuilder fresh = new StringBuilder();
        for (ContainerOutcome outcome : outcomes) {
            String words = "container '%s': %s".formatted(outcome.getContainer(), outcome.getMessage());
            switch (outcome.getKind()) {
                case COMPLETE, RUNNING -> {}
                case UNRESTORABLE, FRESH -> {
                    if (!mayBeFresh) {
                        throw notRestored(words);
                    }
                    fresh.append(fresh.isEmpty() ? "" : "\n").append(words);
                }
                case FAILED, KIND_UNSPECIFIED, UNRECOGNIZED -> throw notRestored(words);
            }
        }
        return fresh.isEmpty() ? new Restored.Complete() : new Restored.Fresh(fresh.toString());
    }

    private static MigrationFailure notRestored(String words) {
        return new MigrationFailure(Reasons.RESTORE_FAILED, "the copy could not be restored: " + words);
    }

    @Override
    public boolean run(Migration migration) {
        boolean fresh = migration.isNot(ConditionTypes.RESTORED, Reasons.STARTED_FRESH);
        RunRequest request = RunRequest.newBuilder()
                .setTarget(migration.targetReference())
                .setFresh(fresh)
                .setDeadlineMillis(RUN_DEADLINE.toMillis())
                .build();
        Answer<List<ContainerOutcome>> answer =
                migration.ask(Step.RUN, "", migration.targetNode(), true, agent -> agent.run(request));
        if (answer instanceof Done<List<ContainerOutcome>> done) {
            String dead = done.value().stream()
                    .filter(outcome -> switch (outcome.getKind()) {
                        case RUNNING, FRESH -> false;
                        case COMPLETE, UNRESTORABLE, FAILED, KIND_UNSPECIFIED, UNRECOGNIZED -> true;
                    })
                    .map(outcome -> "container '%s': %s".formatted(outcome.getContainer(), outcome.getMessage()))
                    .collect(Collectors.joining("\n"));
            if (dead.isEmpty()) {
                Runs.recordRunning(migration, fresh, done.answered());
            } else {
                Runs.recordLost(migration, Reasons.RESTORE_FAILED, "of the copy does not run " + dead);
            }
            return true;
        }
        if (answer instanceof Pending<?> pending && pending.failure().isPresent()) {
            return Runs.isLost(migration, pending.failure().get());
        }
        return false;
    }

    private static String reason(AgentFailure failure, String otherwise) {
        return switch (failure.kind()) {
            case NOT_FOUND, REPLACED -> Reasons.TARGET_LOST;
            case STORAGE_FULL -> Reasons.STORAGE_FULL;
            case TIMED_OUT -> Reasons.DEADLINE_EXCEEDED;
            case UNREACHABLE -> Reasons.AGENT_UNREACHABLE;
            case INVALID, PRECONDITION, REFUSED -> otherwise;
        };
    }
}
