package domain.my.lpm.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Pods move as a whole, again and again, or not at all. */
@Tag("real")
class WholePodsTest {
    private static final int HOPS = 5;

    /**
     * One container writes, another one reads what it writes, each with a nonce that only its memory holds. A sidecar counts for
     * itself; an init container leaves a line.
     */
    private static final String PAIR = """
            apiVersion: v1
            kind: Pod
            metadata: {name: NAME}
            spec:
              terminationGracePeriodSeconds: 1
              volumes: [{name: data, emptyDir: {}}]
              initContainers:
                - name: once
                  image: docker.io/library/busybox:1.37
                  command: [/bin/busybox, sh, -c, 'read -r nonce < /proc/sys/kernel/random/uuid; echo "$nonce" >> /data/runs']
                  volumeMounts: [{name: data, mountPath: /data}]
                - name: side
                  restartPolicy: Always
                  image: docker.io/library/busybox:1.37
                  command:
                    - /bin/busybox
                    - sh
                    - -c
                    - |
                      read -r nonce < /proc/sys/kernel/random/uuid
                      n=0
                      while true; do n=$((n + 1)); echo "tick $n nonce=$nonce"; usleep 100000; done
              containers:
                - name: writer
                  image: docker.io/library/busybox:1.37
                  command:
                    - /bin/busybox
                    - sh
                    - -c
                    - |
                      read -r nonce < /proc/sys/kernel/random/uuid
                      n=0
                      while true; do
                        n=$((n + 1)); echo "tick $n nonce=$nonce"; echo "written $n" >> /data/written; usleep 100000
                      done
                  volumeMounts: [{name: data, mountPath: /data}]
                - name: reader
                  image: docker.io/library/busybox:1.37
                  command:
                    - /bin/busybox
                    - sh
                    - -c
                    - |
                      read -r nonce < /proc/sys/kernel/random/uuid
                      while [ ! -e /data/written ]; do usleep 10000; done
                      exec 3< /data/written
                      BEFORE
                      n=0
                      while true; do
                        if read -r line <&3; then
                          n=$((n + 1)); echo "tick $n nonce=$nonce $line"; echo "read $n" >> /data/read
                        else
                          usleep 50000
                        fi
                      done
                  volumeMounts: [{name: data, mountPath: /data}]
            """;

    /** Holds a file open that every pod has, but not every pod the same. */
    private static final String HOLDS_HOST_NAME = "exec 4< /etc/hostname";

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

    private static Pod pair(String name, String before) {
        return Serialization.unmarshal(PAIR.replace("NAME", name).replace("BEFORE", before), Pod.class);
    }

    private static List<String> runsOfInit(RunningPod pod) throws IOException {
        return Files.readAllLines(pod.volume("data").resolve("runs"));
    }

    @Test
    void onePodHopsFiveTimes() {
        Pod plain = new PodBuilder(Specimens.counter())
                .editMetadata()
                .withName("hopper")
                .withAnnotations(Map.of())
                .endMetadata()
                .build();
        migrations.run(plain, "node-a");
        List<String> printed = new ArrayList<>();
        List<CheckpointMethod> methods = new ArrayList<>();
        String name = "hopper";
        RunningContainer container = migrations.running(name).container("counter");
        for (int hop = 1; hop <= HOPS; hop++) {
            Ticks.awaitMore(container);
            PodMigration migration = migrations.migrate("hop-" + hop, name);
            Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
            methods.add(migrations.method(migration, "counter"));
            printed.addAll(container.output());
            migrations.awaitGone(name);
            String node = container.node().name();
            name = Objects.requireNonNull(migration.getStatus().getTargetPod()).name();
            container = migrations.running(name).container("counter");
            assertThat(container.node().name()).isNotEqualTo(node);
        }
        Ticks.awaitMore(container);
        printed.addAll(container.output());

        Ticks.assertUnbroken(printed);
        assertThat(methods)
                .containsExactly(
                        CheckpointMethod.KUBELET,
                        CheckpointMethod.LAUNCHER,
                        CheckpointMethod.LAUNCHER,
                        CheckpointMethod.LAUNCHER,
                        CheckpointMethod.LAUNCHER);
    }

