package domain.my.lpm.controller.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.PrepareRequest;
import domain.my.lpm.agent.protocol.Taker;
import domain.my.lpm.agent.protocol.TcpPolicy;
import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.apiserver.OnEveryApiServer;
import domain.my.lpm.controller.Settings;
import domain.my.lpm.controller.fake.FakeCluster;
import domain.my.lpm.controller.step.StepListener;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@OnEveryApiServer
class ExtremesTest {
    private final FakeCluster cluster;

    ExtremesTest(ApiServerKind kind) {
        cluster = new FakeCluster(kind, "a", "b");
    }

    @AfterEach
    void end() {
        cluster.close();
        assertThat(cluster.world().violations()).isEmpty();
    }

    @Test
    void aPodOfSixtyFourContainersMovesAsAWhole() {
        String[] containers = IntStream.range(0, 64).mapToObj(i -> "c" + i).toArray(String[]::new);
        cluster.pod("counter", "a", containers);
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        succeeded("move");
        assertThat(cluster.agent("a").requests(CheckpointRequest.class).get(0).getContainersList())
                .containsExactly(containers);
        assertThat(cluster.client()
                        .resources(ContainerCheckpoint.class)
                        .inNamespace(FakeCluster.NAMESPACE)
                        .list()
                        .getItems())
                .hasSize(64)
                .allMatch(checkpoint -> checkpoint.getStatus().getReady());
        assertThat(cluster.client()
                        .resources(ContainerCheckpointContent.class)
                        .list()
                        .getItems())
                .hasSize(64);
    }

