package domain.my.lpm.sandbox.demo;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.VolumeArchive;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.LogLine;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.Sandbox;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.migration.AgentKey;
import domain.my.lpm.sandbox.migration.SourceAgent;
import domain.my.lpm.sandbox.migration.Standby;
import domain.my.lpm.sandbox.migration.TargetPod;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes a workload from node-a to node-b, step by step, as controller and agents do in a cluster. */
final class Migration {
    /** The id of the one checkpoint. */
    static final String CHECKPOINT = "demo";

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration FIRST_LINE = Duration.ofSeconds(5);
    private static final String COUNTER_FILE = "counter.log";

    private final Sandbox sandbox;
    private final Workload workload;
    private final Settings settings;
    private final Steps steps;
    private final AgentKey key = new AgentKey();
    private @Nullable TimeLine timeLine;
    private @Nullable RunningContainer source;
    private @Nullable RunningContainer target;
    private @Nullable RuntimeCheckpoint checkpoint;
    private @Nullable Standby standby;

    /**
     * How to migrate.
     *
     * @param lazy whether memory comes as it is touched
     * @param tcp what becomes of established TCP connections
     * @param runFor how long the source runs before it moves
     */
    record Settings(boolean lazy, RuntimeCheckpoint.Tcp tcp, Duration runFor) {}

    /** Is told what is going to be done next. */
    interface Steps {
        /** The next step begins. */
        void begin(String what);
    }

    /** The runtime refused to take the checkpoint. The source goes on. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(SandboxException cause) {
            super(cause.getMessage(), cause);
        }
    }

    Migration(Sandbox sandbox, Workload workload, Settings settings, Steps steps) {
        this.sandbox = sandbox;
        this.workload = workload;
        this.settings = settings;
        this.steps = steps;
    }

    /**
     * Does it. Everything that it started runs on until the sandbox is closed, but for the source, which is fenced when the
     * target runs, and goes on when it does not.
     *
     * @throws Refused when no checkpoint could be taken
     */
    Outcome run() {
        steps.begin("Starting two nodes, node-a and node-b, with the real runc, conmon and CRIU");
        sandbox.images().entry(TargetPod.ENTRY_IMAGE);
        Node a = sandbox.node("node-a");
        Node b = sandbox.node("node-b");
        key.install(a);
        key.install(b);

        String name = workload.pod().getMetadata().getName();
        steps.begin("Starting the pod '" + name + "' on node-a");
        RunningContainer from = a.run(workload.pod()).container(workload.container());
        source = from;
        if (workload.counts()) {
            from.awaitLine(line -> line.startsWith("tick 12 "), SOON);
        } else {
            RunningContainer.await(settings.runFor(), () -> !from.isRunning());
        }
        if (!from.isRunning()) {
            throw new SandboxException("the container '" + from.name() + "' ended before it could move: "
                    + String.join(" | ", last(from.output())));
        }

        steps.begin("Starting its target on node-b, where the launcher enters and stands by");
        Pod targetPod = TargetPod.of(from.pod().pod());
        RunningPod pod = b.run(targetPod);
        RunningContainer to = pod.container(from.name());
        target = to;
        startOthersAnew(pod);
        List<String> options = new ArrayList<>();
        workload.volumes().forEach((volume, path) -> options.addAll(List.of("--volume", volume + "=" + path)));
        options.addAll(List.of("--tcp", settings.tcp().name().toLowerCase(Locale.ROOT)));
        if (settings.lazy()) {
            options.add("--lazy");
        }
        Standby launcher = Standby.start(to, SourceAgent.owner(from), options);
        standby = launcher;
        Practice.store(from, sandbox.share().resolveSibling("practice"), key);
        launcher.awaitReady(SOON);
        if (launcher.status().state() != State.STANDBY) {
            throw new SandboxException("the launcher cannot stand by: " + launcher.said());
        }

        steps.begin("Checkpointing it on node-a: runc and CRIU dump it and leave it standing still");
        TimeLine times = new TimeLine();
        timeLine = times;
        RuntimeCheckpoint taken;
        try {
            taken = RuntimeCheckpoint.take(from, new RuntimeCheckpoint.Options(true, settings.tcp(), 1 << 20));
        } catch (SandboxException refusal) {
            throw new Refused(refusal);
        }
        checkpoint = taken;
        times.done("node-a", "runc and CRIU dump it, the archive is written");
        try {
            return finish(from, to, launcher, taken, times);
        } catch (RuntimeException failure) {
            taken.resume();
            throw failure;
        }
    }

