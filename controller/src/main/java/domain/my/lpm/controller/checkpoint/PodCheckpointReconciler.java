package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.agent.protocol.ContainerArtifact;
import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.agent.protocol.PodReference;
import domain.my.lpm.agent.protocol.SyncCheckpointResponse;
import domain.my.lpm.api.ObjectNames;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.CheckpointedContainer;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpointSpec;
import domain.my.lpm.api.checkpoint.PodCheckpointStatus;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Call;
import domain.my.lpm.controller.agent.AgentCalls.Done;
import domain.my.lpm.controller.agent.AgentCalls.Refused;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * PodCheckpoints. That of a PodMigration is taken by the migration, which alone knows whether the pod may be held; here its data is
 * described, or removed if the migration did not come so far.
 */
public final class PodCheckpointReconciler
        extends CheckpointReconciler<PodCheckpoint, PodCheckpointSpec, PodCheckpointStatus> {
    /**
     * A reconciler of all PodCheckpoints.
     *
     * @param wakeMigration sees to it that the migration of a checkpoint that is over is looked at
     */
    public PodCheckpointReconciler(Checkpointing shared, Consumer<ResourceID> wakeMigration) {
        super(shared);
        this.wakeMigration = wakeMigration;
    }

    private final Consumer<ResourceID> wakeMigration;

    @Override
    boolean isOwned(PodCheckpoint checkpoint) {
        return owner(checkpoint).isPresent();
    }

    private static Optional<OwnerReference> owner(PodCheckpoint checkpoint) {
        return OwnedCheckpoints.owner(checkpoint, "PodMigration");
    }

    private Optional<PodMigration> migration(PodCheckpoint checkpoint) {
        return owner(checkpoint)
                .flatMap(owner -> Optional.ofNullable(shared.client()
                                .resources(PodMigration.class)
                                .inNamespace(checkpoint.getMetadata().getNamespace())
                                .withName(owner.getName())
                                .get())
                        .filter(migration ->
                                owner.getUid().equals(migration.getMetadata().getUid())));
    }

    @Override
    UpdateControl<PodCheckpoint> reconcileOwned(PodCheckpoint checkpoint, Context<PodCheckpoint> context) {
        String migrationUid = owner(checkpoint).orElseThrow().getUid();
        PodCheckpoint current = checkpoint;
        if (checkpoint.getStatus() == null || checkpoint.getStatus().getPhase() == null) {
            CheckpointStatuses.running(status(checkpoint), migrationUid, now());
            current = write(checkpoint, context, Step.RECORD_CHECKPOINT_RUNNING);
        }
        Optional<PodArtifact> artifact = shared.agents().answered(migrationUid, Step.CHECKPOINT, PodArtifact.class);
        Optional<PodOfCheckpoint> pod = PodOfCheckpoint.of(current);
        if (pod.isEmpty()) {
            return fail(
                    current,
                    context,
                    Reasons.CHECKPOINT_FAILED,
                    "the annotations that name the pod were removed; create another PodMigration");
        }
        if (artifact.isPresent()) {
            Answer<SyncCheckpointResponse> synced = sync(current, pod.get(), migrationUid);
            if (synced instanceof Refused<SyncCheckpointResponse> refused) {
                UpdateControl<PodCheckpoint> failed = fail(
                        current,
                        context,
                        Reasons.CHECKPOINT_FAILED,
                        refused.failure().sentence());
                wakeMigration.accept(migrationId(current));
                return failed;
            }
            if (!(synced instanceof Done<SyncCheckpointResponse>)) {
                return UpdateControl.<PodCheckpoint>noUpdate().rescheduleAfter(pause(synced, SAFETY_NET));
            }
            try {
                describe(current, pod.get(), migrationUid, artifact.get());
                write(current, context, Step.RECORD_CHECKPOINT_END);
                shared.agents().forget(current.getMetadata().getUid());
                wakeMigration.accept(migrationId(current));
                return UpdateControl.noUpdate();
            } catch (MigrationFailure taken) {
                return fail(current, context, taken.reason(), taken.sentence());
            }
        }
        Optional<PodMigration> migration = migration(current);
        if (migration.filter(found -> !isOver(found)).isPresent()) {
            return UpdateControl.<PodCheckpoint>noUpdate().rescheduleAfter(SAFETY_NET);
        }
        Optional<Duration> wait = deleteData(current);
        return wait.isPresent()
                ? UpdateControl.<PodCheckpoint>noUpdate().rescheduleAfter(wait.get())
                : fail(
                        current,
                        context,
                        migration
                                .map(found -> String.valueOf(found.getStatus().getReason()))
                                .orElse(Reasons.CANCELLED),
                        "its migration ended before the checkpoint was complete");
    }

    private static ResourceID migrationId(PodCheckpoint checkpoint) {
        return new ResourceID(
                owner(checkpoint).orElseThrow().getName(),
                checkpoint.getMetadata().getNamespace());
    }

    /** What is not on stable storage yet is described to nobody: the source is kept until it is. */
    private Answer<SyncCheckpointResponse> sync(PodCheckpoint checkpoint, PodOfCheckpoint pod, String checkpointId) {
        PodReference source = PodReference.newBuilder()
                .setNamespace(checkpoint.getMetadata().getNamespace())
                .setName(checkpoint.getSpec().getPodName())
                .setUid(pod.uid())
                .build();
        return ask(
                checkpoint,
                Step.SYNC_CHECKPOINT,
                new Call<>(
                        checkpoint.getMetadata().getUid(),
                        Step.SYNC_CHECKPOINT,
                        "",
                        pod.node(),
                        false,
                        agent -> agent.syncCheckpoint(source, checkpointId)));
    }

    private static boolean isOver(PodMigration migration) {
        MigrationPhase phase =
                migration.getStatus() == null ? null : migration.getStatus().getPhase();
        return phase != null && phase.isFinal();
    }

    @Override
    boolean isInUse(PodCheckpoint checkpoint) {
        return migration(checkpoint).filter(migration -> !isOver(migration)).isPresent();
    }

    @Override
    List<String> containers(PodCheckpoint checkpoint, Pod pod) {
        return Requests.containers(pod);
    }

    @Override
    void describe(PodCheckpoint checkpoint, PodOfCheckpoint pod, String checkpointId, PodArtifact artifact) {
        List<CheckpointedContainer> containers =
                new Description(shared, pod, checkpointId).ofPod(checkpoint, artifact.getContainersList());
        checkpoint.getStatus().setContainers(containers);
        CheckpointStatuses.succeeded(
                checkpoint,
                checkpointId,
                ObjectNames.podCheckpointContent(checkpoint.getMetadata().getUid()),
                "%d bytes of %d containers are stored"
                        .formatted(
                                artifact.getContainersList().stream()
                                        .mapToLong(ContainerArtifact::getSizeBytes)
                                        .sum(),
                                artifact.getContainersCount()),
                now());
    }

    @Override
    void followPolicy(PodCheckpoint checkpoint) {
        for (CheckpointedContainer container : checkpoint.getStatus().getContainers()) {
            var children = shared.client()
                    .resources(ContainerCheckpoint.class)
                    .inNamespace(checkpoint.getMetadata().getNamespace())
                    .withName(container.checkpointName());
            ContainerCheckpoint child = children.get();
            if (child != null
                    && OwnedCheckpoints.isOwned(child, checkpoint)
                    && child.getSpec().getDeletionPolicy()
                            != checkpoint.getSpec().getDeletionPolicy()) {
                shared.act(
                        Step.RELEASE_CONTENT,
                        () -> ContentPolicies.patch(
                                children, checkpoint.getSpec().getDeletionPolicy()));
            }
        }
        ContentPolicies.follow(
                shared,
                PodCheckpointContent.class,
                checkpoint.getStatus().getBoundContent(),
                content -> content.getSpec().getDeletionPolicy(),
                checkpoint.getSpec().getDeletionPolicy());
    }

    @Override
    void deleteDescription(PodCheckpoint checkpoint) {
        if (checkpoint.getStatus() == null) {
            return;
        }
        followPolicy(checkpoint);
        for (CheckpointedContainer container : checkpoint.getStatus().getContainers()) {
            var children = shared.client()
                    .resources(ContainerCheckpoint.class)
                    .inNamespace(checkpoint.getMetadata().getNamespace())
                    .withName(container.checkpointName());
            ContainerCheckpoint child = children.get();
            if (child != null && OwnedCheckpoints.isOwned(child, checkpoint)) {
                children.delete();
            }
        }
        ContentPolicies.delete(
                shared, PodCheckpointContent.class, checkpoint.getStatus().getBoundContent());
    }

    @Override
    PodCheckpoint status(PodCheckpoint checkpoint) {
        if (checkpoint.getStatus() == null) {
            checkpoint.setStatus(new PodCheckpointStatus());
        }
        return checkpoint;
    }
}
