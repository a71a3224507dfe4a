package domain.my.lpm.sandbox.cluster;

import static domain.my.lpm.sandbox.cluster.Migrations.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The mode cri-o: the container runtime restores the copy from images that checkpoints have become. */
@Tag("real")
class RuntimeRestoreTest {
    private static final String BY_RUNTIME = "restoreMode: cri-o";
    private static final String THERE = "targetNode: node-b";

    /** Holds a nonce in memory alone; makes, changes and deletes files of its root, and keeps one of them open. */
    private static final String COUNTER = """
            read -r nonce < /proc/sys/kernel/random/uuid
            echo "$nonce" > /made
            echo "$nonce" >> /etc/passwd
            rm /bin/dc
            exec 3> /held
            n=0
            while true; do
                n=$((n + 1))
                echo "tick $n nonce=$nonce"
                echo "$n" >&3
                usleep 100000
            done
            """;

    private static SandboxCluster cluster;
    private static Migrations migrations;

    @BeforeAll
    static void start() {
        migrations = Migrations.start(options -> options.with(each -> new RestoringNodes(each, "node-b")));
        cluster = migrations.cluster();
    }

    @AfterAll
    static void close() {
        migrations.close();
    }

    @AfterEach
    void removePods() throws IOException {
        migrations.removePods();
        Files.deleteIfExists(configuration());
        await().atMost(SOON).until(() -> storage().isEmpty());
    }

    /** What the runtimes of the nodes keep of containers. */
    private static List<Path> storage() throws IOException {
        List<Path> all = new ArrayList<>();
        for (Node node : cluster.nodes()) {
            for (String directory : List.of("overlay", "overlay-containers")) {
                try (Stream<Path> found = Files.list(
                        node.root().resolve("var/lib/containers/storage").resolve(directory))) {
                    found.forEach(all::add);
                }
            }
        }
        return all;
    }

    private static Pod counter(String name) {
        return Specimens.script(name, COUNTER)
                .editSpec()
                .withTerminationGracePeriodSeconds(1L)
                .endSpec()
                .build();
    }

    /** CRIU's configuration for what runc does on the target. */
    private static Path configuration() {
        return cluster.node("node-b").root().resolve("etc/criu/runc.conf");
    }

    private static void assertGoesOn(RunningContainer source, RunningContainer copy) {
        Ticks.awaitMore(copy);
        List<String> lines = new ArrayList<>(source.output());
        lines.addAll(copy.output());
        Ticks.assertUnbroken(lines);
    }

    @Test
    void theRuntimeRestoresAPodFromTheImageOfItsCheckpoint() throws IOException {
        migrations.run(counter("counter"), "node-a");
        RunningContainer source = migrations.running("counter").container("main");
        Ticks.awaitMore(source);

        PodMigration migration = migrations.migrate("counter", "counter", BY_RUNTIME, THERE);

        Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
        assertThat(migration.getStatus().getReason()).isEqualTo(Reasons.RESTORED);
        assertThat(migration.getStatus().getDowntimeMillis()).isPositive();
        assertThat(migrations.method(migration, "main")).isEqualTo(CheckpointMethod.KUBELET);
        RunningContainer copy = migrations.running("counter-restored").container("main");
        assertGoesOn(source, copy);
        // It is in the pod's own network, with its root as it was.
        String address = migrations.pod("counter-restored").getStatus().getPodIP();
        assertThat(copy.exec(List.of("/bin/busybox", "ip", "addr", "show", "eth0"))
                        .output())
                .contains(address);
        String nonce = copy.output().get(0).split("nonce=")[1];
        Path root = copy.rootFileSystem();
        assertThat(root.resolve("made")).hasContent(nonce);
        assertThat(Files.readAllLines(root.resolve("etc/passwd")))
                .hasSizeGreaterThan(1)
                .endsWith(nonce);
        assertThat(root.resolve("bin/dc")).doesNotExist();
        assertThat(root.resolve("bin/cat")).isSymbolicLink();
        List<String> held = Files.readAllLines(root.resolve("held"));
        assertThat(held.get(0)).isEqualTo("1");
        assertThat(held).hasSizeGreaterThan(source.output().size());

        Pod pod = migrations.pod("counter-restored");
        assertThat(pod.getSpec().getContainers().get(0).getImage()).startsWith("localhost/lpm-checkpoint/main:");
        // The kubelet would restore it once more, from where the source stood.
        assertThat(pod.getSpec().getRestartPolicy()).isEqualTo("Never");
        copy.signal("KILL");
        await().atMost(SOON)
                .until(() -> migrations
                        .pod("counter-restored")
                        .getStatus()
                        .getPhase()
                        .equals("Failed"));
        assertThat(migrations.running("counter-restored").starts("main")).isEqualTo(1);
        migrations.awaitGone("counter");
    }

