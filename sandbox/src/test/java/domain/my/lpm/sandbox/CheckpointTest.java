package domain.my.lpm.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class CheckpointTest {
    private static final Duration SOON = Duration.ofSeconds(10);

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
}
