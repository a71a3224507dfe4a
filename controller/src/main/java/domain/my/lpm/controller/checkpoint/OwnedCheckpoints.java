package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.api.Finalizers;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.TcpPolicy;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.checkpoint.DeletionPolicy;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointSpec;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.SourcePod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Checkpoints that belong to a migration, or to the checkpoint of a whole pod. */
public final class OwnedCheckpoints {
    /** On the PodCheckpoint of a migration: which runs of its containers it is to show, one on a line. */
    private static final String RUNS = "lpm.my.domain/source-containers";

    private OwnedCheckpoints() {}

    /**
     * The checkpoint of a migration that has been accepted.
     *
     * @param hold whether the source stands still from then on
     * @param runs by which {@link #runs} tells whether a container was restarted since
     */
    public static PodCheckpoint of(PodMigration migration, String name, boolean hold, String runs) {
        PodCheckpointSpec spec = new PodCheckpointSpec();
        spec.setPodName(migration.getSpec().getPodName());
        spec.setPodUid(
                migration.getStatus().getSourcePod() == null
                        ? null
                        : migration.getStatus().getSourcePod().uid());
        spec.setHold(hold);
        if (migration.getStatus().getRestoreMode() == RestoreMode.CRI_O) {
            // A runtime reads what a runtime has written, and restores no connection unless its node is configured so.
            spec.setCheckpointMethod(CheckpointMethod.KUBELET);
            spec.setTcp(TcpPolicy.FAIL);
        } else {
            spec.setCheckpointMethod(migration.getSpec().getCheckpointMethod());
            spec.setTcp(migration.getSpec().getTcp());
        }
        spec.setCompression(migration.getSpec().getCompression());
        spec.setDeletionPolicy(DeletionPolicy.DELETE);
        PodCheckpoint checkpoint = new PodCheckpoint();
        checkpoint.setMetadata(new ObjectMetaBuilder()
                .withNamespace(migration.getMetadata().getNamespace())
                .withName(name)
                .withAnnotations(Map.of(RUNS, runs))
                .withFinalizers(Finalizers.CHECKPOINT)
                .withOwnerReferences(owner(migration))
                .build());
        checkpoint.setSpec(spec);
        checkpoint.setStatus(null);
        SourcePod source = migration.getStatus().getSourcePod();
        return source == null ? checkpoint : new PodOfCheckpoint(source.uid(), source.node()).keepIn(checkpoint);
    }

    /** What was given to {@link #of}. */
    public static Optional<String> runs(PodCheckpoint checkpoint) {
        return Optional.ofNullable(checkpoint.getMetadata().getAnnotations()).map(annotations -> annotations.get(RUNS));
    }

    /** Whether {@code owner} made {@code object}. */
    public static boolean isOwned(HasMetadata object, HasMetadata owner) {
        return controller(object)
                .filter(reference ->
                        reference.getUid().equals(owner.getMetadata().getUid()))
                .isPresent();
    }

    /** The object of this kind that made {@code object}. */
    static Optional<OwnerReference> owner(HasMetadata object, String kind) {
        return controller(object).filter(reference -> kind.equals(reference.getKind()));
    }

    /** A reference by which {@code owner} owns what it makes. */
    static OwnerReference owner(HasMetadata owner) {
        return new OwnerReferenceBuilder()
                .withApiVersion(owner.getApiVersion())
                .withKind(owner.getKind())
                .withName(owner.getMetadata().getName())
                .withUid(owner.getMetadata().getUid())
                .withController(true)
                .build();
    }

    private static Optional<OwnerReference> controller(HasMetadata object) {
        List<OwnerReference> owners = object.getMetadata().getOwnerReferences();
        return owners == null
                ? Optional.empty()
                : owners.stream()
                        .filter(reference -> Boolean.TRUE.equals(reference.getController()))
                        .findFirst();
    }
}