    @Test
    void thePodsAnnotationChoosesTheRuntime() {
        Pod pod = counter("annotated");
        pod.getMetadata().setAnnotations(Map.of(Annotations.RESTORE_MODE, "cri-o"));
        assertThat(migrations.run(pod, "node-a").getSpec().getInitContainers()).isEmpty();
        RunningContainer source = migrations.running("annotated").container("main");
        Ticks.awaitMore(source);

        PodMigration migration = migrations.migrate("annotated", "annotated", THERE);

        Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
        assertGoesOn(source, migrations.running("annotated-restored").container("main"));
        assertThat(migrations
                        .pod("annotated-restored")
                        .getSpec()
                        .getContainers()
                        .get(0)
                        .getImage())
                .startsWith("localhost/lpm-checkpoint/main:");
    }

    @Test
    void whatTheRuntimeRestoredMovesOn() {
        migrations.run(counter("hopper"), "node-a");
        RunningContainer first = migrations.running("hopper").container("main");
        Ticks.awaitMore(first);
        Migrations.assertPhase(migrations.migrate("there", "hopper", BY_RUNTIME, THERE), MigrationPhase.SUCCEEDED);
        RunningContainer second = migrations.running("hopper-restored").container("main");
        Ticks.awaitMore(second);

        PodMigration again = migrations.migrate("again", "hopper-restored", BY_RUNTIME, THERE, "allowSameNode: true");

        Migrations.assertPhase(again, MigrationPhase.SUCCEEDED);
        RunningContainer third = migrations.running("hopper-restored-2").container("main");
        Ticks.awaitMore(third);
        Ticks.assertUnbroken(Stream.of(first, second, third)
                .flatMap(container -> container.output().stream())
                .toList());
    }

    @Test
    void aNodeWhoseRuntimeDoesNotRestoreIsRefused() {
        migrations.run(counter("refused"), "node-b");
        RunningContainer source = migrations.running("refused").container("main");

        assertThatThrownBy(() -> migrations.migrate("refused", "refused", BY_RUNTIME, "targetNode: node-a"))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining(
                        "node 'node-a' cannot restore pod 'refused' by cri-o (CRI-O's restore is switched off on this"
                                + " node; set container_level_enabled = \"checkpoint_restore\" below [crio.checkpoint_restore] in"
                                + " crio.conf");
        Ticks.awaitMore(source);
        Ticks.assertUnbroken(source.output());
    }

    @Test
    void whatTheRuntimeWouldLoseIsRefused() {
        Pod pod = counter("volume");
        pod.getSpec()
                .setVolumes(List.of(new VolumeBuilder()
                        .withName("data")
                        .withNewEmptyDir()
                        .endEmptyDir()
                        .build()));
        migrations.run(pod, "node-a");

        assertThatThrownBy(() -> migrations.migrate("volume", "volume", BY_RUNTIME, THERE))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining(
                        "volume 'data' of pod 'volume' cannot follow it: it is an emptyDir, whose content a container"
                                + " runtime does not restore; set restoreMode to self-restore, which carries it along");
    }

