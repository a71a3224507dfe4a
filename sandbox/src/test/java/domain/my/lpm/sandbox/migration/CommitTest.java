package domain.my.lpm.sandbox.migration;

import static domain.my.lpm.sandbox.migration.Travel.awaitNextTick;
import static domain.my.lpm.sandbox.migration.Travel.nonces;
import static domain.my.lpm.sandbox.migration.Travel.ticks;
import static domain.my.lpm.sandbox.migration.Travel.upTo;
import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jnr.constants.platform.Signal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing of a copy runs before the word, and the word decides what becomes of it. */
@Tag("real")
class CommitTest {
    private static final String PIPE = "/work/commit";
    private static final String RELEASE = "/work/release";

    @AutoClose
    private static final Cluster cluster = new Cluster();

    private RunningPod sourcePod;
    private RunningPod pod;
    private RunningContainer source;
    private RunningContainer target;

    @BeforeEach
    void start() {
        sourcePod = cluster.source.run(Travel.ticker("candidate"));
        source = sourcePod.container("main");
        pod = cluster.target.run(TargetPod.of(Travel.ticker("candidate")));
        target = pod.container("main");
        for (String pipe : List.of(PIPE, RELEASE)) {
            Processes.makePipe(onNode(cluster.target, pipe).toString());
        }
    }

    @AfterEach
    void end() throws IOException {
        pod.close();
        sourcePod.close();
        for (String pipe : List.of(PIPE, RELEASE)) {
            Files.delete(onNode(cluster.target, pipe));
        }
    }

    private static Path onNode(Node node, String path) {
        return node.root().resolve("agent" + path);
    }

    private Standby standby(String... more) {
        List<String> options = new ArrayList<>(List.of("--commit", PIPE, "--release", RELEASE));
        options.addAll(List.of(more));
        return Standby.start(target, SourceAgent.owner(source), options).awaitReady(Cluster.SOON);
    }

