package domain.my.lpm.sandbox.migration;

import static domain.my.lpm.sandbox.migration.Travel.awaitNextTick;
import static domain.my.lpm.sandbox.migration.Travel.nonces;
import static domain.my.lpm.sandbox.migration.Travel.ticks;
import static domain.my.lpm.sandbox.migration.Travel.upTo;
import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A target that stands by: what may come instead of a checkpoint, and what a second start of its container does. */
@Tag("real")
class StandbyTest {
    private static final Pod TICKER = Travel.ticker("candidate");

    @AutoClose
    private static final Cluster cluster = new Cluster();

    private static Standby standby(RunningContainer target, String... options) {
        return Standby.start(target, new Owner("default", "candidate", "main"), List.of(options))
                .awaitReady(Cluster.SOON);
    }

    private static String commandName(RunningContainer container) throws IOException {
        return Files.readString(Path.of("/proc/" + container.hostPid() + "/comm"))
                .strip();
    }

    /** As the kubelet asks: the command of the container's start-up probe, run in the container. */
    private static int probe(RunningContainer container) {
        List<String> command = container.pod().pod().getSpec().getContainers().stream()
                .filter(candidate -> candidate.getName().equals(container.name()))
                .findFirst()
                .orElseThrow()
                .getStartupProbe()
                .getExec()
                .getCommand();
        return container.exec(command).exitCode();
    }

    @Test
    void startsAnewWhenReleasedWithoutACheckpoint() throws IOException {
        try (RunningPod pod = cluster.target.run(TargetPod.of(TICKER))) {
            RunningContainer target = pod.container("main");
            try (Standby standby = standby(target)) {
                assertThat(commandName(target)).isEqualTo("lpm-standby");
                assertThat(probe(target)).isEqualTo(1);
                assertThat(target.output()).isEmpty();

                standby.releaseFresh();
                assertThat(standby.awaitOutcome(Cluster.SOON).state()).isEqualTo(State.FRESH);
                assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(10);
            }
            awaitNextTick(target);
            assertThat(commandName(target)).isEqualTo("lpm-fresh");
            assertThat(probe(target)).isZero();
            assertThat(ticks(target.output())).startsWith(1);
            target.signal("TERM");
            assertThat(target.awaitExit(Cluster.SOON)).isZero();
        }
    }

    /** CRIU would otherwise look at the kernel first when the application is already down. */
    @Test
    void criuKnowsTheKernelBeforeTheRelease() {
        try (RunningPod pod = cluster.target.run(TargetPod.of(TICKER))) {
            RunningContainer target = pod.container("main");
            try (Standby standby = standby(target)) {
                assertThat(RunningContainer.await(
                                Cluster.SOON,
                                () -> target.processes().stream()
                                        .anyMatch(process -> Files.exists(
                                                Path.of("/proc/" + process.pid() + "/root/run/criu.kdat")))))
                        .as(standby.said())
                        .isTrue();
            }
        }
    }

    @Test
    void failsWhenTheReleaseIsWithdrawn() {
        try (RunningPod pod = cluster.target.run(TargetPod.of(TICKER))) {
            RunningContainer target = pod.container("main");
            try (Standby standby = standby(target).withdraw()) {
                Status status = standby.awaitOutcome(Cluster.SOON);
                assertThat(status.state()).isEqualTo(State.FAILED);
                assertThat(status.message())
                        .endsWith("the release was withdrawn before it came; the target pod can be deleted");
                assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
            }
            assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);
            assertThat(target.output()).isEmpty();
        }
    }

    /** Nobody withdrew anything: the container waits on, for a launcher that may come after the one that died. */
    @Test
    void waitsOnWhenTheLauncherDiesAndTakesTheNextOne() throws IOException {
        try (RunningPod pod = cluster.target.run(TargetPod.of(TICKER))) {
            RunningContainer target = pod.container("main");
            standby(target).close();
            assertThat(commandName(target)).isEqualTo("lpm-standby");
            assertThat(probe(target)).isEqualTo(1);
            try (Standby second = standby(target).releaseFresh()) {
                assertThat(second.awaitExit(Cluster.SOON)).isEqualTo(10);
            }
            awaitNextTick(target);
            assertThat(ticks(target.output())).startsWith(1);
        }
    }

    @Test
    void endsAtTerm() {
        try (RunningPod pod = cluster.target.run(TargetPod.of(TICKER))) {
            RunningContainer target = pod.container("main");
            try (Standby standby = standby(target)) {
                target.signal("TERM");
                assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(143);
                Status status = standby.awaitOutcome(Cluster.SOON);
                assertThat(status.state()).isEqualTo(State.FAILED);
                assertThat(status.message())
                        .isEqualTo(
                                "the container ended while the launcher was at work in it; nothing of it runs, see its"
                                        + " exit code and, if it is wanted, start it again");
                assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
            }
            assertThat(target.output()).isEmpty();
        }
    }

    @Test
    void aSecondStartDoesNotTravelBackInTime() throws IOException {
        try (RunningPod sourcePod = cluster.source.run(TICKER);
                RunningPod pod = cluster.target.run(TargetPod.of(TICKER))) {
            RunningContainer source = sourcePod.container("main");
            awaitNextTick(source);
            RunningContainer target = pod.container("main");
            CheckpointUri uri;
            try (Standby standby = standby(target)) {
                uri = SourceAgent.checkpoint(source, cluster.newId(), List.of());
                standby.release(uri);
                assertThat(standby.awaitOutcome(Cluster.SOON).state())
                        .as(standby.said())
                        .isEqualTo(State.RESTORED);
            }
            awaitNextTick(target);
            assertThat(commandName(target)).isEqualTo("lpm-restored");
            assertThat(probe(target)).isZero();
            assertThat(SourceAgent.end(source, "fence").exitCode()).isZero();
            String travelled = nonces(source.output()).get(0);
            assertThat(nonces(target.output())).containsExactly(travelled);
            target.signal("KILL");
            assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(137);

            RunningContainer second = pod.restartContainer("main");
            assertThat(probe(second)).isEqualTo(1);
            try (Standby standby = standby(second).release(uri)) {
                Status status = standby.awaitOutcome(Cluster.SOON);
                assertThat(status.state()).isEqualTo(State.FRESH);
                assertThat(status.message()).endsWith("; a checkpoint is restored once; take a new one");
                assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(10);
            }
            awaitNextTick(second);
            assertThat(commandName(second)).isEqualTo("lpm-fresh");
            assertThat(nonces(second.output())).hasSize(1).doesNotContain(travelled);
            assertThat(ticks(second.output()))
                    .isEqualTo(upTo(ticks(second.output()).size()));

            RunningContainer third = pod.restartContainer("main");
            try (Standby standby = standby(third, "--on-consumed", "fail").release(uri)) {
                Status status = standby.awaitOutcome(Cluster.SOON);
                assertThat(status.state()).isEqualTo(State.FAILED);
                assertThat(status.message()).endsWith("; a checkpoint is restored once; take a new one");
                assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
            }
            assertThat(third.awaitExit(Cluster.SOON)).isEqualTo(20);
            assertThat(third.output()).isEmpty();
        }
    }
}
