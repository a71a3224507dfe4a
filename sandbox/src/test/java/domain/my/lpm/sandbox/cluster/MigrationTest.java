package domain.my.lpm.sandbox.cluster;

import static domain.my.lpm.sandbox.cluster.Migrations.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A PodMigration moves a pod: webhook, controller and agents as in production. */
@Tag("real")
class MigrationTest {
    private static SandboxCluster cluster;
    private static Migrations migrations;

    @BeforeAll
    static void start() {
        migrations = Migrations.start();
        cluster = migrations.cluster();
    }

    @AfterAll
    static void close() {
        migrations.close();
    }

    /** Moves a counting pod and requires that it counts on in the copy, with what only its memory held. */
    private static PodMigration goesOn(String migrationName, String pod, String copy) {
        RunningContainer source = migrations.running(pod).container("counter");
        source.awaitLine(line -> line.startsWith("tick "), SOON);

        PodMigration migration = migrations.migrate(migrationName, pod);

        Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
        List<String> before = source.output();
        String last = before.get(before.size() - 1);
        String nonce = last.split(" ")[2];
        int ticks = Integer.parseInt(last.split(" ")[1]);
        RunningContainer target = migrations.running(copy).container("counter");
        target.awaitLine(line -> line.startsWith("tick " + (ticks + 10) + " " + nonce), SOON);
        List<String> after = target.output();
        for (int index = 0; index < after.size(); index++) {
            assertThat(after.get(index)).startsWith("tick " + (ticks + 1 + index) + " " + nonce);
        }
        migrations.awaitGone(pod);
        return migration;
    }

    @Test
    void aPreparedPodMovesAndMovesOn() {
        migrations.run(Specimens.counter(), "node-a");
        goesOn("there", "counter", "counter-restored");
        PodMigration back = goesOn("back", "counter-restored", "counter-restored-2");
        assertThat(Objects.requireNonNull(back.getStatus().getTargetPod()).node())
                .isEqualTo("node-a");
        assertThat(migrations.method(back, "counter")).isEqualTo(CheckpointMethod.LAUNCHER);
    }

    @Test
    void aCopyThatNoWebhookPreparesNeverRuns() {
        migrations.run(
                new PodBuilder(Specimens.counter())
                        .editMetadata()
                        .withName("alone")
                        .endMetadata()
                        .build(),
                "node-a");
        RunningContainer source = migrations.running("alone").container("counter");
        source.awaitLine(line -> line.startsWith("tick "), SOON);
        List<MutatingWebhookConfiguration> configurations = cluster.client()
                .admissionRegistration()
                .v1()
                .mutatingWebhookConfigurations()
                .list()
                .getItems();
        assertThat(configurations).isNotEmpty();
        cluster.client()
                .resourceList(configurations.toArray(HasMetadata[]::new))
                .delete();
        List<String> ran = new CopyOnWriteArrayList<>();
        try (Watch watch = cluster.client().pods().inNamespace("default").watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, Pod pod) {
                if (pod.getMetadata().getName().startsWith("alone-")
                        && pod.getSpec().getNodeName() != null) {
                    ran.add(pod.getMetadata().getName());
                }
            }

            @Override
            public void onClose(WatcherException failed) {
                ran.add(failed.toString());
            }
        })) {
            for (Map.Entry<String, String> each : Map.of(
                            "named", "targetNode: node-b", "chosen", "allowSameNode: false")
                    .entrySet()) {
                PodMigration migration = migrations.migrate(each.getKey(), "alone", each.getValue());
                Migrations.assertPhase(migration, MigrationPhase.ROLLED_BACK);
                assertThat(migration.getStatus().getReason()).isEqualTo("StandbyFailed");
                assertThat(migration.getStatus().getMessage()).contains("no webhook has prepared");
            }
        } finally {
            configurations.forEach(configuration -> {
                configuration.getMetadata().setResourceVersion(null);
                configuration.getMetadata().setUid(null);
                cluster.client().resource(configuration).create();
            });
        }

        assertThat(ran).isEmpty();
        int ticks = source.output().size();
        source.awaitLine(line -> line.startsWith("tick " + (ticks + 5) + " "), SOON);
        cluster.client()
                .pods()
                .inNamespace("default")
                .withName("alone")
                .withGracePeriod(0)
                .delete();
        migrations.awaitGone("alone");
    }

    @Test
    void aPodThatNobodyPreparedIsCheckpointedByItsKubelet() {
        Pod plain = new PodBuilder(Specimens.counter())
                .editMetadata()
                .withName("plain")
                .withAnnotations(Map.of())
                .endMetadata()
                .build();
        assertThat(migrations.run(plain, "node-b").getSpec().getInitContainers())
                .isEmpty();
        PodMigration migration = goesOn("plain", "plain", "plain-restored");
        assertThat(migrations.method(migration, "counter")).isEqualTo(CheckpointMethod.KUBELET);
    }
}
