package domain.my.lpm.sandbox.cluster;

import static domain.my.lpm.sandbox.cluster.Migrations.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import domain.my.lpm.api.Labels;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A native sidecar moves with its pod: it is held, goes on and rolls back with the containers that it serves. */
@Tag("real")
class SidecarTest {
    private static final List<String> BOTH = List.of("side", "main");

    /**
     * The sidecar is awaited by its start-up probe; its liveness probe would end it in a copy, where the file is missing until the
     * restore. What it writes to the volume journal no other container can write.
     */
    private static final String POD = """
            apiVersion: v1
            kind: Pod
            metadata: {name: NAME}
            spec:
              terminationGracePeriodSeconds: 20
              volumes:
                - {name: data, emptyDir: {}}
                - {name: journal, emptyDir: {}}
              initContainers:
                - name: side
                  restartPolicy: Always
                  image: docker.io/library/busybox:1.37
                  command:
                    - /bin/busybox
                    - sh
                    - -c
                    - |
                      trap 'echo side >> /data/ends; exit 0' TERM
                      read -r nonce < /proc/sys/kernel/random/uuid
                      touch /alive
                      BEFORE
                      touch /data/up
                      n=0
                      while true; do
                        n=$((n + 1)); echo "tick $n nonce=$nonce"; echo "noted $n" >> /journal/noted; usleep 100000
                      done
                  startupProbe:
                    exec: {command: [/bin/busybox, test, -e, /data/up]}
                    periodSeconds: 1
                  livenessProbe:
                    exec: {command: [/bin/busybox, test, -e, /alive]}
                    periodSeconds: 1
                    failureThreshold: 1
                  volumeMounts:
                    - {name: data, mountPath: /data}
                    - {name: journal, mountPath: /journal}
              containers:
                - name: main
                  image: docker.io/library/busybox:1.37
                  command:
                    - /bin/busybox
                    - sh
                    - -c
                    - |
                      trap 'sleep 1; echo main >> /data/ends; exit 0' TERM
                      [ -e /data/up ] || { echo 'the sidecar was not up'; exit 1; }
                      read -r nonce < /proc/sys/kernel/random/uuid
                      n=0
                      while true; do
                        n=$((n + 1)); echo "tick $n nonce=$nonce"; echo "written $n" >> /data/written; usleep 100000
                      done
                  volumeMounts: [{name: data, mountPath: /data}]
            """;

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

    @AfterEach
    void removePods() {
        migrations.removePods();
    }

    private static Pod pod(String name, String before) {
        return Serialization.unmarshal(POD.replace("NAME", name).replace("BEFORE", before), Pod.class);
    }

    private static Container sidecar(Pod pod) {
        return pod.getSpec().getInitContainers().stream()
                .filter(container -> container.getName().equals("side"))
                .findFirst()
                .orElseThrow();
    }

    private static ContainerStatus sidecarStatus(Pod pod) {
        return pod.getStatus().getInitContainerStatuses().stream()
                .filter(container -> container.getName().equals("side"))
                .findFirst()
                .orElseThrow();
    }

    private static void inject(String value) {
        cluster.client()
                .namespaces()
                .withName("default")
                .edit(namespace -> new NamespaceBuilder(namespace)
                        .editMetadata()
                        .addToLabels(Labels.INJECTION, value)
                        .endMetadata()
                        .build());
    }

    private static String firstProcess(RunningPod pod, String container) {
        return pod.container(container)
                .exec(List.of("/bin/busybox", "cat", "/proc/1/comm"))
                .orThrow()
                .lines()
                .get(0);
    }

    @Test
    void aSidecarMovesWithItsPodAndMovesOn() throws IOException {
        migrations.run(pod("served", ""), "node-a");
        RunningPod running = migrations.running("served");
        Map<String, List<String>> printed = new LinkedHashMap<>();
        String name = "served";
        for (String hop : List.of("there", "back")) {
            for (String each : BOTH) {
                Ticks.awaitMore(running.container(each));
            }
            PodMigration migration = migrations.migrate(hop, name);

            Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
            for (String each : BOTH) {
                printed.computeIfAbsent(each, absent -> new ArrayList<>())
                        .addAll(running.container(each).output());
                assertThat(migrations.method(migration, each)).isEqualTo(CheckpointMethod.LAUNCHER);
            }
            migrations.awaitGone(name);
            name = Objects.requireNonNull(migration.getStatus().getTargetPod()).name();
            running = migrations.running(name);
        }
        for (String each : BOTH) {
            Ticks.awaitMore(running.container(each));
            Ticks.assertUnbroken(Stream.concat(
                            printed.getOrDefault(each, List.of()).stream(), running.container(each).output().stream())
                    .toList());
            assertThat(firstProcess(running, each)).isEqualTo("lpm-restored");
        }
        Ticks.assertWritten(running.volume("data").resolve("written"), "written");
        Ticks.assertWritten(running.volume("journal").resolve("noted"), "noted");
        Pod copy = migrations.pod(name);
        assertThat(sidecarStatus(copy).getStarted()).isTrue();
        assertThat(sidecarStatus(copy).getRestartCount()).isZero();

        // It ends when nobody is left whom it serves.
        Path ends = running.volume("data").resolve("ends");
        Files.createFile(ends);
        try (BufferedReader reader = Files.newBufferedReader(ends)) {
            cluster.client().resource(copy).delete();
            migrations.awaitGone(name);
            assertThat(reader.lines().toList()).containsExactly("main", "side");
        }
    }

