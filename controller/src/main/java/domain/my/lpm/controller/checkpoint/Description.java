package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.agent.protocol.ContainerArtifact;
import domain.my.lpm.api.CheckpointReference;
import domain.my.lpm.api.ContainerRuntime;
import domain.my.lpm.api.Finalizers;
import domain.my.lpm.api.ObjectNames;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.CheckpointedContainer;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContentSpec;
import domain.my.lpm.api.checkpoint.ContainerCheckpointSpec;
import domain.my.lpm.api.checkpoint.ContainerCheckpointStatus;
import domain.my.lpm.api.checkpoint.ContainerReference;
import domain.my.lpm.api.checkpoint.NamespacedReference;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpointContentSpec;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.StatusPatch;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Describes what lies on storage by objects. Everything can be repeated: names are derived, what is there is taken. */
final class Description {
    private static final String FILE = "/dump.tar.zst";

    private final Checkpointing shared;
    private final PodOfCheckpoint pod;
    private final String checkpointId;

    Description(Checkpointing shared, PodOfCheckpoint pod, String checkpointId) {
        this.shared = shared;
        this.pod = pod;
        this.checkpointId = checkpointId;
    }

    /** The objects of every container, and that of the pod. */
    List<CheckpointedContainer> ofPod(PodCheckpoint checkpoint, List<ContainerArtifact> artifacts) {
        List<CheckpointedContainer> containers = new ArrayList<>();
        List<String> contents = new ArrayList<>();
        for (ContainerArtifact artifact : artifacts) {
            ContainerCheckpoint child = child(checkpoint, artifact);
            contents.add(ofContainer(child, artifact));
            containers.add(new CheckpointedContainer(
                    artifact.getContainer(), child.getMetadata().getName(), CheckpointPhase.SUCCEEDED, true));
        }
        PodCheckpointContentSpec spec = new PodCheckpointContentSpec();
        spec.setPodRef(new NamespacedReference(
                checkpoint.getMetadata().getNamespace(), checkpoint.getSpec().getPodName(), pod.uid()));
        spec.setCheckpointRef(reference(checkpoint));
        spec.setCheckpointId(checkpointId);
        spec.setContainerContents(contents);
        spec.setDeletionPolicy(checkpoint.getSpec().getDeletionPolicy());
        PodCheckpointContent content = new PodCheckpointContent();
        content.setMetadata(new ObjectMetaBuilder()
                .withName(ObjectNames.podCheckpointContent(
                        checkpoint.getMetadata().getUid()))
                .withFinalizers(Finalizers.CONTENT)
                .build());
        content.setSpec(spec);
        content.setStatus(null);
        shared.create(Step.CREATE_CONTENT, content);
        return containers;
    }

    /** The content of one container, and the end of its checkpoint; returns the name of the content. */
    private String ofContainer(ContainerCheckpoint checkpoint, ContainerArtifact artifact) {
        CheckpointPhase phase =
                checkpoint.getStatus() == null ? null : checkpoint.getStatus().getPhase();
        if (phase == null || !phase.isFinal()) {
            prepare(checkpoint, artifact);
            shared.act(Step.RECORD_CHECKPOINT_END, () -> StatusPatch.write(shared.client(), checkpoint));
        }
        return ObjectNames.containerCheckpointContent(checkpoint.getMetadata().getUid());
    }

    /** The content of one container; the status of its checkpoint is set, and not written yet. */
    void prepare(ContainerCheckpoint checkpoint, ContainerArtifact artifact) {
        ContainerCheckpointContent content = new ContainerCheckpointContent();
        content.setMetadata(new ObjectMetaBuilder()
                .withName(ObjectNames.containerCheckpointContent(
                        checkpoint.getMetadata().getUid()))
                .withFinalizers(Finalizers.CONTENT)
                .build());
        content.setSpec(spec(checkpoint, artifact));
        content.setStatus(null);
        shared.create(Step.CREATE_CONTENT, content);
        if (checkpoint.getStatus() == null) {
            checkpoint.setStatus(new ContainerCheckpointStatus());
        }
        ContainerCheckpointStatus status = checkpoint.getStatus();
        status.setCheckpointMethod(Requests.method(artifact.getTaker()));
        status.setArtifactUri(content.getSpec().getArtifactUri());
        status.setSizeBytes(artifact.getSizeBytes());
        CheckpointStatuses.succeeded(
                checkpoint,
                checkpointId,
                content.getMetadata().getName(),
                "%d bytes are stored at %s".formatted(artifact.getSizeBytes(), artifact.getUri()),
                now());
    }

