package domain.my.lpm.sandbox.agent;

import static domain.my.lpm.sandbox.agent.AgentMigrationTest.assertContinued;
import static domain.my.lpm.sandbox.agent.AgentMigrationTest.assertGoesOn;
import static domain.my.lpm.sandbox.agent.AgentMigrationTest.awaitNextTick;
import static domain.my.lpm.sandbox.agent.AgentMigrationTest.kinds;
import static domain.my.lpm.sandbox.agent.AgentMigrationTest.prepare;
import static domain.my.lpm.sandbox.agent.AgentMigrationTest.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerOutcome;
import domain.my.lpm.agent.protocol.FenceRequest;
import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.agent.protocol.ResumeRequest;
import domain.my.lpm.agent.protocol.SyncCheckpointRequest;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster;
import domain.my.lpm.sandbox.migration.TargetPod;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Agents are killed in the middle, and their successors finish or undo what they find. */
@Tag("real")
class AgentDeathTest {
    private static final String TICKS = """
            read -r nonce < /proc/sys/kernel/random/uuid
            n=0
            trap 'exit 0' TERM
            while true; do
                n=$((n + 1))
                echo "tick $n nonce=$nonce"
                usleep 20000
            done
            """;

    @AutoClose
    private static final AgentPair pair = new AgentPair(Specimens.settings());

    private final List<AgentPair.Served> agents = new ArrayList<>();

    @AfterEach
    void end() throws Exception {
        for (AgentPair.Served each : agents) {
            each.close();
        }
        pair.removePods();
    }

    private AgentPair.Served kept(AgentPair.Served agent) {
        agents.add(agent);
        return agent;
    }

    private static Pod ticker(String name) {
        return Specimens.script(name, TICKS).build();
    }

    private static ResumeRequest resume(RunningPod source) {
        return ResumeRequest.newBuilder().setSource(AgentPair.reference(source)).build();
    }

    /** Whatever was undone: the source goes on, nothing is left, and the same call then succeeds. */
    @ParameterizedTest
    @EnumSource(
            value = Step.class,
            names = {"RECORD_CHECKPOINT", "RUN_CHECKPOINT_LAUNCHER", "COMPLETE_CHECKPOINT"})
    void killedBeforeAStepOfTheCheckpoint(Step step) throws Exception {
        RunningPod from = pair.run(pair.cluster.source, ticker("cut-short"));
        RunningContainer source = from.container("main");
        awaitNextTick(source);
        CheckpointRequest request =
                AgentPair.checkpoint(from, pair.cluster.newId()).build();
        try (AgentPair.Served doomed = pair.serveApart(pair.cluster.source, "before " + step)) {
            assertThatThrownBy(() -> AgentPair.take(doomed, request)).hasMessageContaining("UNAVAILABLE");
        }

        AgentPair.Served agent = kept(pair.serve(pair.cluster.source));
        if (step == Step.COMPLETE_CHECKPOINT) {
            assertGoesOn(source);
            try (Stream<Path> left = Files.walk(pair.cluster.sandbox.share())) {
                assertThat(left.map(Path::toString).filter(path -> path.contains(from.uid())))
                        .isEmpty();
            }
        }
        PodArtifact artifact = AgentPair.take(agent, request);

        assertThat(artifact.getContainersCount()).isEqualTo(1);
        assertThat(agent.stub().resume(resume(from)).getWasHeld()).isTrue();
        assertGoesOn(source);
    }

    private static List<Path> journal() throws IOException {
        try (Stream<Path> entries = Files.list(pair.cluster.source.root().resolve("agent/work/agent/checkpoints"))) {
            return entries.toList();
        }
    }

    /** What is complete, but perhaps in memory alone, is brought to stable storage by the successor; its source stays held. */
    @Test
    void killedBeforeACompleteCheckpointWasOnStableStorage() throws Exception {
        RunningPod from = pair.run(pair.cluster.source, ticker("not-synced"));
        awaitNextTick(from.container("main"));
        String id = pair.cluster.newId();
        CheckpointRequest request =
                AgentPair.checkpoint(from, id).setDurableLater(true).build();
        SyncCheckpointRequest sync = SyncCheckpointRequest.newBuilder()
                .setSource(AgentPair.reference(from))
                .setCheckpointId(id)
                .setDeadlineMillis(Cluster.SOON.toMillis())
                .build();
        try (AgentPair.Served doomed = pair.serveApart(pair.cluster.source, "after COMPLETE_CHECKPOINT")) {
            assertThatThrownBy(() -> doomed.stub().syncCheckpoint(sync))
                    .hasMessageContaining("NOT_FOUND: there is no complete checkpoint " + id);
            assertThatThrownBy(() -> AgentPair.take(doomed, request)).hasMessageContaining("UNAVAILABLE");
        }
        assertThat(journal()).singleElement().asString().contains(id);

        AgentPair.Served agent = kept(pair.serve(pair.cluster.source));
        agent.stub().syncCheckpoint(sync);

        assertThat(journal()).isEmpty();
        assertThat(AgentPair.take(agent, request).getContainersCount()).isEqualTo(1);
        assertThat(agent.stub().resume(resume(from)).getWasHeld()).isTrue();
        assertGoesOn(from.container("main"));
    }

