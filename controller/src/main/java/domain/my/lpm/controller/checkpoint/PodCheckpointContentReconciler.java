package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.api.CheckpointReference;
import domain.my.lpm.api.checkpoint.DeletionPolicy;
import domain.my.lpm.api.checkpoint.NamespacedReference;
import domain.my.lpm.api.checkpoint.PodCheckpointContent;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** PodCheckpointContents: all of what lies on storage of a pod's checkpoint, volumes included. */
public final class PodCheckpointContentReconciler extends ContentReconciler<PodCheckpointContent> {
    /** A reconciler of all PodCheckpointContents. */
    public PodCheckpointContentReconciler(Checkpointing shared) {
        super(shared);
    }

    @Override
    DeletionPolicy policy(PodCheckpointContent content) {
        return content.getSpec().getDeletionPolicy();
    }

    @Override
    CheckpointReference reference(PodCheckpointContent content) {
        NamespacedReference pod = Objects.requireNonNull(content.getSpec().getPodRef(), "spec.podRef");
        return new CheckpointReference(pod.uid(), content.getSpec().getCheckpointId(), Optional.empty());
    }

    @Override
    @Nullable
    String node(PodCheckpointContent content) {
        return null;
    }
}