    private ContainerCheckpoint child(PodCheckpoint parent, ContainerArtifact artifact) {
        ContainerCheckpointSpec spec = new ContainerCheckpointSpec();
        spec.setPodName(parent.getSpec().getPodName());
        spec.setPodUid(pod.uid());
        spec.setContainerName(artifact.getContainer());
        spec.setHold(parent.getSpec().getHold());
        spec.setCheckpointMethod(parent.getSpec().getCheckpointMethod());
        spec.setTcp(parent.getSpec().getTcp());
        spec.setCompression(parent.getSpec().getCompression());
        spec.setDeletionPolicy(parent.getSpec().getDeletionPolicy());
        ContainerCheckpoint wanted = new ContainerCheckpoint();
        wanted.setMetadata(new ObjectMetaBuilder()
                .withNamespace(parent.getMetadata().getNamespace())
                .withName(ObjectNames.containerCheckpoint(parent.getMetadata().getName(), artifact.getContainer()))
                .withFinalizers(Checkpointing.FINALIZER)
                .withOwnerReferences(OwnedCheckpoints.owner(parent))
                .build());
        wanted.setSpec(spec);
        wanted.setStatus(null);
        ContainerCheckpoint child = shared.create(Step.CREATE_CONTAINER_CHECKPOINT, wanted);
        if (!OwnedCheckpoints.isOwned(child, parent)) {
            throw new MigrationFailure(
                    Reasons.NAME_TAKEN,
                    "there is a ContainerCheckpoint '%s' already, which is not of PodCheckpoint '%s'; delete it, and checkpoint the pod again"
                            .formatted(
                                    wanted.getMetadata().getName(),
                                    parent.getMetadata().getName()));
        }
        return child;
    }

    private ContainerCheckpointContentSpec spec(ContainerCheckpoint checkpoint, ContainerArtifact artifact) {
        ContainerCheckpointContentSpec spec = new ContainerCheckpointContentSpec();
        spec.setContainerRef(new ContainerReference(
                checkpoint.getMetadata().getNamespace(),
                checkpoint.getSpec().getPodName(),
                pod.uid(),
                artifact.getContainer()));
        spec.setCheckpointRef(reference(checkpoint));
        // The schema names the archive, also where the same directory holds the checkpoint as plain files.
        spec.setArtifactUri(artifact.getUri().endsWith(FILE) ? artifact.getUri() : artifact.getUri() + FILE);
        spec.setNodeName(pod.node());
        spec.setDigest(artifact.getDigest());
        spec.setSizeBytes(artifact.getSizeBytes());
        spec.setCheckpointMethod(Requests.method(artifact.getTaker()));
        spec.setRuntime(runtime(artifact.getRuntime()));
        spec.setCriuVersion(artifact.getCriuVersion().isEmpty() ? null : artifact.getCriuVersion());
        spec.setArchitecture(artifact.getArchitecture());
        Optional<MigrationNode> node = shared.nodes().node(pod.node());
        node.map(MigrationNode::getStatus).ifPresent(known -> spec.setCpuFeatures(known.getCpuFeatures()));
        spec.setDeletionPolicy(checkpoint.getSpec().getDeletionPolicy());
        return spec;
    }

    private static @Nullable ContainerRuntime runtime(String nameAndVersion) {
        int blank = nameAndVersion.indexOf(' ');
        return blank < 0
                ? null
                : new ContainerRuntime(nameAndVersion.substring(0, blank), nameAndVersion.substring(blank + 1));
    }

    private static NamespacedReference reference(HasMetadata object) {
        return new NamespacedReference(
                object.getMetadata().getNamespace(),
                object.getMetadata().getName(),
                object.getMetadata().getUid());
    }

    private Instant now() {
        return shared.clock().instant();
    }

    /** Where a checkpoint lies. */
    static CheckpointReference reference(String podUid, String checkpointId, Optional<String> container) {
        return new CheckpointReference(podUid, checkpointId, container);
    }
}
