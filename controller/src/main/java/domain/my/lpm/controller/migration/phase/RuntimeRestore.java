package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.agent.protocol.ContainerRelease;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Done;
import domain.my.lpm.controller.agent.AgentCalls.Refused;
import domain.my.lpm.controller.agent.AgentFailure;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.TargetPods;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The container runtime restores the copy, from images: its start is its first instruction. So the copy is created after the
 * commit, and from what is recorded then: the contents of the checkpoint.
 */
final class RuntimeRestore implements RestoreProcedure {
    @Override
    public RestoreMode mode() {
        return RestoreMode.CRI_O;
    }

    @Override
    public boolean standBy(Migration migration) {
        requireName(migration);
        return true;
    }

    /** After the commit it would be too late. */
    private static void requireName(Migration migration) {
        if (migration
                .cluster()
                .readPod(migration.namespace(), migration.target().name())
                .isPresent()) {
            throw Pods.nameTaken(migration);
        }
    }

    @Override
    public void begin(Migration migration) {
        // The copy would run at once.
    }

    @Override
    public boolean transfer(Migration migration) {
        return images(migration, false).isPresent();
    }

    @Override
    public Restored restore(Migration migration) {
        Optional<PodCheckpoint> checkpoint =
                migration.cluster().seePodCheckpoint(migration.namespace(), migration.checkpointName());
        CheckpointPhase phase = checkpoint
                .map(found ->
                        found.getStatus() == null ? null : found.getStatus().getPhase())
                .orElse(null);
        if (phase == CheckpointPhase.FAILED) {
            throw new MigrationFailure(
                    Reasons.CHECKPOINT_FAILED,
                    "PodCheckpoint '%s' has failed: %s"
                            .formatted(
                                    migration.checkpointName(),
                                    checkpoint
                                            .map(found -> found.getStatus().getMessage())
                                            .orElse("")));
        }
        if (phase == CheckpointPhase.SUCCEEDED) {
            requireName(migration);
            return new Restored.Complete();
        }
        // So that it is known again after a crash.
        StoredCheckpoint.take(migration);
        migration.cluster().wakeCheckpoint(migration.resource());
        return new Restored.NotYet();
    }

    @Override
    public boolean run(Migration migration) {
        if (migration.target().uid() == null) {
            Optional<Boolean> end = create(migration);
            if (end.isPresent()) {
                return end.get();
            }
        }
        Optional<Pod> copy = Pods.seeTarget(migration);
        if (copy.isPresent() && copy.get().isMarkedForDeletion() && isRefused(migration)) {
            if (Pods.anyRan(copy.get())) {
                migration.record(
                        Step.RECORD_RUNNING,
                        status -> status.because(
                                Reasons.TARGET_LOST,
                                "the copy '%s' began to run just as it was being removed"
                                        .formatted(migration.target().name())));
            }
            return false;
        }
        if (copy.isPresent() && !Pods.isOver(copy.get())) {
            if (Pods.allRun(copy.get())) {
                Runs.recordRunning(migration, false, migration.now());
                return true;
            }
            Pods.refused(copy.get()).ifPresent(why -> refused(migration, copy.get(), why));
            return false;
        }
        if (copy.isEmpty() && isRefused(migration)) {
            Runs.recordLost(
                    migration,
                    Reasons.RESTORE_FAILED,
                    "%s; the copy is removed".formatted(migration.status().getMessage()));
            return true;
        }
        return Runs.isLost(
                migration, new AgentFailure(AgentFailure.Kind.NOT_FOUND, "see the events of that pod and of its node"));
    }

