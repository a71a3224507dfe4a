package domain.my.lpm.controller.migration;

import domain.my.lpm.api.ApiGroup;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.CheckpointedContainer;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.NodeDirectory;
import io.fabric8.kubernetes.api.model.DeleteOptions;
import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/** The cluster behind an API server. */
public final class KubernetesCluster implements Cluster {
    private static final int UNPROCESSABLE = 422;
    private static final String OURS = "/apis/" + ApiGroup.NAME + "/" + ApiGroup.VERSION;

    private final KubernetesClient client;
    private final MigrationEvents seen;
    private final NodeDirectory nodes;
    private final BiFunction<String, String, Optional<PodCheckpoint>> checkpoints;
    private final Consumer<ResourceID> wakeCheckpoint;
    private final EventRecorder events;

    /**
     * @param checkpoints PodCheckpoints as last seen, by namespace and name
     */
    public KubernetesCluster(
            KubernetesClient client,
            MigrationEvents seen,
            NodeDirectory nodes,
            BiFunction<String, String, Optional<PodCheckpoint>> checkpoints,
            Consumer<ResourceID> wakeCheckpoint,
            EventRecorder events) {
        this.client = client;
        this.seen = seen;
        this.nodes = nodes;
        this.checkpoints = checkpoints;
        this.wakeCheckpoint = wakeCheckpoint;
        this.events = events;
    }

    @Override
    public Optional<Pod> seePod(String namespace, String name) {
        return seen.pod(namespace, name);
    }

    @Override
    public Optional<Pod> readPod(String namespace, String name) {
        return Optional.ofNullable(
                client.pods().inNamespace(namespace).withName(name).get());
    }

    @Override
    public Pod createPod(Pod pod) {
        try {
            return client.resource(pod).create();
        } catch (KubernetesClientException refused) {
            if (refused.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                return readPod(
                                pod.getMetadata().getNamespace(),
                                pod.getMetadata().getName())
                        .orElseThrow(() -> refused);
            }
            if (refused.getCode() == HttpURLConnection.HTTP_BAD_REQUEST
                    || refused.getCode() == HttpURLConnection.HTTP_FORBIDDEN
                    || refused.getCode() == UNPROCESSABLE) {
                // With the gate that the webhook takes away a pod cannot name its node.
                boolean gated = TargetPods.isUnprepared(pod)
                        && String.valueOf(refused.getMessage()).contains("schedulingGates");
                String name = pod.getMetadata().getName();
                throw new MigrationFailure(
                        Reasons.STANDBY_FAILED,
                        gated
                                ? TargetPods.unprepared(name)
                                : "the API server refuses the copy '%s': %s".formatted(name, refused.getMessage()));
            }
            throw refused;
        }
    }

    @Override
    public void deletePod(Pod pod, Optional<Long> graceSeconds) {
        delete("/api/v1", pod, graceSeconds);
    }

    @Override
    public Optional<Node> readNode(String name) {
        return Optional.ofNullable(client.nodes().withName(name).get());
    }

    @Override
    public Optional<MigrationNode> seeMigrationNode(String name) {
        return nodes.node(name);
    }

    @Override
    public List<PodMigration> seeUnfinished(String namespace) {
        return seen.unfinished(namespace);
    }

    @Override
    public Optional<PodMigration> readMigration(PodMigration migration) {
        return Optional.ofNullable(client.resources(PodMigration.class)
                        .inNamespace(migration.getMetadata().getNamespace())
                        .withName(migration.getMetadata().getName())
                        .get())
                .filter(found -> found.getMetadata()
                        .getUid()
                        .equals(migration.getMetadata().getUid()));
    }

    @Override
    public void deleteMigration(PodMigration migration) {
        delete(OURS, migration, Optional.empty());
    }

    @Override
    public Optional<PodCheckpoint> seePodCheckpoint(String namespace, String name) {
        return checkpoints.apply(namespace, name);
    }

    @Override
    public Optional<PodCheckpoint> readPodCheckpoint(String namespace, String name) {
        return Optional.ofNullable(client.resources(PodCheckpoint.class)
                .inNamespace(namespace)
                .withName(name)
                .get());
    }

    @Override
    public PodCheckpoint createPodCheckpoint(PodCheckpoint checkpoint) {
        try {
            return client.resource(checkpoint).create();
        } catch (KubernetesClientException refused) {
            if (refused.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                return readPodCheckpoint(
                                checkpoint.getMetadata().getNamespace(),
                                checkpoint.getMetadata().getName())
                        .orElseThrow(() -> refused);
            }
            throw refused;
        }
    }

    @Override
    public void deletePodCheckpoint(PodCheckpoint checkpoint) {
        delete(OURS, checkpoint, Optional.empty());
    }

    @Override
    public List<ContainerCheckpointContent> readContents(PodCheckpoint checkpoint) {
        List<ContainerCheckpointContent> contents = new ArrayList<>();
        for (CheckpointedContainer container : checkpoint.getStatus().getContainers()) {
            Optional.ofNullable(client.resources(ContainerCheckpoint.class)
                            .inNamespace(checkpoint.getMetadata().getNamespace())
                            .withName(container.checkpointName())
                            .get())
                    .map(found ->
                            found.getStatus() == null ? null : found.getStatus().getBoundContent())
                    .flatMap(name -> Optional.ofNullable(client.resources(ContainerCheckpointContent.class)
                            .withName(name)
                            .get()))
                    .ifPresent(contents::add);
        }
        return contents;
    }

    @Override
    public void wakeCheckpoint(PodMigration migration) {
        String name = migration.getStatus().getCheckpointName();
        if (name != null) {
            wakeCheckpoint.accept(new ResourceID(name, migration.getMetadata().getNamespace()));
        }
    }

    @Override
    public void event(PodMigration migration, boolean warning, String reason, String message) {
        events.record(migration, warning, reason, message);
    }

    /** Under the precondition of the uid: another object of the same name is left alone. */
    private void delete(String path, HasMetadata object, Optional<Long> graceSeconds) {
        DeleteOptions options = new DeleteOptionsBuilder()
                .withNewPreconditions()
                .withUid(object.getMetadata().getUid())
                .endPreconditions()
                .build();
        graceSeconds.ifPresent(options::setGracePeriodSeconds);
        try {
            client.raw(
                    "%s/namespaces/%s/%s/%s"
                            .formatted(
                                    path,
                                    object.getMetadata().getNamespace(),
                                    object.getPlural(),
                                    object.getMetadata().getName()),
                    "DELETE",
                    options);
        } catch (KubernetesClientException refused) {
            if (refused.getCode() != HttpURLConnection.HTTP_NOT_FOUND
                    && refused.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw refused;
            }
        }
    }
}