    private static void say(String pipe, String word) {
        try (FileOutputStream output =
                new FileOutputStream(onNode(cluster.target, pipe).toFile())) {
            output.write((word + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }

    private CheckpointUri checkpoint() {
        awaitNextTick(source);
        return SourceAgent.checkpoint(source, cluster.newId(), List.of());
    }

    private static void await(Standby standby, State state) {
        boolean reached = RunningContainer.await(
                Cluster.SOON,
                () -> standby.status().state() == state || standby.status().outcome() != null);
        assertThat(reached).as(standby.said()).isTrue();
        assertThat(standby.status().state()).as(standby.said()).isEqualTo(state);
    }

    /** It is a child of the launcher's shell, and no other process than the control group tells whose it is. */
    private static int criuOf(RunningContainer container) {
        return ProcessHandle.allProcesses()
                .map(process -> (int) process.pid())
                .filter(pid -> Processes.controlGroups(pid).values().stream()
                        .anyMatch(group -> group.endsWith("/crio-" + container.id())))
                .filter(pid -> Processes.status(pid).getOrDefault("Name", "").equals("criu"))
                .findFirst()
                .orElseThrow();
    }

    private static void awaitRestoredOnly(RunningContainer container, int processes) {
        boolean left = RunningContainer.await(
                Cluster.SOON,
                () -> container.processes().stream()
                                .filter(process -> process.state() != 'Z')
                                .count()
                        == processes);
        assertThat(left).as("%s", container.processes()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--lazy"})
    void runsNotBeforeTheWord(String option) {
        try (Standby standby = option.isEmpty() ? standby() : standby(option)) {
            say(RELEASE, checkpoint().toString());
            await(standby, State.COMPLETE);
            List<Integer> before = ticks(source.output());
            assertThat(standby.status().processId()).isGreaterThan(1);
            assertThat(standby.status().outcome()).isNull();
            // A restore that is complete does not end by its starter's silence, nor by junk.
            say(PIPE, "go");
            assertThat(RunningContainer.await(
                            java.time.Duration.ofMillis(300),
                            () -> standby.status().state() != State.COMPLETE))
                    .isFalse();
            assertThat(target.output()).isEmpty();

            say(PIPE, "run");

            assertThat(standby.awaitExit(Cluster.SOON)).as(standby.said()).isZero();
            assertThat(standby.status().state()).isEqualTo(State.RESTORED);
            assertThat(standby.status().timingsMillis()).containsKeys("criu", "commit", "resume");
            assertThat(standby.said()).contains("'go' is no word about a restore and was ignored");
            awaitNextTick(target);
            assertThat(nonces(target.output())).isEqualTo(nonces(source.output()));
            List<Integer> all = new ArrayList<>(before);
            all.addAll(ticks(target.output()));
            assertThat(all).isEqualTo(upTo(all.size()));
        }
    }

    @Test
    void undoneByTheWordTheSourceGoesOn() {
        try (Standby standby = standby("--on-failure", "fresh")) {
            say(RELEASE, checkpoint().toString());
            await(standby, State.COMPLETE);

            say(PIPE, "stop");

            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
            Status status = standby.status();
            assertThat(status.state()).isEqualTo(State.FAILED);
            assertThat(status.message())
                    .isEqualTo("it was told to stop before anything ran; the target pod can be deleted");
        }
        assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);
        assertThat(target.output()).isEmpty();
        assertThat(SourceAgent.end(source, "resume").exitCode()).isZero();
        awaitNextTick(source);
        assertThat(nonces(source.output())).hasSize(1);
        assertThat(ticks(source.output())).isEqualTo(upTo(ticks(source.output()).size()));
    }

    @Test
    void stopsInStandby() {
        try (Standby standby = standby("--on-failure", "fresh")) {
            say(PIPE, "stop");

            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
            assertThat(standby.status().message())
                    .isEqualTo("it was told to stop before anything ran; the target pod can be deleted");
        }
        assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);
        assertThat(target.output()).isEmpty();
    }

    @Test
    void startsAnewByTheWord() {
        try (Standby standby = standby()) {
            say(RELEASE, checkpoint().toString());
            await(standby, State.COMPLETE);

            say(PIPE, "fresh");

            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(10);
            assertThat(standby.status().state()).isEqualTo(State.FRESH);
            assertThat(standby.status().message()).isEqualTo("it was told to start anew when its restore was complete");
        }
        awaitNextTick(target);
        assertThat(ticks(target.output())).startsWith(1);
        assertThat(nonces(target.output())).hasSize(1).doesNotContainAnyElementsOf(nonces(source.output()));
    }

    @Test
    void whatCannotBeRestoredWaitsForTheWord() {
        try (Standby standby = standby("--on-failure", "fresh")) {
            say(RELEASE, "shared://" + sourcePod.uid() + "/none/main");
            await(standby, State.UNRESTORABLE);
            assertThat(standby.status().message()).contains("there is no such checkpoint in the repository");
            assertThat(standby.status().outcome()).isNull();
            say(PIPE, "run");
            assertThat(RunningContainer.await(
                            java.time.Duration.ofMillis(300),
                            () -> standby.status().state() != State.UNRESTORABLE))
                    .isFalse();
            assertThat(target.output()).isEmpty();

            say(PIPE, "fresh");

            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(10);
            assertThat(standby.status().state()).isEqualTo(State.FRESH);
            assertThat(standby.status().message()).contains("there is no such checkpoint in the repository");
        }
        awaitNextTick(target);
        assertThat(ticks(target.output())).startsWith(1);
    }

    @Test
    void whatCannotBeRestoredEndsByTheWordOrAtOnce() {
        try (Standby standby = standby("--on-failure", "fresh")) {
            say(RELEASE, "shared://" + sourcePod.uid() + "/none/main");
            await(standby, State.UNRESTORABLE);
            say(PIPE, "stop");
            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
            assertThat(standby.status().state()).isEqualTo(State.FAILED);
        }
        assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);
        target = pod.restartContainer("main");
        try (Standby standby = standby()) {
            say(RELEASE, "shared://" + sourcePod.uid() + "/none/main");
            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
            assertThat(standby.status().message()).contains("there is no such checkpoint in the repository");
        }
        assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);
        assertThat(target.output()).isEmpty();
    }

    @Test
    void itEndsWithItsContainerAndWithCriu() {
        try (Standby standby = standby()) {
            CheckpointUri uri = checkpoint();
            say(RELEASE, uri.toString());
            await(standby, State.COMPLETE);
            Processes.signal(criuOf(target), Signal.SIGKILL);
            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
            assertThat(standby.status().message())
                    .contains("CRIU ended with signal 9 while the restored processes waited");
            assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);

            target = pod.restartContainer("main");
            try (Standby second = standby()) {
                say(RELEASE, uri.toString());
                await(second, State.COMPLETE);
                target.signal("KILL");
                assertThat(second.awaitExit(Cluster.SOON)).isEqualTo(20);
                assertThat(second.status().message())
                        .startsWith("the container ended while the launcher was at work in it");
            }
        }
        assertThat(target.output()).isEmpty();
    }

    /** Killed while it is complete, a launcher leaves a container that waits for the next one. */
    @Test
    void theNextLauncherTakesOver() {
        CheckpointUri uri;
        try (Standby standby = standby()) {
            uri = checkpoint();
            say(RELEASE, uri.toString());
            await(standby, State.COMPLETE);
        }
        awaitRestoredOnly(target, 1);
        try (Standby standby = standby()) {
            say(RELEASE, uri.toString());
            await(standby, State.COMPLETE);
            say(PIPE, "run");
            assertThat(standby.awaitExit(Cluster.SOON)).as(standby.said()).isZero();
        }
        awaitNextTick(target);
        assertThat(nonces(target.output())).isEqualTo(nonces(source.output()));
    }
}
