package domain.my.lpm.controller.migration;

import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.controller.MigrationFailure;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Optional;

/** What a migration needs of the API server. Whatever is only <i>seen</i> may be a little old, what is <i>read</i> is not. */
public interface Cluster {
    /** The pod as last seen, without what no decision needs. */
    Optional<Pod> seePod(String namespace, String name);

    /** The pod, whole. */
    Optional<Pod> readPod(String namespace, String name);

    /**
     * Creates a pod.
     *
     * @return the pod, or the one that has its name already
     * @throws MigrationFailure when the API server refuses it for good, such as by admission
     */
    Pod createPod(Pod pod);

    /**
     * Deletes the pod that has this uid, and no other. That it is gone already is no error.
     *
     * @param graceSeconds what its processes are left; empty: what the pod says
     */
    void deletePod(Pod pod, Optional<Long> graceSeconds);

    /** The node. */
    Optional<Node> readNode(String name);

    /** What the agent of the node says of it, as last seen. */
    Optional<MigrationNode> seeMigrationNode(String name);

    /** The migrations of a namespace that are not over, as last seen. */
    List<PodMigration> seeUnfinished(String namespace);

    /** The migration; empty when it is gone, or another one has its name. */
    Optional<PodMigration> readMigration(PodMigration migration);

    /** Deletes the migration, if it has not changed since. */
    void deleteMigration(PodMigration migration);

    /** The checkpoint as last seen. */
    Optional<PodCheckpoint> seePodCheckpoint(String namespace, String name);

    /** The checkpoint. */
    Optional<PodCheckpoint> readPodCheckpoint(String namespace, String name);

    /** Creates a checkpoint; the one that has its name already is the answer if there is one. */
    PodCheckpoint createPodCheckpoint(PodCheckpoint checkpoint);

    /** Deletes a checkpoint. That it is gone already is no error. */
    void deletePodCheckpoint(PodCheckpoint checkpoint);

    /** What is stored of the containers of a checkpoint that has succeeded. */
    List<ContainerCheckpointContent> readContents(PodCheckpoint checkpoint);

    /** Sees to it that the checkpoint is looked at again, now that its data is there. */
    void wakeCheckpoint(PodMigration migration);

    /**
     * Tells users what happened. Returns at once; that an event is lost is no error.
     *
     * @param warning whether it is something to worry about
     */
    void event(PodMigration migration, boolean warning, String reason, String message);
}