    /** A dump that is under way is not broken off: it is undone when it is done. */
    @Test
    void killedWhileTheLauncherDumps() throws Exception {
        RunningPod from = pair.run(pair.cluster.source, ticker("dumping"));
        awaitNextTick(from.container("main"));
        CheckpointRequest request =
                AgentPair.checkpoint(from, pair.cluster.newId()).build();
        try (AgentPair.Served doomed = pair.serveApart(pair.cluster.source, "-")) {
            var call = java.util.concurrent.CompletableFuture.runAsync(() -> AgentPair.take(doomed, request));
            Path dumps = pair.cluster.sandbox.share();
            assertThat(RunningContainer.await(Cluster.SOON, () -> {
                        try (Stream<Path> files = Files.list(dumps)) {
                            return files.anyMatch(
                                    path -> path.getFileName().toString().endsWith("-main.dump"));
                        } catch (java.io.IOException error) {
                            return false;
                        }
                    }))
                    .isTrue();
            doomed.close();
            assertThatThrownBy(call::join).hasMessageContaining("UNAVAILABLE");
        }

        kept(pair.serve(pair.cluster.source));

        assertGoesOn(from.container("main"));
        try (Stream<Path> left = Files.walk(pair.cluster.sandbox.share())) {
            assertThat(left.map(Path::toString).filter(path -> path.contains(from.uid())))
                    .isEmpty();
        }
    }

    @Test
    void killedWhileHeldStandingByAndComplete() throws Exception {
        RunningPod from = pair.run(pair.cluster.source, ticker("survives"));
        RunningPod to = pair.run(pair.cluster.target, TargetPod.of(ticker("survives")));
        awaitNextTick(from.container("main"));
        try (AgentPair.Served b = pair.serveApart(pair.cluster.target, "-")) {
            b.stub().prepare(prepare(to, from));
        }
        CheckpointRequest request =
                AgentPair.checkpoint(from, pair.cluster.newId()).build();
        PodArtifact artifact;
        try (AgentPair.Served a = pair.serveApart(pair.cluster.source, "-")) {
            artifact = AgentPair.take(a, request);
        }
        try (AgentPair.Served b = pair.serveApart(pair.cluster.target, "after RELEASE")) {
            b.stub().prepare(prepare(to, from));
            assertThatThrownBy(() -> AgentPair.restore(b, AgentPair.release(to, artifact)))
                    .hasMessageContaining("UNAVAILABLE");
        }
        try (AgentPair.Served b = pair.serveApart(pair.cluster.target, "before SAY_RUN")) {
            assertThat(kinds(AgentPair.restore(b, AgentPair.release(to, artifact))
                            .getContainersList()))
                    .containsExactly(ContainerOutcome.Kind.COMPLETE);
            assertThatThrownBy(() -> b.stub().run(run(to))).hasMessageContaining("UNAVAILABLE");
        }
        assertThat(to.container("main").output()).isEmpty();
        try (AgentPair.Served b = pair.serveApart(pair.cluster.target, "after SAY_RUN")) {
            assertThatThrownBy(() -> b.stub().run(run(to))).hasMessageContaining("UNAVAILABLE");
        }

        AgentPair.Served b = kept(pair.serve(pair.cluster.target));
        assertThat(kinds(b.stub().run(run(to)).getContainersList())).containsExactly(ContainerOutcome.Kind.RUNNING);
        assertContinued(from.container("main"), to.container("main"));

        try (AgentPair.Served a = pair.serveApart(pair.cluster.source, "before FENCE")) {
            assertThat(AgentPair.take(a, request)).as("still held").isEqualTo(artifact);
            FenceRequest fence = FenceRequest.newBuilder()
                    .setSource(AgentPair.reference(from))
                    .build();
            from.container("main").signal("TERM");
            assertThatThrownBy(() -> a.stub().fence(fence)).hasMessageContaining("UNAVAILABLE");
        }
        assertThat(from.container("main").isRunning()).isTrue();
        kept(pair.serve(pair.cluster.source));
        assertThat(from.container("main").isRunning())
                .as("the fence is carried out")
                .isFalse();
    }

    /** The hand-over was decided when its launcher died: the copy is restored once more, and runs. */
    @Test
    void theLauncherIsKilledBetweenCompleteAndRun() throws Exception {
        RunningPod from = pair.run(pair.cluster.source, ticker("again"));
        RunningPod to = pair.run(pair.cluster.target, TargetPod.of(ticker("again")));
        awaitNextTick(from.container("main"));
        AgentPair.Served a = kept(pair.serve(pair.cluster.source));
        AgentPair.Served b = kept(pair.serve(pair.cluster.target));
        b.stub().prepare(prepare(to, from));
        PodArtifact artifact = AgentPair.take(
                a, AgentPair.checkpoint(from, pair.cluster.newId()).build());
        AgentPair.restore(b, AgentPair.release(to, artifact));
        String commit = "/work/launchers/" + to.uid() + "/main/commit";
        ProcessHandle.allProcesses()
                .filter(process -> domain.my.lpm.sandbox.Leftovers.read(Path.of("/proc/" + process.pid() + "/cmdline"))
                        .contains(commit))
                .filter(process -> domain.my.lpm.sandbox.Leftovers.read(Path.of("/proc/" + process.pid() + "/comm"))
                        .startsWith("java"))
                .forEach(ProcessHandle::destroyForcibly);

        assertThat(kinds(b.stub().run(run(to)).getContainersList())).containsExactly(ContainerOutcome.Kind.RUNNING);

        assertContinued(from.container("main"), to.container("main"));
    }
}
