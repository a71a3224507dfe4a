package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A launcher that is killed leaves a target that waits on, for the next launcher. */
@Tag("real")
class LauncherDeathTest {
    private static Refusals refusals;

    @BeforeAll
    static void open() {
        refusals = new Refusals();
    }

    @AfterAll
    static void close() {
        refusals.close();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Cluster.SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.sleep(2);
        }
    }

    /** The names of all processes in the container's control group: those of the launcher's, and restored ones, too. */
    private static List<String> processes(RunningContainer target) {
        List<String> names = new ArrayList<>();
        String group = "/crio-" + target.id();
        for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
            int pid = Math.toIntExact(process.pid());
            if (Processes.controlGroups(pid).values().stream().anyMatch(path -> path.endsWith(group))
                    && Processes.state(pid).filter(state -> state != 'Z').isPresent()) {
                names.add(Processes.status(pid).getOrDefault("Name", ""));
            }
        }
        return names.stream().sorted().toList();
    }

    private static Path claim() {
        return refusals.directory(refusals.uri).resolve(".claimed-by");
    }

    @Test
    void theNextLauncherRestores() throws IOException, InterruptedException {
        RunningContainer target = refusals.waitingTarget();
        Owner owner = SourceAgent.owner(refusals.source);
        List<String> before = List.of("lpm-standby");
        String claimant = refusals.targetPod.uid() + "/" + target.id();

        try (Standby standby = Standby.start(target, owner, List.of()).awaitReady(Cluster.SOON)) {
            assertThat(processes(target)).containsExactly("busybox", "busybox", "lpm-standby");
        }
        await(
                "no trace of a launcher killed in standby",
                () -> processes(target).equals(before));
        assertThat(claim()).doesNotExist();

        try (Standby standby = Standby.start(target, owner, List.of()).awaitReady(Cluster.SOON)) {
            standby.release(refusals.uri);
            await("a claim", () -> Files.exists(claim()));
        }
        await(
                "no trace of a launcher killed while staging",
                () -> processes(target).equals(before));
        assertThat(claim()).hasContent(claimant);

        Path reached = refusals.cluster.sandbox.share().resolve("programs/reached");
        String hangs = refusals.program("hangs", """
                if [ "$1" = --version ]; then exec /usr/sbin/criu --version; fi
                > /repository/programs/reached
                /usr/bin/busybox sleep 1000 & /usr/bin/busybox sleep 1000
                """);
        try (Standby standby =
                Standby.start(target, owner, List.of("--criu", hangs)).awaitReady(Cluster.SOON)) {
            standby.release(refusals.uri);
            await("CRIU", () -> Files.exists(reached));
            Files.delete(reached);
        }
        await(
                "no trace of a launcher killed while CRIU runs",
                () -> processes(target).equals(before));

        String gated = refusals.program("gated", """
                if [ "$1" = --version ]; then exec /usr/sbin/criu --version; fi
                cat > /work/gate <<'GATE'
                #!/usr/bin/busybox sh
                [ "$CRTOOLS_SCRIPT_ACTION" = pre-resume ] || exit 0
                > /repository/programs/reached
                /usr/bin/busybox sleep 1000
                GATE
                exec /usr/sbin/criu "$@"
                """);
        try (Standby standby =
                Standby.start(target, owner, List.of("--criu", gated)).awaitReady(Cluster.SOON)) {
            standby.release(refusals.uri);
            await("restored processes", () -> Files.exists(reached));
            assertThat(processes(target)).contains("criu");
        }
        await(
                "no trace of a launcher killed behind the gate",
                () -> processes(target).equals(before)
                        && target.processes().stream()
                                .allMatch(process -> process.name().equals("lpm-standby")));
        assertThat(target.output()).isEmpty();
        assertThat(claim()).hasContent(claimant);
        refusals.assertHeld();

        try (Standby standby = Standby.start(target, owner, List.of()).awaitReady(Cluster.SOON)) {
            standby.release(refusals.uri);
            assertThat(standby.awaitExit(Cluster.SOON)).as(standby.said()).isZero();
            assertThat(standby.status().state()).isEqualTo(State.RESTORED);
        }
        assertThat(target.awaitLine(line -> true, Cluster.SOON)).isEqualTo(refusals.nextLine("counter-restored"));
        assertThat(claim()).hasContent(claimant);
    }
}
