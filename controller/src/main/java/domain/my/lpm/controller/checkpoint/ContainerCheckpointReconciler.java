package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.ContainerCheckpointSpec;
import domain.my.lpm.api.checkpoint.ContainerCheckpointStatus;
import domain.my.lpm.controller.MigrationFailure;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.util.List;

/** ContainerCheckpoints, alone or of a PodCheckpoint, which has written them whole. */
public final class ContainerCheckpointReconciler
        extends CheckpointReconciler<ContainerCheckpoint, ContainerCheckpointSpec, ContainerCheckpointStatus> {
    /** A reconciler of all ContainerCheckpoints. */
    public ContainerCheckpointReconciler(Checkpointing shared) {
        super(shared);
    }

    @Override
    boolean isOwned(ContainerCheckpoint checkpoint) {
        return OwnedCheckpoints.owner(checkpoint, "PodCheckpoint").isPresent();
    }

    @Override
    UpdateControl<ContainerCheckpoint> reconcileOwned(
            ContainerCheckpoint checkpoint, Context<ContainerCheckpoint> context) {
        return UpdateControl.noUpdate();
    }

    @Override
    boolean isInUse(ContainerCheckpoint checkpoint) {
        return false;
    }

    @Override
    List<String> containers(ContainerCheckpoint checkpoint, Pod pod) {
        String container = checkpoint.getSpec().getContainerName();
        if (!Requests.containers(pod).contains(container)) {
            throw new MigrationFailure(
                    Reasons.CHECKPOINT_FAILED,
                    "pod '%s' has no container '%s', but %s; name one of these"
                            .formatted(
                                    checkpoint.getSpec().getPodName(),
                                    container,
                                    String.join(", ", Requests.containers(pod))));
        }
        return List.of(container);
    }

    @Override
    void describe(ContainerCheckpoint checkpoint, PodOfCheckpoint pod, String checkpointId, PodArtifact artifact) {
        new Description(shared, pod, checkpointId).prepare(checkpoint, artifact.getContainers(0));
    }

    @Override
    void followPolicy(ContainerCheckpoint checkpoint) {
        if (checkpoint.getStatus() != null) {
            ContentPolicies.follow(
                    shared,
                    ContainerCheckpointContent.class,
                    checkpoint.getStatus().getBoundContent(),
                    content -> content.getSpec().getDeletionPolicy(),
                    checkpoint.getSpec().getDeletionPolicy());
        }
    }

    @Override
    void deleteDescription(ContainerCheckpoint checkpoint) {
        if (checkpoint.getStatus() != null) {
            followPolicy(checkpoint);
            ContentPolicies.delete(
                    shared,
                    ContainerCheckpointContent.class,
                    checkpoint.getStatus().getBoundContent());
        }
    }

    @Override
    ContainerCheckpoint status(ContainerCheckpoint checkpoint) {
        if (checkpoint.getStatus() == null) {
            checkpoint.setStatus(new ContainerCheckpointStatus());
        }
        return checkpoint;
    }
}
