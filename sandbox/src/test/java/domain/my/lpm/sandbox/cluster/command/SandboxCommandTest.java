package domain.my.lpm.sandbox.cluster.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import domain.my.lpm.sandbox.Main;
import domain.my.lpm.sandbox.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** What a newcomer types into two terminals, in JVMs of their own as ./lpm starts them. */
@Tag("real")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SandboxCommandTest {
    private static final Duration LONG = Patience.of(Duration.ofMinutes(2));
    private static final Path COUNTER = Path.of("../samples/counter/pod.yaml");

    private static Path directory;

    private static Process cluster;

    private record Ended(int exitCode, String output, String error) {}

    private static Process start(String name, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "-Dlpm.project=" + Path.of("..").toRealPath(),
                "-Dlpm.buildRoot=" + System.getProperty("lpm.buildRoot"),
                "-Dlpm.toolkit=" + System.getProperty("lpm.toolkit"),
                "-Dlpm.work=" + Path.of(System.getProperty("lpm.work"), "command"),
                Main.class.getName(),
                "sandbox"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectOutput(directory.resolve(name + ".output").toFile())
                .redirectError(directory.resolve(name + ".error").toFile())
                .start();
    }

    private static Ended run(String... arguments) throws Exception {
        Process process = start("command", arguments);
        try {
            boolean ended = process.waitFor(LONG.toMillis(), TimeUnit.MILLISECONDS);
            Ended result = new Ended(ended ? process.exitValue() : -1, said("command.output"), said("command.error"));
            assertThat(ended).as(result.toString()).isTrue();
            return result;
        } finally {
            process.destroyForcibly();
        }
    }

    private static String said(String file) throws IOException {
        return Files.readString(directory.resolve(file));
    }

    @BeforeAll
    static void up(@TempDir Path temporary) throws Exception {
        directory = temporary;
        cluster = start("cluster");
        await().atMost(LONG)
                .failFast(() ->
                        assertThat(cluster.isAlive()).as(said("cluster.error")).isTrue())
                .until(() -> said("cluster.output").contains("Ctrl-C removes all of it"));
    }

    @AfterAll
    static void down() {
        cluster.destroyForcibly();
    }

    @Test
    @Order(1)
    void aPodIsAppliedShownAndDeleted() throws Exception {
        assertThat(run("apply", "-f", COUNTER.toString()))
                .matches(done -> done.exitCode() == 0 && done.output().equals("pod/counter created\n"));
        await().atMost(LONG)
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> run("get", "pods").output().matches("(?s).*\ncounter +1/1 +Running .*"));
        assertThat(run("get", "po", "counter", "-o", "yaml").output())
                .contains("kind: Pod\n", "name: counter\n", "phase: Running\n");
        Ended executed =
                run("exec", "counter", "--", "sh", "-c", "head -n 1 /data/counter.log; echo wrong >&2; exit 7");
        assertThat(executed.exitCode()).isEqualTo(7);
        assertThat(executed.output()).startsWith("tick 1 nonce=");
        assertThat(executed.error()).isEqualTo("wrong\n");
        assertThat(run("logs", "counter").output()).startsWith("tick 1 nonce=");
        assertThat(run("get", "nodes").output()).contains("node-a   Ready", "node-b   Ready");
        assertThat(run("delete", "pod", "counter").output()).isEqualTo("pod/counter deleted\n");
        assertThat(run("get", "pods").error()).isEqualTo("No resources found.\n");
    }

    @Test
    @Order(2)
    void whatIsWrongIsNamed() throws Exception {
        assertThat(run("get", "pod", "none"))
                .matches(done -> done.exitCode() == 1 && done.error().contains("pods \"none\" not found"));
        assertThat(run("get", "cats").error()).contains("there is no kind 'cats': there are configmaps, ");
        assertThat(run().error()).contains("a sandbox is up already, in the process " + cluster.pid());
    }

    @Test
    @Order(3)
    void anInterruptRemovesAllOfIt() throws Exception {
        Path work = Path.of(System.getProperty("lpm.work"), "command");
        assertThat(work.resolve("sandboxes")).isNotEmptyDirectory();
        new ProcessBuilder("kill", "-INT", Long.toString(cluster.pid())).start().waitFor();
        assertThat(cluster.waitFor(LONG.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        assertThat(said("cluster.output")).contains("Everything is removed.");
        assertThat(work.resolve("sandboxes")).isEmptyDirectory();
        assertThat(work.resolve("cluster/kubeconfig")).doesNotExist();
        assertThat(run("get", "pods").error()).contains("no sandbox is up: start one with ./lpm sandbox");
    }
}
