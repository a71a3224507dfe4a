package domain.my.lpm.sandbox.migration;

import static domain.my.lpm.sandbox.migration.Travel.awaitNextTick;
import static domain.my.lpm.sandbox.migration.Travel.nonces;
import static domain.my.lpm.sandbox.migration.Travel.ticks;
import static domain.my.lpm.sandbox.migration.Travel.upTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.Result;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster.Arrival;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import domain.my.lpm.sandbox.migration.Travel.Hop;
import domain.my.lpm.sandbox.migration.Travel.Landing;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A held source does nothing after the dump, until it goes on as if nothing had been or never does anything again. */
@Tag("real")
class HoldTest {
    @AutoClose
    private static final Cluster cluster = new Cluster();

    @Test
    @Tag("vm")
    void notOneTickPassesOutOfTheRuntimesHold() {
        try (RunningPod pod = cluster.source.run(Travel.ticker("still"))) {
            RunningContainer source = pod.container("main");
            awaitNextTick(source);
            try (Arrival arrival = cluster.migrate(source, Journey.PLAIN)) {
                assertThat(arrival.status().state()).as(arrival.said()).isEqualTo(State.RESTORED);
                int held = ticks(source.output()).size();
                // The copy ticks long enough for the source to tick, too, were it not held.
                arrival.container().awaitLine(line -> line.startsWith("tick " + (held + 20) + " "), Cluster.SOON);
                assertThat(ticks(source.output())).isEqualTo(upTo(held));
                assertThat(ticks(arrival.container().output())).startsWith(held + 1, held + 2);

                arrival.checkpoint().fence();
                assertThat(source.awaitExit(Cluster.SOON)).isEqualTo(137);
                assertThat(ticks(source.output())).isEqualTo(upTo(held));
            }
        }
    }

    @Test
    void notOneTickPassesOutOfTheLaunchersHold() {
        try (RunningPod pod = cluster.source.run(Travel.ticker("silent"))) {
            RunningContainer source = pod.container("main");
            awaitNextTick(source);
            try (Landing landing = Travel.hop(
                    cluster, source, cluster.target, Travel.named(Travel.ticker("silent"), "silent-2"), Hop.PLAIN)) {
                assertThat(landing.status().state()).as(landing.said()).isEqualTo(State.RESTORED);
                int held = ticks(source.output()).size();
                landing.container().awaitLine(line -> line.startsWith("tick " + (held + 20) + " "), Cluster.SOON);
                assertThat(ticks(source.output())).isEqualTo(upTo(held));
                assertThat(ticks(landing.container().output())).startsWith(held + 1, held + 2);

                assertThat(SourceAgent.end(source, "fence").exitCode()).isZero();
                assertThat(source.awaitExit(Cluster.SOON)).isEqualTo(137);
                assertThat(ticks(source.output())).isEqualTo(upTo(held));
            }
        }
    }

    @Test
    void theSourceOfTheRuntimesCheckpointGoesOnAfterAFailedRestore() {
        try (RunningPod pod = cluster.source.run(Travel.ticker("rejected"));
                RunningPod target = cluster.target.run(TargetPod.of(Travel.ticker("rejected")))) {
            RunningContainer source = pod.container("main");
            awaitNextTick(source);
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(source, RuntimeCheckpoint.Options.HOLD);
            String id = cluster.newId();
            SourceAgent.store(source, checkpoint, id, Form.EXTRACTED, cluster.sandbox.share(), new AgentKey());

            assertRefused(target.container("main"), source, SourceAgent.uri(source, id));
            int held = ticks(source.output()).size();
            checkpoint.resume();
            assertGoesOn(source, held);
        }
    }

    @Test
    void theSourceOfTheLaunchersCheckpointGoesOnAfterAFailedRestore() {
        try (RunningPod pod = cluster.source.run(Travel.ticker("turned-away"));
                RunningPod target = cluster.target.run(TargetPod.of(Travel.ticker("turned-away")))) {
            RunningContainer source = pod.container("main");
            awaitNextTick(source);
            CheckpointUri uri = checkpointSignedByAStranger(source);

            assertRefused(target.container("main"), source, uri);
            int held = ticks(source.output()).size();
            Result resume = SourceAgent.end(source, "resume");
            assertThat(resume.exitCode()).as(resume.error()).isZero();
            assertGoesOn(source, held);
        }
    }

