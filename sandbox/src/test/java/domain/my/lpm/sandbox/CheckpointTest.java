package domain.my.lpm.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class CheckpointTest {
    private static final Duration SOON = Patience.of(Duration.ofSeconds(10));

    private static Sandbox sandbox;
    private static Node node;

    @BeforeAll
    static void open() {
        sandbox = Sandbox.create(Specimens.settings());
        node = sandbox.node("source");
    }

    @AfterAll
    static void close() {
        sandbox.close();
    }

    @Test
    void aHeldCounterStandsStillAndGoesOnWithTheNextTick() throws Exception {
        try (RunningPod pod = node.run(Specimens.counter())) {
            RunningContainer counter = pod.container("counter");
            counter.awaitLine(line -> line.startsWith("tick 3 "), SOON);
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(counter, RuntimeCheckpoint.Options.HOLD);
            List<String> before = counter.output();
            assertThat(counter.processes()).isNotEmpty().allMatch(process -> process.state() == 'T');

            Thread.sleep(500);
            assertThat(counter.output()).isEqualTo(before);

            checkpoint.resume();
            counter.awaitLine(line -> line.startsWith("tick " + (before.size() + 1) + " "), SOON);
            assertThat(counter.output()).allMatch(line -> line.endsWith("host=counter"));
        }
    }

    @Test
    void theArchiveHasTheFilesOfCriO() throws IOException {
        try (RunningPod pod = node.run(
                Specimens.script("files", "echo new > /new; rm /etc/group; echo up; while true; do usleep 50000; done")
                        .build())) {
            RunningContainer container = pod.container("main");
            container.awaitLine("up"::equals, SOON);
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(container, RuntimeCheckpoint.Options.LEAVE_RUNNING);
            Result list = Command.run(
                            SOON, List.of("tar", "-tf", checkpoint.archive().toString()))
                    .orThrow();
            assertThat(list.lines())
                    .contains(
                            "checkpoint/",
                            "checkpoint/inventory.img",
                            "config.dump",
                            "spec.dump",
                            "bind.mounts",
                            "rootfs-diff.tar",
                            "deleted.files",
                            "stats-dump",
                            "dump.log",
                            "io.kubernetes.cri-o.LogPath");
            assertThat(Files.getPosixFilePermissions(checkpoint.archive())).hasSize(2);
            assertThat(checkpoint.isHeld()).isFalse();
            checkpoint.fence();
            assertThat(container.awaitExit(SOON)).isEqualTo(137);
        }
    }

    @Test
    void theNodesOwnConfigurationOfCriuIsPutBack() throws IOException {
        Path configuration = node.root().resolve("etc/criu/runc.conf");
        Files.writeString(configuration, "log-file dump.log\n");
        try (RunningPod pod = node.run(Specimens.counter())) {
            pod.container("counter").awaitLine(line -> line.startsWith("tick 1 "), SOON);
            RuntimeCheckpoint.take(pod.container("counter"), RuntimeCheckpoint.Options.HOLD);
            assertThat(configuration).hasContent("log-file dump.log\n");
        } finally {
            Files.delete(configuration);
        }
    }

    /** Both ends of a connection in one process; every tick goes through it. */
    private static Pod connected() {
        String program = """
                import socket, time
                server = socket.create_server(("127.0.0.1", 0))
                client = socket.create_connection(server.getsockname())
                accepted, _ = server.accept()
                n = 0
                while True:
                    n += 1
                    client.sendall(b"%d\\n" % n)
                    print("got", accepted.recv(64).decode().strip(), flush=True)
                    time.sleep(0.05)
                """;
        Pod pod = Specimens.merged(
                Specimens.script("connected", "").build(),
                "spec: {containers: [{image: docker.io/library/python:3.13}]}");
        pod.getSpec().getContainers().get(0).setCommand(List.of("python3", "-c", program));
        return pod;
    }

    private static void assertGoesOn(RunningContainer container) {
        int count = container.output().size();
        assertThat(container.awaitLine(("got " + (count + 3))::equals, SOON)).isEqualTo("got " + (count + 3));
    }

    @Test
    void aRefusedCheckpointSaysWhyAndTheContainerGoesOn() {
        try (RunningPod running = node.run(connected())) {
            RunningContainer container = running.container("main");
            container.awaitLine("got 2"::equals, SOON);
            assertThatThrownBy(() -> RuntimeCheckpoint.take(container, RuntimeCheckpoint.Options.HOLD))
                    .isInstanceOf(SandboxException.class)
                    .hasMessageContaining("the checkpoint of 'main' failed")
                    .hasMessageContaining("Connected TCP socket, consider using --tcp-established option");
            assertGoesOn(container);
        }
    }

    @Test
    void aConnectionSurvivesACheckpointThatLeavesTheContainerRunning() {
        try (RunningPod running = node.run(connected())) {
            RunningContainer container = running.container("main");
            container.awaitLine("got 2"::equals, SOON);
            RuntimeCheckpoint.take(
                    container, new RuntimeCheckpoint.Options(false, RuntimeCheckpoint.Tcp.ESTABLISHED, 1 << 20));
            assertGoesOn(container);
        }
    }

    @Test
    @Tag("vm")
    void aHeldConnectionIsLeftLockedAndTheAgentTakesItUpAgain() {
        try (RunningPod running = node.run(connected())) {
            RunningContainer container = running.container("main");
            container.awaitLine("got 2"::equals, SOON);
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(
                    container, new RuntimeCheckpoint.Options(true, RuntimeCheckpoint.Tcp.ESTABLISHED, 1 << 20));
            assertThat(node.exec(List.of("nsenter", "--net=/run/pods/" + running.uid() + "/net", "iptables-save"))
                            .output())
                    .contains("-A CRIU -j DROP");
            checkpoint.resume();
            assertGoesOn(container);
            assertThat(node.exec(List.of("nsenter", "--net=/run/pods/" + running.uid() + "/net", "nft", "list ruleset"))
                            .output())
                    .doesNotContain("CRIU");
        }
    }

    @Test
    void aJavaProgramIsHeldWithAllItsThreads() {
        String program = """
                cat > /tmp/Main.java <<'JAVA'
                public class Main {
                    public static void main(String[] arguments) throws Exception {
                        for (int n = 1; ; n++) {
                            System.out.println("tick " + n);
                            Thread.sleep(20);
                        }
                    }
                }
                JAVA
                exec $JAVA_HOME/bin/java -Xmx64m -XX:+UseSerialGC /tmp/Main.java
                """;
        Pod pod = Specimens.merged(Specimens.script("java", "").build(), """
                spec:
                  containers:
                    - image: docker.io/library/eclipse-temurin:25
                      securityContext: {seccompProfile: {type: RuntimeDefault}}
                """);
        pod.getSpec().getContainers().get(0).setCommand(List.of("/bin/sh", "-c", program));
        try (RunningPod running = node.run(pod)) {
            RunningContainer container = running.container("main");
            container.awaitLine("tick 3"::equals, Duration.ofSeconds(60));
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(container, RuntimeCheckpoint.Options.HOLD);
            int held = container.output().size();
            checkpoint.resume();
            container.awaitLine(("tick " + (held + 1))::equals, SOON);
        }
    }

    @Test
    void aModifiedFileOfTheImageIsInTheArchiveOnlyIfTheNodeHasAFileThere() {
        try (RunningPod pod = node.run(Specimens.script(
                        "modified",
                        "echo >> /etc/passwd; rm /bin/vi; cp /bin/busybox /bin/ed2; chmod 700 /home; echo up; "
                                + "while true; do usleep 50000; done")
                .build())) {
            RunningContainer container = pod.container("main");
            container.awaitLine("up"::equals, SOON);
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(container, RuntimeCheckpoint.Options.LEAVE_RUNNING);
            Result list = Command.run(
                            SOON,
                            List.of(
                                    "sh",
                                    "-c",
                                    "tar -xOf \"$1\" rootfs-diff.tar | tar -t",
                                    "sh",
                                    checkpoint.archive().toString()))
                    .orThrow();
            assertThat(list.lines()).contains("etc/passwd", "bin/ed2").doesNotContain("bin/vi", "home/");
            Result deleted = Command.run(
                            SOON, List.of("tar", "-xOf", checkpoint.archive().toString(), "deleted.files"))
                    .orThrow();
            assertThat(deleted.output()).contains("\"/bin/vi\"");
        }
    }
}
