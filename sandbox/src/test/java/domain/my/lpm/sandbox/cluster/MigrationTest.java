package domain.my.lpm.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.Leftovers;
import domain.my.lpm.sandbox.Patience;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A PodMigration moves a pod: webhook, controller and agents as in production. */
@Tag("real")
class MigrationTest {
    private static final Duration SOON = Patience.of(Duration.ofSeconds(60));

    private static SandboxCluster cluster;
    private static KubernetesClient client;

    @BeforeAll
    static void start() {
        cluster = SandboxCluster.start(SandboxCluster.Options.of(Specimens.settings(), Path.of("../crds"))
                .with(ControlPlane::new));
        client = cluster.client();
    }

    @AfterAll
    static void close() {
        String directory =
                Objects.requireNonNull(cluster.directory().getParent()).toString();
        cluster.close();
        assertThat(Leftovers.of(directory)).isEmpty();
    }

    private static Pod run(Pod pod, String node) {
        Pod created = client.resource(new PodBuilder(pod)
                        .editMetadata()
                        .withNamespace("default")
                        .endMetadata()
                        .editSpec()
                        .withNodeName(node)
                        .endSpec()
                        .build())
                .create();
        await().atMost(SOON)
                .until(() -> client.resource(created).get().getStatus().getConditions().stream()
                        .anyMatch(each -> each.getType().equals("Ready")
                                && each.getStatus().equals("True")));
        return client.resource(created).get();
    }

    private static RunningPod running(String name) {
        Pod pod = client.pods().inNamespace("default").withName(name).get();
        return Objects.requireNonNull(cluster.node(pod.getSpec().getNodeName())
                .pods()
                .get(pod.getMetadata().getUid()));
    }

    private static PodMigration migrate(String name, String pod) {
        return client.resource(Serialization.unmarshal("""
                        apiVersion: lpm.my.domain/v1
                        kind: PodMigration
                        metadata: {name: %s, namespace: default}
                        spec: {podName: %s}
                        """.formatted(name, pod), PodMigration.class))
                .create();
    }

    private static PodMigration ended(PodMigration migration) {
        await().atMost(SOON).until(() -> {
            PodMigration now = client.resource(migration).get();
            return now.getStatus() != null
                    && now.getStatus().getPhase() != null
                    && now.getStatus().getPhase().isFinal();
        });
        return client.resource(migration).get();
    }

    /** Moves a counting pod and requires that it counts on in the copy, with what only its memory held. */
    private static PodMigration goesOn(String migrationName, String pod, String copy) {
        RunningContainer source = running(pod).container("counter");
        source.awaitLine(line -> line.startsWith("tick "), SOON);

        PodMigration migration = ended(migrate(migrationName, pod));

        assertThat(migration.getStatus().getPhase())
                .as(Serialization.asYaml(migration))
                .isEqualTo(MigrationPhase.SUCCEEDED);
        List<String> before = source.output();
        String last = before.get(before.size() - 1);
        String nonce = last.split(" ")[2];
        int ticks = Integer.parseInt(last.split(" ")[1]);
        RunningContainer target = running(copy).container("counter");
        target.awaitLine(line -> line.startsWith("tick " + (ticks + 10) + " " + nonce), SOON);
        List<String> after = target.output();
        for (int index = 0; index < after.size(); index++) {
            assertThat(after.get(index)).startsWith("tick " + (ticks + 1 + index) + " " + nonce);
        }
        // Nothing of it runs; its kubelet may still be removing it.
        await().atMost(SOON)
                .until(() -> client.pods().inNamespace("default").withName(pod).get() == null);
        return migration;
    }

    private static @Nullable CheckpointMethod method(PodMigration migration) {
        return client.resources(ContainerCheckpoint.class)
                .inNamespace("default")
                .withName(migration.getStatus().getCheckpointName() + "-counter")
                .get()
                .getStatus()
                .getCheckpointMethod();
    }

    @Test
    void aPreparedPodMovesAndMovesOn() {
        run(Specimens.counter(), "node-a");
        goesOn("there", "counter", "counter-restored");
        PodMigration back = goesOn("back", "counter-restored", "counter-restored-2");
        assertThat(Objects.requireNonNull(back.getStatus().getTargetPod()).node())
                .isEqualTo("node-a");
        assertThat(method(back)).isEqualTo(CheckpointMethod.LAUNCHER);
    }

    @Test
    void aPodThatNobodyPreparedIsCheckpointedByItsKubelet() {
        Pod plain = new PodBuilder(Specimens.counter())
                .editMetadata()
                .withName("plain")
                .withAnnotations(Map.of())
                .endMetadata()
                .build();
        assertThat(run(plain, "node-b").getSpec().getInitContainers()).isEmpty();
        assertThat(method(goesOn("plain", "plain", "plain-restored"))).isEqualTo(CheckpointMethod.KUBELET);
    }
}