    /** The rolled back source is as good as new: it can be held and restored once more. */
    @Test
    @Tag("vm")
    void aSourceThatWentOnCanLeaveAtTheSecondAttempt() {
        try (RunningPod pod = cluster.source.run(Travel.ticker("patient"))) {
            RunningContainer source = pod.container("main");
            awaitNextTick(source);
            SourceAgent.checkpoint(source, cluster.newId(), List.of());
            assertThat(SourceAgent.end(source, "resume").exitCode()).isZero();
            awaitNextTick(source);
            try (Landing landing = Travel.hop(
                    cluster, source, cluster.target, Travel.named(Travel.ticker("patient"), "patient-2"), Hop.PLAIN)) {
                assertThat(landing.status().state()).as(landing.said()).isEqualTo(State.RESTORED);
                awaitNextTick(landing.container());
                List<String> all = Travel.outputs(List.of(source, landing.container()));
                assertThat(nonces(all)).hasSize(1);
                assertThat(ticks(all)).isEqualTo(upTo(ticks(all).size()));
            }
        }
    }

    @Test
    void aRunningSourceCannotBeFenced() {
        try (RunningPod pod = cluster.source.run(Travel.ticker("alive"))) {
            RunningContainer source = pod.container("main");
            awaitNextTick(source);
            Result fence = SourceAgent.end(source, "fence");
            assertThat(fence.exitCode()).isEqualTo(1);
            assertThat(fence.error())
                    .contains("of the source are running, so that it cannot be fenced without loss; hold it by a"
                            + " checkpoint first, or delete its pod");
            awaitNextTick(source);
            assertThat(ticks(source.output()))
                    .isEqualTo(upTo(ticks(source.output()).size()));
        }
    }

    @Test
    void aRefusedDumpLeavesTheSourceRunning() throws Exception {
        // A connection to itself, which the policy refuses.
        String program = """
                import socket, time, uuid
                server = socket.create_server(("127.0.0.1", 7000))
                client = socket.create_connection(("127.0.0.1", 7000))
                peer, _ = server.accept()
                nonce = uuid.uuid4()
                n = 0
                while True:
                    n += 1
                    print(f"tick {n} nonce={nonce}", flush=True)
                    time.sleep(0.02)
                """;
        var specified = Specimens.script("connected", "").build();
        specified.getSpec().getContainers().get(0).setImage("docker.io/library/python:3.13");
        specified.getSpec().getContainers().get(0).setCommand(List.of("python3", "-c", program));
        try (RunningPod pod = cluster.source.run(specified)) {
            RunningContainer source = pod.container("main");
            awaitNextTick(source);

            assertThatThrownBy(() -> RuntimeCheckpoint.take(source, RuntimeCheckpoint.Options.HOLD))
                    .isInstanceOf(SandboxException.class)
                    .hasMessageContaining("the checkpoint of 'main' failed")
                    .hasMessageContaining("Connected TCP socket");
            awaitNextTick(source);

            String id = cluster.newId();
            assertThatThrownBy(() -> SourceAgent.checkpoint(source, id, List.of("--tcp", "fail")))
                    .isInstanceOf(SandboxException.class)
                    .hasMessageContaining("CRIU's dump failed: ")
                    .hasMessageContaining("Connected TCP socket");
            awaitNextTick(source);
            List<String> lines = source.output();
            assertThat(nonces(lines)).hasSize(1);
            assertThat(ticks(lines)).isEqualTo(upTo(ticks(lines).size()));
            try (var left = Files.walk(cluster.sandbox.share())) {
                assertThat(left.filter(path -> path.toString().contains(id))).isEmpty();
            }
        }
    }

    private static CheckpointUri checkpointSignedByAStranger(RunningContainer source) {
        new AgentKey().install(cluster.source);
        try {
            return SourceAgent.checkpoint(source, cluster.newId(), List.of());
        } finally {
            cluster.key.install(cluster.source);
        }
    }

    private static void assertRefused(RunningContainer target, RunningContainer source, CheckpointUri uri) {
        int held = ticks(source.output()).size();
        try (Standby standby =
                Standby.start(target, SourceAgent.owner(source), List.of()).awaitReady(Cluster.SOON)) {
            Status status = standby.release(uri).awaitOutcome(Cluster.SOON);
            assertThat(status.state()).isEqualTo(State.FAILED);
            assertThat(status.message()).contains("trust");
            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
        }
        assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);
        assertThat(target.output()).isEmpty();
        assertThat(ticks(source.output())).isEqualTo(upTo(held));
    }

    private static void assertGoesOn(RunningContainer source, int held) {
        source.awaitLine(line -> line.startsWith("tick " + (held + 5) + " "), Cluster.SOON);
        assertThat(nonces(source.output())).hasSize(1);
        assertThat(ticks(source.output())).isEqualTo(upTo(ticks(source.output()).size()));
    }
}