    @Test
    void aPreparedSidecarIsAwaitedWhenItBeginsAndMoves() {
        Pod prepared = pod("prepared", "");
        inject(Labels.INJECTION_ENABLED);
        Pod source = migrations.run(prepared, "node-b");
        inject(Labels.INJECTION_DISABLED);
        assertThat(sidecar(source).getCommand()).startsWith("/lpm/entry", "run", "--", "/bin/busybox");
        assertThat(sidecar(source).getStartupProbe().getExec())
                .isEqualTo(sidecar(prepared).getStartupProbe().getExec());
        RunningPod running = migrations.running("prepared");
        for (String each : BOTH) {
            assertThat(firstProcess(running, each)).isEqualTo("lpm-fresh");
            Ticks.awaitMore(running.container(each));
        }

        PodMigration migration = migrations.migrate("prepared", "prepared");

        Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
        RunningPod copy = migrations.running("prepared-restored");
        for (String each : BOTH) {
            Ticks.awaitMore(copy.container(each));
            Ticks.assertUnbroken(
                    Stream.concat(running.container(each).output().stream(), copy.container(each).output().stream())
                            .toList());
        }
        migrations.awaitGone("prepared");
    }

    @Test
    void whatEndsInACopyBeginsAnewThere() {
        migrations.run(pod("ends", ""), "node-a");
        for (String each : BOTH) {
            Ticks.awaitMore(migrations.running("ends").container(each));
        }
        Migrations.assertPhase(migrations.migrate("ends", "ends"), MigrationPhase.SUCCEEDED);
        RunningPod copy = migrations.running("ends-restored");
        for (String each : BOTH) {
            RunningContainer restored = copy.container(each);
            Ticks.awaitMore(restored);
            String nonce = restored.output().get(0).split(" ")[2];

            restored.signal("TERM");

            await().atMost(SOON).until(() -> !copy.container(each).id().equals(restored.id()));
            Ticks.awaitMore(copy.container(each));
            Ticks.assertUnbroken(copy.container(each).output());
            assertThat(copy.container(each).output().get(0)).doesNotContain(nonce);
            assertThat(firstProcess(copy, each)).isEqualTo("lpm-fresh");
        }
        assertThat(sidecarStatus(migrations.pod("ends-restored")).getRestartCount())
                .isEqualTo(1);
    }

    @Test
    void theSourcesSidecarGoesOnWhereTheCopysCannotBeRestored() throws IOException {
        // Every pod has this file, but not every pod the same.
        migrations.run(pod("stays", "exec 4< /etc/hostname"), "node-a");
        RunningPod source = migrations.running("stays");
        for (String each : BOTH) {
            Ticks.awaitMore(source.container(each));
        }

        PodMigration migration = migrations.migrate("stays", "stays");

        Migrations.assertPhase(migration, MigrationPhase.ROLLED_BACK);
        assertThat(migration.getStatus().getReason()).isEqualTo(Reasons.RESTORE_FAILED);
        assertThat(migration.getStatus().getMessage())
                .contains("container 'side'", "etc/hostname")
                .endsWith("The copy is gone, the source goes on.");
        assertThat(migrations.find("stays-restored")).isNull();
        for (String each : BOTH) {
            Ticks.awaitMore(source.container(each));
            Ticks.assertUnbroken(source.container(each).output());
        }
        Ticks.assertWritten(source.volume("data").resolve("written"), "written");
        Ticks.assertWritten(source.volume("journal").resolve("noted"), "noted");
        Pod stays = migrations.pod("stays");
        assertThat(sidecarStatus(stays).getRestartCount()).isZero();
    }
}
