package domain.my.lpm.sandbox.cluster;

import static domain.my.lpm.sandbox.cluster.Migrations.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.Leftovers;
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
        cluster = SandboxCluster.start(SandboxCluster.Options.of(Specimens.settings(), Path.of("../crds"))
                .with(ControlPlane::new));
        migrations = new Migrations(cluster);
    }

    @AfterAll
    static void close() {
        String directory =
                Objects.requireNonNull(cluster.directory().getParent()).toString();
        cluster.close();
        assertThat(Leftovers.of(directory)).isEmpty();
    }

    @AfterEach
    void removePods() {
        cluster.client().pods().inNamespace("default").withGracePeriod(0).delete();
        await().atMost(SOON)
                .until(() -> cluster.client()
                        .pods()
                        .inNamespace("default")
                        .list()
                        .getItems()
                        .isEmpty());
    }

    private static Pod pair(String name, String before) {
        return Serialization.unmarshal(PAIR.replace("NAME", name).replace("BEFORE", before), Pod.class);
    }

    /** What is in the memory of what prints these lines, each of which is {@code tick <n> nonce=<nonce> …}. */
    private static String nonce(List<String> lines) {
        assertThat(lines).isNotEmpty();
        return lines.get(0).split(" ")[2];
    }

    /** Every tick is there once, in its order, from the first on; and one memory printed them all. */
    private static void assertUnbroken(List<String> lines) {
        String nonce = nonce(lines);
        for (int index = 0; index < lines.size(); index++) {
            assertThat(lines.get(index)).as("%s", lines).startsWith("tick " + (index + 1) + " " + nonce);
        }
    }

    /** Waits until it has printed ten lines more than now. */
    private static void awaitMore(RunningContainer container) {
        int now = container.output().size();
        await().atMost(SOON).until(() -> container.output().size() >= now + 10);
    }

    /** What one of them has written to the volume is there, whoever was stopped first. */
    private static void assertNoLineIsMissing(RunningPod pod, String word) throws IOException {
        List<String> lines = Files.readAllLines(pod.volume("data").resolve(word));
        assertThat(lines).isNotEmpty();
        for (int index = 0; index < lines.size(); index++) {
            assertThat(lines.get(index)).as("%s", lines).isEqualTo(word + " " + (index + 1));
        }
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
            awaitMore(container);
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
        awaitMore(container);
        printed.addAll(container.output());

        assertUnbroken(printed);
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
        awaitMore(source.container("reader"));
        List<String> runs = runsOfInit(source);

        PodMigration migration = migrations.migrate("pair", "pair");

        Migrations.assertPhase(migration, MigrationPhase.SUCCEEDED);
        RunningPod copy = migrations.running("pair-restored");
        for (String name : List.of("side", "writer", "reader")) {
            awaitMore(copy.container(name));
            assertUnbroken(
                    Stream.concat(source.container(name).output().stream(), copy.container(name).output().stream())
                            .toList());
            assertThat(migrations.method(migration, name)).isEqualTo(CheckpointMethod.LAUNCHER);
        }
        assertThat(copy.container("reader").output()).allMatch(line -> line.matches("tick (\\d+) \\S+ written \\1"));
        assertNoLineIsMissing(copy, "written");
        assertNoLineIsMissing(copy, "read");
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
        awaitMore(source.container("reader"));

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
            awaitMore(source.container(name));
            assertUnbroken(source.container(name).output());
        }
        assertThat(runsOfInit(source)).hasSize(1);
    }

    @Test
    void aPodThatCannotBeRestoredBeginsAnewWhereThatIsAskedFor() throws IOException {
        migrations.run(pair("anew", HOLDS_HOST_NAME), "node-a");
        RunningPod source = migrations.running("anew");
        awaitMore(source.container("reader"));
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
            awaitMore(copy.container(name));
            List<String> fresh = copy.container(name).output();
            assertUnbroken(fresh);
            assertThat(nonce(fresh)).isNotEqualTo(nonce(source.container(name).output()));
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