    /** Creates the copy and records it; what {@link #run} says where that is not to be had. */
    private static Optional<Boolean> create(Migration migration) {
        Optional<Pod> before = migration
                .cluster()
                .readPod(migration.namespace(), migration.target().name())
                .filter(pod -> TargetPods.isCopy(pod, migration.checkpoint()));
        if (before.isPresent()) {
            SelfRestore.recordCreated(migration, before.get());
            return Optional.empty();
        }
        Optional<Map<String, String>> images = images(migration, true);
        if (images.isEmpty()) {
            return Optional.of(false);
        }
        Optional<Pod> source = migration
                .cluster()
                .readPod(migration.namespace(), migration.spec().getPodName())
                .filter(pod ->
                        pod.getMetadata().getUid().equals(migration.source().uid()));
        if (source.isEmpty()) {
            Runs.recordLost(
                    migration,
                    Reasons.SOURCE_LOST,
                    "pod '%s' was deleted by somebody else before the copy was created from it"
                            .formatted(migration.spec().getPodName()));
            return Optional.of(true);
        }
        Pod wanted = TargetPods.withImages(
                TargetPods.copy(
                        source.get(),
                        migration.target().name(),
                        Optional.of(migration.targetNode()),
                        RestoreMode.CRI_O,
                        migration.checkpoint()),
                images.get());
        try {
            SelfRestore.recordCreated(
                    migration,
                    migration.act(
                            Step.CREATE_TARGET_POD, () -> migration.cluster().createPod(wanted)));
            return Optional.empty();
        } catch (MigrationFailure refused) {
            return Optional.of(!Runs.retries(migration, refused.reason(), refused.sentence()));
        }
    }

    private static boolean isRefused(Migration migration) {
        return Reasons.RESTORE_FAILED.equals(migration.status().getReason());
    }

    /** The node tries again and again, as what is in its way may be put out of it; but it is said, and comes to an end. */
    private static void refused(Migration migration, Pod copy, String why) {
        if (!isRefused(migration)) {
            migration.record(
                    Step.RECORD_RUNNING,
                    status -> status.because(
                            Reasons.RESTORE_FAILED,
                            "the hand-over is decided, but the runtime of node '%s' does not restore the copy '%s': %s; %s"
                                    .formatted(
                                            migration.targetNode(),
                                            migration.target().name(),
                                            why,
                                            Pods.anyRan(copy)
                                                    ? "some of its containers have run"
                                                    : "no container of it has run an instruction")));
            migration.event(true);
        }
        Instant until = Instant.parse(String.valueOf(migration.status().getCommitTime()))
                .plusSeconds(migration.spec().getTimeouts().getRestoreSeconds());
        if (migration.now().isBefore(until)) {
            migration.atMost(Duration.between(migration.now(), until));
            return;
        }
        // What is said to be lost must not begin to run after that.
        migration.act(Step.DELETE_TARGET_POD, () -> {
            migration.cluster().deletePod(copy, Optional.empty());
            return true;
        });
    }

    /** The images of all containers, once they are made. */
    private static Optional<Map<String, String>> images(Migration migration, boolean untilDone) {
        Optional<List<ContainerRelease>> releases = StoredCheckpoint.releases(migration);
        if (releases.isEmpty()) {
            return Optional.empty();
        }
        Map<String, String> images = new LinkedHashMap<>();
        for (ContainerRelease release : releases.get()) {
            Answer<String> answer = migration.ask(
                    Step.CONVERT,
                    release.getContainer(),
                    migration.targetNode(),
                    untilDone,
                    agent -> agent.convertCheckpointToImage(release.getUri(), release.getDigest()));
            if (answer instanceof Refused<?> refused) {
                throw new MigrationFailure(
                        switch (refused.failure().kind()) {
                            case STORAGE_FULL -> Reasons.STORAGE_FULL;
                            case INVALID, NOT_FOUND, PRECONDITION, REPLACED, REFUSED -> Reasons.RESTORE_FAILED;
                            case TIMED_OUT -> Reasons.DEADLINE_EXCEEDED;
                            case UNREACHABLE -> Reasons.AGENT_UNREACHABLE;
                        },
                        "the checkpoint of container '%s' did not become an image: %s"
                                .formatted(
                                        release.getContainer(),
                                        refused.failure().sentence()));
            }
            if (answer instanceof Done<String> done) {
                images.put(release.getContainer(), done.value());
            }
        }
        return images.size() == releases.get().size() ? Optional.of(images) : Optional.empty();
    }
}