    @Test
    void allContainersOfAPodMoveTogether() throws IOException {
        migrations.run(pair("pair", ""), "node-a");
        RunningPod source = migrations.running("pair");
        Ticks.awaitMore(source.container("reader"));
        List<String> runs = runsOfInit(source);

        PodMigration migration = migrations.migrate("pair", "pair");

        Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
        RunningPod copy = migrations.running("pair-restored");
        for (String name : List.of("side", "writer", "reader")) {
            Ticks.awaitMore(copy.container(name));
            Ticks.assertUnbroken(
                    Stream.concat(source.container(name).output().stream(), copy.container(name).output().stream())
                            .toList());
            assertThat(migrations.method(migration, name)).isEqualTo(CheckpointMethod.LAUNCHER);
        }
        assertThat(copy.container("reader").output()).allMatch(line -> line.matches("tick (\\d+) \\S+ written \\1"));
        Ticks.assertWritten(copy.volume("data").resolve("written"), "written");
        Ticks.assertWritten(copy.volume("data").resolve("read"), "read");
        // It has run once, and its work is there.
        assertThat(runs).hasSize(1);
        assertThat(runsOfInit(copy)).isEqualTo(runs);
        assertThat(migrations.pod("pair-restored").getSpec().getInitContainers())
                .noneMatch(container -> container.getName().equals("once"));
        migrations.awaitGone("pair");
    }

    @Test
    void noContainerOfAPodMovesWhereOneCannot() throws IOException {
        migrations.run(pair("stays", HOLDS_HOST_NAME), "node-a");
        RunningPod source = migrations.running("stays");
        Ticks.awaitMore(source.container("reader"));

        PodMigration migration = migrations.migrate("stays", "stays");

        Migrations.assertPhase(migration, MigrationPhase.ROLLED_BACK);
        assertThat(migration.getStatus().getReason()).isEqualTo(Reasons.RESTORE_FAILED);
        assertThat(migration.getStatus().getMessage())
                .contains("container 'reader'", "etc/hostname")
                .endsWith("The copy is gone, the source goes on.");
        assertThat(migration.getStatus().getCommitTime()).isNull();
        assertThat(migrations.find("stays-restored")).isNull();
        assertThat(printedByCopies("stays-restored", "side", "writer", "reader"))
                .isEmpty();
        for (String name : List.of("side", "writer", "reader")) {
            Ticks.awaitMore(source.container(name));
            Ticks.assertUnbroken(source.container(name).output());
        }
        assertThat(runsOfInit(source)).hasSize(1);
    }

    @Test
    void aPodThatCannotBeRestoredBeginsAnewWhereThatIsAskedFor() throws IOException {
        migrations.run(pair("anew", HOLDS_HOST_NAME), "node-a");
        RunningPod source = migrations.running("anew");
        Ticks.awaitMore(source.container("reader"));
        List<String> runs = runsOfInit(source);

        PodMigration migration = migrations.migrate("anew", "anew", "onRestoreFailure: StartFresh");

        Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
        assertThat(migration.getStatus().getReason()).isEqualTo(Reasons.STARTED_FRESH);
        Condition restored = Conditions.find(migration.getStatus().getConditions(), ConditionTypes.RESTORED)
                .orElseThrow();
        assertThat(restored.getStatus()).isEqualTo("False");
        assertThat(restored.getReason()).isEqualTo(Reasons.STARTED_FRESH);
        assertThat(restored.getMessage()).contains("what memory held is lost", "container 'reader'", "etc/hostname");
        RunningPod copy = migrations.running("anew-restored");
        for (String name : List.of("side", "writer", "reader")) {
            Ticks.awaitMore(copy.container(name));
            List<String> fresh = copy.container(name).output();
            Ticks.assertUnbroken(fresh);
            assertThat(Ticks.nonce(fresh))
                    .isNotEqualTo(Ticks.nonce(source.container(name).output()));
        }
        // The volume has come along, with what the init container did, which does not run again.
        assertThat(runsOfInit(copy)).isEqualTo(runs).hasSize(1);
        migrations.awaitGone("anew");
    }

    /** What containers of pods of that name have printed on the other node, whether they are still there or not. */
    private static List<String> printedByCopies(String pod, String... containers) throws IOException {
        List<String> lines = new ArrayList<>();
        Path logs = cluster.node("node-b").root().resolve("var/log/pods");
        try (Stream<Path> pods = Files.list(logs)) {
            for (Path each : pods.filter(path -> path.getFileName().toString().startsWith("default_" + pod + "_"))
                    .toList()) {
                for (String container : containers) {
                    lines.addAll(Files.readAllLines(each.resolve(container).resolve("0.log")));
                }
            }
        }
        return lines;
    }
}
