package domain.my.lpm.sandbox.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.sandbox.Leftovers;
import domain.my.lpm.sandbox.Main;
import domain.my.lpm.sandbox.Patience;
import domain.my.lpm.sandbox.RunningContainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jnr.constants.platform.Signal;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a newcomer types, in a JVM of its own as ./lpm starts it. */
@Tag("real")
class DemoTest {
    private static final Duration LONG = Patience.of(Duration.ofMinutes(3));

    /** Counts in its memory; says so ten times a second. */
    private static final String COUNT = """
            import time
            n = 0
            while True:
                n += 1
                print("n", n, flush=True)
                time.sleep(.1)
            """;

    /** Is connected to itself. */
    private static final String CONNECTED = """
            import socket, time
            server = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(server.getsockname())
            accepted, _ = server.accept()
            time.sleep(600)
            """;

    private final Path directory;

    DemoTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private record Ended(int exitCode, String output) {}

    private Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Dlpm.project=" + Path.of("..").toRealPath()));
        for (String name : List.of("lpm.buildRoot", "lpm.toolkit", "lpm.work")) {
            command.add("-D" + name + "=" + System.getProperty(name));
        }
        command.add(Main.class.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
    }

    private String output() {
        try {
            return Files.readString(directory.resolve("output"));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private Ended run(String... arguments) throws Exception {
        Process process = start(arguments);
        try {
            assertThat(process.waitFor(LONG.toMillis(), TimeUnit.MILLISECONDS))
                    .as(output())
                    .isTrue();
            return new Ended(process.exitValue(), output());
        } finally {
            process.destroyForcibly();
        }
    }

    private static Path kept(String name) {
        return Path.of(System.getProperty("lpm.work"), "demo", name);
    }

    /** What a container printed, from its log in CRI format. */
    private static List<String> printed(String log) throws IOException {
        return Files.readAllLines(kept(log)).stream()
                .map(line -> line.split(" ", 4)[3])
                .toList();
    }

    @Test
    void theCounterGoesOnAndItsCheckpointCanBeInspected() throws Exception {
        Ended demo = run("demo");

        assertThat(demo.exitCode()).as(demo.output()).isZero();
        assertThat(demo.output())
                .contains("It went on where it stood still.")
                .doesNotContain("FAILED")
                .contains("samples/counter/pod.yaml", "samples/counter/migration.yaml")
                .containsSubsequence(
                        "Accepted=True",
                        "StandbyReady=True",
                        "CheckpointCompleted",
                        "MigrationInProgress",
                        "RestoreInProgress",
                        "Committed=True",
                        "Restored=True",
                        "Succeeded")
                .containsPattern("Downtime as seen by the application: \\d+ ms")
                .containsPattern("Downtime as the PodMigration reports it: \\d+ ms");
        List<String> source = printed("node-a.log");
        List<String> target = printed("node-b.log");
        String nonce = source.get(0).replaceAll(".*(nonce=\\S+).*", "$1");
        for (int index = 0; index < source.size(); index++) {
            assertThat(source.get(index)).isEqualTo("tick " + (index + 1) + " " + nonce + " host=counter");
        }
        assertThat(target).isNotEmpty();
        for (int index = 0; index < target.size(); index++) {
            // The first one may have been made before the checkpoint, and be printed after it.
            assertThat(target.get(index))
                    .matches("tick " + (source.size() + index + 1) + " " + nonce + " host=counter"
                            + (index == 0 ? "(-restored)?" : "-restored"));
        }

        Matcher stored = Pattern.compile("(?m)^  the checkpoint in it +(\\S+)$").matcher(demo.output());
        assertThat(stored.find()).isTrue();
        Ended inspected = run("inspect", "--json", stored.group(1));
        assertThat(inspected.exitCode()).as(inspected.output()).isZero();
        assertThat(new ObjectMapper()
                        .readTree(inspected.output())
                        .at("/processes")
                        .findValuesAsText("name"))
                .contains("busybox");
        assertThat(Files.readString(kept("migration.yaml"))).contains("podName: \"counter\"", "phase: \"Succeeded\"");
        Ended trusted = run("inspect", "--trusted-keys", kept("trusted-keys").toString(), stored.group(1));
        assertThat(trusted.output()).contains("of container default/counter/counter", "signature TRUSTED");
        assertThat(run("inspect", kept("pod.yaml").toString()).output())
                .contains("error: ", kept("pod.yaml").toString());
    }

    @Test
    void aProgramOfOnesOwnGoesOn() throws Exception {
        Ended demo = run("demo", "--image", "python", "--run-for", "1", "--", "python3", "-c", COUNT);

        assertThat(demo.exitCode()).as(demo.output()).isZero();
        assertThat(demo.output())
                .contains("ok     the first process is the same run of the program")
                .contains("It went on where it stood still.");
        List<String> source = printed("node-a.log");
        assertThat(source).isNotEmpty();
        assertThat(printed("node-b.log").get(0)).isEqualTo("n " + (source.size() + 1));
    }

    /** The toolkit's own image will do. */
    @Test
    void aProgramOfAnImageOnDiskGoesOn() throws Exception {
        Path layout = Path.of(System.getProperty("lpm.toolkit")).resolveSibling("oci");
        String script = "n=0; while true; do n=$((n + 1)); echo n $n; /usr/bin/busybox usleep 50000; done";

        Ended demo = run("demo", "--image", "oci:" + layout, "--run-for", "1", "--", "/usr/bin/sh", "-c", script);

        assertThat(demo.exitCode()).as(demo.output()).isZero();
        List<String> source = printed("node-a.log");
        assertThat(source).isNotEmpty();
        assertThat(printed("node-b.log").get(0)).isEqualTo("n " + (source.size() + 1));
    }

    @Test
    void aWorkloadThatCannotMoveIsToldWhyAndGoesOn() throws Exception {
        Ended demo =
                run("demo", "--image", "python", "--run-for", "1", "--tcp", "fail", "--", "python3", "-c", CONNECTED);

        assertThat(demo.exitCode()).as(demo.output()).isEqualTo(1);
        assertThat(demo.output())
                .contains("RollingBack")
                .contains("The pod did not move: RolledBack, CheckpointFailed")
                .contains("Connected TCP socket")
                .contains("The pod goes on as if nothing had happened.");
    }

    /** Everything that stands in the way is said before anything is done. */
    @Test
    void aPodThatMayNotMoveIsToldAllReasonsAndGoesOn() throws Exception {
        Path pod = Files.writeString(directory.resolve("pod.yaml"), """
                apiVersion: v1
                kind: Pod
                metadata: {name: own}
                spec:
                  hostIPC: true
                  containers: [{name: app, image: busybox, tty: true, command: [/bin/busybox, sleep, "600"]}]
                """);

        Ended demo = run("demo", "--pod", pod.toString(), "--run-for", "0");

        assertThat(demo.exitCode()).as(demo.output()).isEqualTo(1);
        assertThat(demo.output())
                .contains("The PodMigration was refused, for the pod cannot be moved:")
                .contains("has hostIPC", "create it without")
                .contains("has a tty", "create the pod without tty: true")
                .contains("The pod goes on as if nothing had happened.");
    }

    @Test
    void everyContainerOfAPodMoves() throws Exception {
        Path pod = Files.writeString(directory.resolve("pod.yaml"), """
                apiVersion: v1
                kind: Pod
                metadata: {name: own, namespace: team}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                    - name: idle
                      image: registry.example/app:1
                      command: [/bin/busybox, sh, -c, "while true; do sleep 1; done"]
                    - name: app
                      image: registry.example/app:1
                      command: [/bin/busybox, sh, -c, "n=0; while true; do n=$((n + 1)); echo n $n; usleep 50000; done"]
                """);

        Ended demo = run(
                "demo",
                "--pod",
                pod.toString(),
                "--use",
                "registry.example/app:1=busybox",
                "--container",
                "app",
                "--run-for",
                "1");

        assertThat(demo.exitCode()).as(demo.output()).isZero();
        assertThat(demo.output())
                .contains("ok     'app': the first process is the same run of the program")
                .contains("ok     'idle': the first process is the same run of the program")
                .contains("It went on where it stood still.");
        List<String> source = printed("node-a.log");
        assertThat(source).isNotEmpty();
        assertThat(printed("node-b.log").get(0)).isEqualTo("n " + (source.size() + 1));
    }

    @Test
    void aPodThatDoesNotStartIsToldWhy() throws Exception {
        Ended demo = run("demo", "--image", "busybox", "--", "/bin/busybox", "sh", "-c", "echo no luck; exit 3");

        assertThat(demo.exitCode()).as(demo.output()).isEqualTo(1);
        assertThat(demo.output()).contains("error: the container 'main' ended before it could move: no luck");
    }

    @Test
    void anUnknownImageIsAnsweredWithTheRemedy() throws Exception {
        Path pod = Files.writeString(directory.resolve("pod.yaml"), """
                apiVersion: v1
                kind: Pod
                metadata: {name: own}
                spec: {containers: [{name: app, image: "registry.example/app:1"}]}
                """);

        Ended demo = run("demo", "--pod", pod.toString());

        assertThat(demo.exitCode()).as(demo.output()).isEqualTo(1);
        assertThat(demo.output())
                .contains("error: there is no image 'registry.example/app:1' here")
                .contains("--use registry.example/app:1=debian");
    }

    @Test
    void nothingIsLeftAfterAnInterrupt() throws Exception {
        interruptedAt("until Ctrl-C", "demo", "--keep");
    }

    @Test
    void nothingIsLeftAfterAnInterruptInTheMiddle() throws Exception {
        interruptedAt("Accepted=True", "demo");
    }

    private void interruptedAt(String words, String... arguments) throws Exception {
        Process demo = start(arguments);
        String sandbox;
        try {
            assertThat(RunningContainer.await(LONG, () -> output().contains(words) || !demo.isAlive()))
                    .as(output())
                    .isTrue();
            sandbox = demo.descendants()
                    .map(DemoTest::commandLine)
                    .flatMap(line -> Pattern.compile("\\S*/sandboxes/s\\d+")
                            .matcher(line)
                            .results())
                    .map(found -> found.group())
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(output()));
            List<Path> groups = controlGroups(demo);
            assertThat(Leftovers.of(sandbox)).isNotEmpty();
            assertThat(groups).isNotEmpty().allMatch(Files::exists);

            Processes.signal(Math.toIntExact(demo.pid()), Signal.SIGINT);

            assertThat(demo.waitFor(60, TimeUnit.SECONDS)).as(output()).isTrue();
            assertThat(demo.exitValue()).isEqualTo(130);
            assertThat(output()).doesNotContain("error: ");
            assertThat(Leftovers.of(sandbox)).isEmpty();
            assertThat(groups).noneMatch(Files::exists);
        } finally {
            demo.destroyForcibly();
        }
    }

    private static String commandLine(ProcessHandle process) {
        return Leftovers.read(Path.of("/proc/" + process.pid() + "/cmdline")).replace('\0', ' ');
    }

    /** The sandbox's own, as the processes in them tell. */
    private static List<Path> controlGroups(Process demo) {
        boolean unified = Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));
        return demo.descendants()
                .flatMap(process -> Processes.controlGroups(Math.toIntExact(process.pid())).entrySet().stream())
                .filter(group -> group.getValue().contains("/lpm-"))
                .map(group -> Path.of("/sys/fs/cgroup"
                        + (unified ? "" : "/" + group.getKey().replace("name=", ""))
                        + group.getValue()))
                .distinct()
                .toList();
    }
}