    private Outcome finish(
            RunningContainer from, RunningContainer to, Standby launcher, RuntimeCheckpoint taken, TimeLine times) {
        int linesWhenHeld = from.output().size();
        List<ProcessPicture> before = ProcessPicture.of(from);
        times.now();

        steps.begin("Storing the checkpoint, signed, where every node sees it; releasing the launcher");
        CheckpointUri uri = SourceAgent.uri(from, CHECKPOINT);
        SourceAgent.store(from, taken, CHECKPOINT, Form.EXTRACTED, sandbox.share(), key);
        times.done("share", "stored, every file's digest signed");
        for (String volume : workload.volumes().keySet()) {
            VolumeArchive.store(
                    from.pod().volume(volume), sandbox.share(), uri.podUid(), uri.checkpointId(), volume, key.signer());
            times.done("share", "content of the volume '" + volume + "' stored");
        }
        double released = times.now();
        Status status = launcher.release(uri).awaitOutcome(SOON);
        double step = released;
        for (Map.Entry<String, Double> timing : status.timingsMillis().entrySet()) {
            String meaning = TimingNames.of(timing.getKey());
            if (!meaning.isEmpty()) {
                step = times.add("node-b", meaning, step, timing.getValue());
            }
        }
        if (status.state() != State.RESTORED) {
            taken.resume();
            return new Outcome(
                    status,
                    launcher.said(),
                    before,
                    List.of(),
                    from.lines(),
                    linesWhenHeld,
                    0,
                    List.of(),
                    null,
                    List.of());
        }
        RunningContainer.await(FIRST_LINE, () -> !to.lines().isEmpty() || !to.isRunning());
        List<ProcessPicture> after = ProcessPicture.of(to);

        steps.begin("It runs on node-b; what stood still on node-a is killed");
        taken.fence();
        RunningContainer.await(SOON, () -> from.processes().isEmpty());
        // Long enough for a counter's further ticks, and for the end of a program that cannot go on.
        RunningContainer.await(Duration.ofMillis(1500), () -> !to.isRunning());
        Integer exitCode = to.isRunning() ? null : (Integer) to.awaitExit(SOON);
        launcher.awaitExit(SOON);
        List<String> volumeLines = workload.counts() ? counterFile(to.pod()) : List.of();
        return new Outcome(
                launcher.status(),
                launcher.said(),
                before,
                after,
                from.lines(),
                linesWhenHeld,
                from.processes().size(),
                to.lines(),
                exitCode,
                volumeLines);
    }

    /** Containers of the pod that do not travel are not to wait for ever. */
    private void startOthersAnew(RunningPod pod) {
        for (Container each : pod.pod().getSpec().getContainers()) {
            if (!each.getName().equals(workload.container())
                    && each.getCommand().contains("--standby")) {
                RunningContainer other = pod.container(each.getName());
                try (Standby fresh = Standby.start(other, SourceAgent.owner(other), List.of())
                        .awaitReady(SOON)) {
                    fresh.releaseFresh().awaitExit(SOON);
                }
            }
        }
    }

    private static List<String> counterFile(RunningPod pod) {
        try {
            List<String> lines = Files.readAllLines(pod.volume("data").resolve(COUNTER_FILE));
            return lines;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the counter's file on its volume", error);
        }
    }

    /** When what happened; null before the checkpoint. */
    @Nullable
    TimeLine timeLine() {
        return timeLine;
    }

    /** The container on node-a; null before it was started. */
    @Nullable
    RunningContainer source() {
        return source;
    }

    /** The container on node-b; null before it was started. */
    @Nullable
    RunningContainer target() {
        return target;
    }

    /** The runtime's checkpoint; null before it was taken. */
    @Nullable
    RuntimeCheckpoint checkpoint() {
        return checkpoint;
    }

    /** The launcher; null before it was started. */
    @Nullable
    Standby standby() {
        return standby;
    }

    /** The agents' key. */
    AgentKey key() {
        return key;
    }

    private static List<String> last(List<String> lines) {
        return lines.subList(Math.max(0, lines.size() - 5), lines.size());
    }

    /** The seconds and milliseconds between two lines. */
    static double millis(LogLine from, LogLine to) {
        return Duration.between(from.time(), to.time()).toNanos() / 1e6;
    }
}
