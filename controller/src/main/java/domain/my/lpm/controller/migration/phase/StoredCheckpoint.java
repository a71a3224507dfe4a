package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerArtifact;
import domain.my.lpm.agent.protocol.ContainerRelease;
import domain.my.lpm.agent.protocol.HoldTerms;
import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContentSpec;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Done;
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

/** The checkpoint of a migration. */
final class StoredCheckpoint {
    private StoredCheckpoint() {}

    /**
     * Has it taken, or finds what was taken.
     *
     * @throws MigrationFailure when the agent refuses
     */
    static Answer<PodArtifact> take(Migration migration) {
        Answer<PodArtifact> answer = migration.ask(
                Step.CHECKPOINT, "", migration.source().node(), false, agent -> agent.checkpoint(request(migration)));
        if (answer instanceof Refused<PodArtifact> refused) {
            throw failure(refused.failure());
        }
        return answer;
    }

    /** Whether what lies on storage is described, or will not be. */
    static boolean isDescribed(Migration migration) {
        return migration
                .cluster()
                .seePodCheckpoint(migration.namespace(), migration.checkpointName())
                .map(checkpoint -> checkpoint.isMarkedForDeletion()
                        || (checkpoint.getStatus() != null
                                && checkpoint.getStatus().getPhase() != null
                                && checkpoint.getStatus().getPhase().isFinal()))
                .orElse(true);
    }

    /** What each container goes on from, once it is known; after a crash the agent, or the contents, are asked again. */
    static Optional<List<ContainerRelease>> releases(Migration migration) {
        if (migration.asked(Step.CHECKPOINT).isEmpty()) {
            Optional<PodCheckpoint> described = migration
                    .cluster()
                    .readPodCheckpoint(migration.namespace(), migration.checkpointName())
                    .filter(checkpoint -> checkpoint.getStatus() != null
                            && checkpoint.getStatus().getPhase() == CheckpointPhase.SUCCEEDED);
            if (described.isPresent()) {
                return Optional.of(migration.cluster().readContents(described.get()).stream()
                        .map(content -> release(content.getSpec()))
                        .toList());
            }
        }
        return take(migration) instanceof Done<PodArtifact> done
                ? Optional.of(done.value().getContainersList().stream()
                        .map(StoredCheckpoint::release)
                        .toList())
                : Optional.empty();
    }

    private static ContainerRelease release(ContainerCheckpointContentSpec content) {
        return ContainerRelease.newBuilder()
                .setContainer(
                        content.getContainerRef() == null
                                ? ""
                                : content.getContainerRef().containerName())
                .setUri(content.getArtifactUri())
                .setDigest(content.getDigest())
                .build();
    }

    private static ContainerRelease release(ContainerArtifact artifact) {
        return ContainerRelease.newBuilder()
                .setContainer(artifact.getContainer())
                .setUri(artifact.getUri())
                .setDigest(artifact.getDigest())
                .build();
    }

    private static CheckpointRequest request(Migration migration) {
        Pod source = migration
                .cluster()
                .readPod(migration.namespace(), migration.spec().getPodName())
                .orElseGet(() -> Pods.requireSource(migration));
        PodCheckpoint checkpoint = migration
                .cluster()
                .readPodCheckpoint(migration.namespace(), migration.checkpointName())
                .orElseThrow(() -> new MigrationFailure(
                        Reasons.CHECKPOINT_FAILED,
                        "PodCheckpoint '%s' is gone; create another PodMigration"
                                .formatted(migration.checkpointName())));
        Duration left = Duration.between(
                migration.now(),
                migration
                        .since(MigrationPhase.CHECKPOINT_IN_PROGRESS)
                        .plusSeconds(migration.spec().getTimeouts().getCheckpointSeconds()));
        CheckpointRequest.Builder request = Requests.checkpoint(
                        migration.sourceReference(),
                        migration.uid(),
                        checkpoint.getSpec(),
                        Requests.containers(source),
                        left)
                .addAllVolumes(TargetPods.volumes(source));
        if (checkpoint.getSpec().getHold()) {
            // Where the copy is complete before the commit, the state is there twice until the checkpoint is on stable
            // storage.
            request.setDurableLater(migration.restoreMode() == RestoreMode.SELF_RESTORE);
            request.setHold(HoldTerms.newBuilder()
                    .setMigration(migration.namespace() + "/" + migration.name())
                    .setMigrationUid(migration.uid())
                    .setLeaseMillis(migration.holdLease().toMillis()));
        }
        return request.build();
    }

    private static MigrationFailure failure(AgentFailure failure) {
        String reason = switch (failure.kind()) {
            case NOT_FOUND -> Reasons.SOURCE_LOST;
            case REPLACED -> Reasons.CONTAINER_RESTARTED;
            case STORAGE_FULL -> Reasons.STORAGE_FULL;
            case INVALID, PRECONDITION, REFUSED -> Reasons.CHECKPOINT_FAILED;
            case TIMED_OUT -> Reasons.DEADLINE_EXCEEDED;
            case UNREACHABLE -> Reasons.AGENT_UNREACHABLE;
        };
        return new MigrationFailure(reason, "no checkpoint was taken: " + failure.sentence());
    }
}
