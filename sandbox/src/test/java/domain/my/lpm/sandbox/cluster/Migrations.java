package domain.my.lpm.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.Leftovers;
import domain.my.lpm.sandbox.Patience;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A cluster in which pods can be moved, and what tests do with PodMigrations in it, all of it in one namespace. */
final class Migrations implements AutoCloseable {
    static final Duration SOON = Patience.of(Duration.ofSeconds(60));
    private static final String NAMESPACE = "default";

    private final SandboxCluster cluster;

    private Migrations(SandboxCluster cluster) {
        this.cluster = cluster;
    }

    /** Starts a cluster with webhook, controller and agents as in production. */
    static Migrations start() {
        return start(UnaryOperator.identity());
    }

    /** The same, with what else a test needs, which is there before the agents. */
    static Migrations start(UnaryOperator<SandboxCluster.Options> with) {
        SandboxCluster.Options options = SandboxCluster.Options.of(Specimens.settings(), Path.of("../crds"));
        return new Migrations(SandboxCluster.start(with.apply(options).with(ControlPlane::new)));
    }

    /** Where the pods are moved. */
    SandboxCluster cluster() {
        return cluster;
    }

    /** Removes all pods, and waits until their kubelets have. */
    void removePods() {
        cluster.client().pods().inNamespace(NAMESPACE).withGracePeriod(0).delete();
        Awaitility.await()
                .atMost(SOON)
                .until(() -> cluster.client()
                        .pods()
                        .inNamespace(NAMESPACE)
                        .list()
                        .getItems()
                        .isEmpty());
    }

    /** Removes the cluster, and requires that nothing is left of it. */
    @Override
    public void close() {
        close(cluster);
    }

    /** Removes a cluster, and requires that nothing is left of it. */
    static void close(SandboxCluster cluster) {
        String directory =
                Objects.requireNonNull(cluster.directory().getParent()).toString();
        cluster.close();
        assertThat(Leftovers.of(directory)).isEmpty();
    }

    /** Creates a pod on a node and waits until it is ready. */
    Pod run(Pod pod, String node) {
        Pod created = cluster.client()
                .resource(new PodBuilder(pod)
                        .editMetadata()
                        .withNamespace(NAMESPACE)
                        .endMetadata()
                        .editSpec()
                        .withNodeName(node)
                        .endSpec()
                        .build())
                .create();
        String name = created.getMetadata().getName();
        Awaitility.await()
                .atMost(SOON)
                .until(() -> pod(name).getStatus().getConditions().stream()
                        .anyMatch(each -> each.getType().equals("Ready")
                                && each.getStatus().equals("True")));
        return pod(name);
    }

    /** The pod of this name as the API has it. */
    Pod pod(String name) {
        return Objects.requireNonNull(find(name), name);
    }

    /** The pod of this name as the API has it; null when there is none. */
    @Nullable
    Pod find(String name) {
        return cluster.client().pods().inNamespace(NAMESPACE).withName(name).get();
    }

    /** What runs of the pod of this name. */
    RunningPod running(String name) {
        Pod pod = pod(name);
        return Objects.requireNonNull(cluster.node(pod.getSpec().getNodeName())
                .pods()
                .get(pod.getMetadata().getUid()));
    }

    /**
     * Creates a PodMigration and waits for its end.
     *
     * @param spec more of its specification, each line of it a field
     */
    PodMigration migrate(String name, String pod, String... spec) {
        return awaitEnd(create(name, pod, spec));
    }

    /** Creates a PodMigration, see {@link #migrate}. */
    PodMigration create(String name, String pod, String... spec) {
        StringBuilder yaml = new StringBuilder("""
                apiVersion: lpm.my.domain/v1
                kind: PodMigration
                metadata: {name: %s, namespace: %s}
                spec:
                  podName: %s
                """.formatted(name, NAMESPACE, pod));
        for (String field : spec) {
            yaml.append("  ").append(field).append('\n');
        }
        return cluster.client()
                .resource(Serialization.unmarshal(yaml.toString(), PodMigration.class))
                .create();
    }

    /** Waits for the end of a PodMigration. */
    PodMigration awaitEnd(PodMigration created) {
        return await(created, now -> {
            MigrationPhase phase = now.getStatus().getPhase();
            return phase != null && phase.isFinal();
        });
    }

    /** Waits until a PodMigration, as the API has it, is like that. */
    PodMigration await(PodMigration created, Predicate<PodMigration> reached) {
        return Awaitility.await()
                .atMost(SOON)
                .until(
                        () -> cluster.client().resource(created).get(),
                        now -> now.getStatus() != null && reached.test(now));
    }

    /** Nothing of the pod of this name runs; its kubelet may still be removing it. */
    void awaitGone(String name) {
        Awaitility.await().atMost(SOON).until(() -> find(name) == null);
    }

    /** Who took the checkpoint of a container. */
    @Nullable
    CheckpointMethod method(PodMigration migration, String container) {
        ContainerCheckpoint checkpoint = cluster.client()
                .resources(ContainerCheckpoint.class)
                .inNamespace(NAMESPACE)
                .withName(migration.getStatus().getCheckpointName() + "-" + container)
                .get();
        return checkpoint.getStatus().getCheckpointMethod();
    }

    /** Requires that it ended in this phase. */
    static void assertPhase(PodMigration migration, MigrationPhase phase) {
        assertThat(migration.getStatus().getPhase())
                .as(Serialization.asYaml(migration))
                .isEqualTo(phase);
    }
}
