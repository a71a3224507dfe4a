package domain.my.lpm.bench;

import domain.my.lpm.bench.Workload.Tick;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.migration.Standby;
import domain.my.lpm.sandbox.migration.TargetPod;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A target pod with a launcher that stands by, and what becomes of it. */
final class Restored implements AutoCloseable {
    private final RunningPod pod;
    private final RunningContainer container;
    private final Standby standby;

    private Restored(RunningPod pod, RunningContainer container, Standby standby) {
        this.pod = pod;
        this.container = container;
        this.standby = standby;
    }

    /** Prepares; returns when the launcher is ready. */
    static Restored standBy(Bench bench, Pod sourcePod, Owner owner, boolean lazy) {
        RunningPod pod = bench.target.run(TargetPod.of(sourcePod));
        try {
            RunningContainer container = pod.container(Workload.CONTAINER);
            Standby standby = Standby.start(container, owner, lazy ? List.of("--lazy") : List.of());
            try {
                return new Restored(pod, container, standby.awaitReady(Bench.SOON));
            } catch (RuntimeException failure) {
                standby.close();
                throw failure;
            }
        } catch (RuntimeException failure) {
            pod.close();
            throw failure;
        }
    }

    /**
     * Releases the launcher and waits until it has ended.
     *
     * @return milliseconds to the first tick
     */
    double release(CheckpointUri uri) {
        long begin = Workload.micros();
        standby.release(uri);
        standby.awaitExit(Bench.SOON);
        if (status().state() != State.RESTORED) {
            throw new SandboxException("the launcher did not restore: " + standby.said() + " " + status());
        }
        return (firstTick().micros() - begin) / 1e3;
    }

    Tick firstTick() {
        String line = container.awaitLine(text -> Tick.parse(text).isPresent(), Bench.SOON);
        return Tick.parse(line).orElseThrow();
    }

    Status status() {
        return standby.status();
    }

    /** Milliseconds from the release to the start of CRIU: the steps from the first after the release to the last before. */
    static double untilCriu(Map<String, Double> timings) {
        List<String> steps = List.copyOf(timings.keySet());
        int first = steps.indexOf("open");
        int end = steps.indexOf("criu");
        if (first < 0 || end < first) {
            throw new SandboxException("the launcher's status lacks the steps 'open' and 'criu': " + timings);
        }
        return steps.subList(first, end).stream()
                .mapToDouble(step -> Objects.requireNonNull(timings.get(step)))
                .sum();
    }

    /** KiB of memory that everything in the container but the application has resident. */
    double ownResidentKibibytes() {
        return container.processes().stream()
                .filter(process -> !process.name().equals(Workload.PROCESS))
                .mapToDouble(process -> Double.parseDouble(Processes.status(process.pid())
                        .getOrDefault("VmRSS", "0")
                        .replaceAll("\\D", "")))
                .sum();
    }

    /** Who consumed the checkpoint. */
    String claimant() {
        return pod.uid() + "/" + container.id();
    }

    @Override
    public void close() {
        standby.close();
        pod.close();
    }
}