    @Test
    void theSourceGoesOnWhereItsCheckpointDoesNotBecomeAnImage() throws IOException {
        migrations.run(counter("stays"), "node-a");
        RunningContainer source = migrations.running("stays").container("main");
        Ticks.awaitMore(source);
        Path importer = cluster.node("node-b").root().resolve("usr/lib/lpm-sandbox/import-image");
        String script = Files.readString(importer);
        Files.writeString(importer, "echo no room in the storage >&2; exit 3");
        PodMigration migration;
        try {
            migration = migrations.migrate("stays", "stays", BY_RUNTIME, THERE);
        } finally {
            Files.writeString(importer, script);
        }

        Migrations.assertPhase(migration, MigrationPhase.ROLLED_BACK);
        assertThat(migration.getStatus().getReason()).isEqualTo(Reasons.RESTORE_FAILED);
        assertThat(migration.getStatus().getMessage())
                .contains("the checkpoint of container 'main' did not become an image", "no room in the storage");
        assertThat(migration.getStatus().getCommitTime()).isNull();
        assertThat(migrations.find("stays-restored")).isNull();
        Ticks.awaitMore(source);
        Ticks.assertUnbroken(source.output());
    }

    @Test
    void whatHindersTheRuntimeCanBePutRightAfterTheCommit() throws IOException {
        migrations.run(counter("late"), "node-a");
        RunningContainer source = migrations.running("late").container("main");
        Ticks.awaitMore(source);
        Files.writeString(configuration(), "no-such-option\n");
        PodMigration created = migrations.create("late", "late", BY_RUNTIME, THERE);
        PodMigration waiting = migrations.await(
                created,
                migration -> Reasons.RESTORE_FAILED.equals(migration.getStatus().getReason()));

        assertThat(waiting.getStatus().getPhase()).isEqualTo(MigrationPhase.RESTORE_IN_PROGRESS);
        assertThat(waiting.getStatus().getCommitTime()).isNotNull();
        assertThat(waiting.getStatus().getMessage())
                .contains(
                        "the hand-over is decided, but the runtime of node 'node-b' does not restore the copy 'late-restored'",
                        "container 'main' waits: RunContainerError (the container 'main' was not restored:")
                .endsWith("no container of it has run an instruction");

        Files.delete(configuration());
        PodMigration migration = migrations.awaitEnd(created);
        Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
        assertThat(migration.getStatus().getReason()).isEqualTo(Reasons.RESTORED);
        assertGoesOn(source, migrations.running("late-restored").container("main"));
    }

    @Test
    void aPodThatTheRuntimeDoesNotRestoreIsSaidToBeLost() throws IOException {
        migrations.run(counter("lost"), "node-a");
        RunningContainer source = migrations.running("lost").container("main");
        Ticks.awaitMore(source);
        Files.writeString(configuration(), "no-such-option\n");

        PodMigration migration =
                migrations.migrate("lost", "lost", BY_RUNTIME, THERE, "timeouts: {restoreSeconds: 10}");

        assertThat(migration.getStatus().getReason()).isEqualTo(Reasons.RESTORE_FAILED);
        Condition restored = Conditions.find(migration.getStatus().getConditions(), ConditionTypes.RESTORED)
                .orElseThrow();
        assertThat(restored.getStatus()).isEqualTo("False");
        assertThat(restored.getReason()).isEqualTo(Reasons.RESTORE_FAILED);
        assertThat(migration.getStatus().getMessage())
                .isEqualTo(restored.getMessage())
                .contains(
                        "the runtime of node 'node-b' does not restore the copy 'lost-restored'",
                        "no container of it has run an instruction; the copy is removed",
                        "so that the source does not go on either. What memory held is in the checkpoint shared://")
                .endsWith("create the pod anew");
        migrations.awaitGone("lost");
        assertThat(migrations.find("lost-restored")).isNull();
        assertThat(source.isRunning()).isFalse();
        Ticks.assertUnbroken(source.output());
    }
}