    @Test
    void volumesMoveWithTheirPod() {
        cluster.client()
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(FakeCluster.NAMESPACE)
                        .withName("counter")
                        .endMetadata()
                        .withNewSpec()
                        .withNodeName("a")
                        .addNewVolume()
                        .withName("data")
                        .withNewEmptyDir()
                        .endEmptyDir()
                        .endVolume()
                        .addNewContainer()
                        .withName("app")
                        .withImage("registry.example/counter:1")
                        .withCommand("/counter")
                        .addNewVolumeMount()
                        .withName("data")
                        .withMountPath("/data")
                        .endVolumeMount()
                        .endContainer()
                        .endSpec()
                        .build())
                .create();
        cluster.awaitRunning("counter");
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        succeeded("move");
        assertThat(cluster.agent("a").requests(CheckpointRequest.class).get(0).getVolumesList())
                .containsExactly("data");
        assertThat(cluster.agent("b").requests(PrepareRequest.class).get(0).getVolumesList())
                .containsExactly("data");
    }

    @Test
    void namesMayBeAsLongAsTheyMay() {
        String pod = "p" + "o".repeat(252);
        String migration = "m" + "o".repeat(252);
        String container = "c" + "o".repeat(62);
        cluster.pod(pod, "a", container);
        cluster.startController();

        cluster.migrate(migration, pod, "b");

        PodMigration moved = succeeded(migration);
        String copy = cluster.client().pods().inNamespace(FakeCluster.NAMESPACE).list().getItems().stream()
                .map(found -> found.getMetadata().getName())
                .findFirst()
                .orElseThrow();
        assertThat(copy).hasSize(253).endsWith("-restored");
        assertThat(moved.getStatus().getCheckpointName()).isEqualTo(migration);
        assertThat(cluster.client()
                        .resources(ContainerCheckpoint.class)
                        .inNamespace(FakeCluster.NAMESPACE)
                        .list()
                        .getItems())
                .extracting(checkpoint -> checkpoint.getMetadata().getName())
                .allSatisfy(name -> assertThat(name).hasSize(253).endsWith("-" + container));
    }

    @Test
    void theRuntimeRestoresTheCopyFromImagesAfterTheCommit() {
        Pod source = cluster.pod("counter", "a");
        cluster.startController();

        cluster.migrate("move", "counter", "b", spec -> spec.setRestoreMode(RestoreMode.CRI_O));

        PodMigration migration = succeeded("move");
        assertThat(cluster.agent("b").calls()).containsExactly("ConvertCheckpointToImage");
        assertThat(cluster.agent("a").calls())
                // On a slow machine the lease is renewed.
                .filteredOn(call -> !call.equals("RenewHold"))
                .containsExactly("Checkpoint", "SyncCheckpoint", "Fence");
        // The copy is made after the commit, from the checkpoint alone.
        assertThat(cluster.agent("a").requests(CheckpointRequest.class))
                .singleElement()
                .satisfies(request -> {
                    assertThat(request.getDurableLater()).isFalse();
                    assertThat(request.getTaker()).isEqualTo(Taker.KUBELET);
                    assertThat(request.getTcp()).isEqualTo(TcpPolicy.FAIL);
                });
        Pod copy = cluster.client()
                .pods()
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("counter-restored")
                .get();
        assertThat(copy.getMetadata().getAnnotations()).containsEntry(Annotations.RESTORE_MODE, "cri-o");
        assertThat(copy.getSpec().getContainers().get(0).getImage())
                .isEqualTo("localhost/checkpoint/%s/%s/app/dump.tar.zst"
                        .formatted(
                                source.getMetadata().getUid(),
                                migration.getMetadata().getUid()));
        assertThat(copy.getSpec().getContainers().get(0).getImagePullPolicy()).isEqualTo("Never");
        assertThat(copy.getSpec().getRestartPolicy()).isEqualTo("Never");
        assertThat(copy.getSpec().getNodeName()).isEqualTo("b");
    }

    @Test
    void limitsHoldAndTheRestWaits() {
        for (int i = 0; i < 4; i++) {
            cluster.pod("counter-" + i, "a");
            cluster.doNotStart("counter-" + i + "-restored");
        }
        cluster.startController();
        for (int i = 0; i < 4; i++) {
            cluster.migrate("move-" + i, "counter-" + i, "b");
        }
        for (int i = 2; i < 4; i++) {
            cluster.awaitMigration(
                    "move-" + i,
                    "queued",
                    migration -> migration.getStatus() != null
                            && "Queued".equals(migration.getStatus().getReason()));
        }
        assertThat(cluster.client()
                        .pods()
                        .inNamespace(FakeCluster.NAMESPACE)
                        .list()
                        .getItems())
                .extracting(pod -> pod.getMetadata().getName())
                .doesNotContain("counter-2-restored", "counter-3-restored");

        cluster.client()
                .resources(PodMigration.class)
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("move-0")
                .delete();

        cluster.awaitMigration(
                "move-2",
                "accepted",
                migration -> !FakeCluster.copyOf(migration).isEmpty());
        assertThat(FakeCluster.copyOf(Objects.requireNonNull(cluster.migration("move-3"))))
                .isEmpty();
    }

    @Test
    void anotherControllerTakesOverWhenTheLeaderEnds() {
        cluster.pod("counter", "a");
        cluster.doNotStart("counter-restored");
        cluster.startController(elected("one"), StepListener.NONE);
        cluster.migrate("move", "counter", "b");
        cluster.awaitMigration(
                "move", "waiting", migration -> !FakeCluster.copyOf(migration).isEmpty());
        assertThat(leader()).isEqualTo("one");

        cluster.startController(elected("two"), StepListener.NONE);
        cluster.startAfterAll("counter-restored");

        succeeded("move");
        assertThat(leader()).isEqualTo("two");
    }

    private static Settings elected(String identity) {
        Settings settings = FakeCluster.settings();
        return new Settings(
                settings.migrationsInCluster(),
                settings.migrationsOutOfNode(),
                settings.holdLease(),
                settings.checkpointTimeout(),
                settings.reconcileThreads(),
                settings.stopTimeout(),
                Optional.of(new Settings.LeaderElection(
                        "lpm-system",
                        "lpm-controller",
                        identity,
                        Duration.ofSeconds(3),
                        Duration.ofSeconds(2),
                        Duration.ofMillis(200),
                        false)));
    }

    private String leader() {
        Lease lease = cluster.client()
                .leases()
                .inNamespace("lpm-system")
                .withName("lpm-controller")
                .get();
        return lease.getSpec().getHolderIdentity();
    }

    private PodMigration succeeded(String name) {
        PodMigration migration = cluster.awaitEnd(name);
        assertThat(migration.getStatus().getPhase())
                .as(migration.getStatus().getMessage())
                .isEqualTo(MigrationPhase.SUCCEEDED);
        return migration;
    }
}
