package domain.my.lpm.bench;

import domain.my.lpm.bench.Bench.Variant;
import domain.my.lpm.bench.Workload.Tick;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.migration.SourceAgent;
import domain.my.lpm.sandbox.migration.Standby;
import domain.my.lpm.sandbox.migration.TargetPod;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What starting costs: the launcher, and an application that is started anew. */
final class StartFigures {
    /** Start of the launcher until it is ready for its release, ms. */
    static final String LAUNCHER = "launcher start to ready";
    /** Start to first tick of an application that nothing is restored for, ms. */
    static final String FRESH = "fresh start";

    static final String BARE = "bare command";
    static final String ENTRY = "through the entry";

    private final Bench bench;
    private final int repetitions;

    StartFigures(Bench bench, int repetitions) {
        this.bench = bench;
        this.repetitions = repetitions;
    }

    void run() throws IOException {
        launcher();
        fresh();
        released();
    }

    private void launcher() throws IOException {
        Pod source = Workload.pod(bench.newName("start"), 0);
        try (RunningPod running = bench.target.run(TargetPod.of(source))) {
            RunningContainer target = running.container(Workload.CONTAINER);
            bench.interleaved(
                    "start of the launcher",
                    repetitions,
                    List.of(
                            new Variant("cold", repetition -> {
                                evict(bench.settings.toolkit());
                                start(target, "cold", repetition);
                            }),
                            new Variant("warm", repetition -> start(target, "warm", repetition))));
        }
    }

    private void start(RunningContainer target, String variant, int repetition) {
        long begin = System.nanoTime();
        try (Standby standby =
                Standby.start(target, SourceAgent.owner(target), List.of()).awaitReady(Bench.SOON)) {
            bench.add(LAUNCHER, variant, 0, repetition, (System.nanoTime() - begin) / 1e6, "ms");
            Double prepare = standby.status().timingsMillis().get("prepare");
            if (prepare == null) {
                throw new SandboxException("the launcher did not get ready: " + standby.said());
            }
            bench.add("step prepare", variant, 0, repetition, prepare, "ms");
        }
    }

    /** Makes the kernel forget the content of all files below a directory that nobody has mapped. */
    private static void evict(Path directory) throws IOException {
        Process process = new ProcessBuilder(
                        "find",
                        directory.toString(),
                        "-type",
                        "f",
                        "-exec",
                        "dd",
                        "if={}",
                        "iflag=nocache",
                        "count=0",
                        "status=none",
                        ";")
                .inheritIO()
                .start();
        try {
            process.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while files were evicted", interrupted);
        }
    }

    /** In PID namespaces as small as a container's, without the runtime, whose start would hide the difference. */
    private void fresh() throws IOException {
        Path image = Workload.install(bench.sandbox.images()).lowerDirectories().get(0);
        String program = "/images/" + image.getFileName() + "/" + Workload.PROCESS;
        String entry = "/agent/usr/lib/lpm/entry";
        bench.interleaved(
                FRESH,
                repetitions * 5,
                List.of(
                        new Variant(BARE, repetition -> fresh(repetition, BARE, program)),
                        new Variant(ENTRY, repetition -> fresh(repetition, ENTRY, entry, "run", "--", program)),
                        new Variant(
                                "through the entry, nested",
                                repetition -> fresh(
                                        repetition,
                                        "through the entry, nested",
                                        entry,
                                        "run",
                                        "--nest",
                                        "--",
                                        program))));
    }

    private void fresh(int repetition, String variant, String... command) throws IOException {
        Process shell = bench.source.start(join(
                List.of(
                        "unshare",
                        "--pid",
                        "--mount",
                        "--fork",
                        "--kill-child",
                        "sh",
                        "-ec",
                        "mount -t proc proc /proc; echo ready; read -r go; exec \"$@\"",
                        "sh"),
                List.of(command)));
        try (BufferedReader output = shell.inputReader()) {
            if (!"ready".equals(output.readLine())) {
                throw new SandboxException("the shell did not get ready: "
                        + new String(shell.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
            }
            long begin = Workload.micros();
            shell.getOutputStream().write('\n');
            shell.getOutputStream().flush();
            Tick first = Tick.parse(String.valueOf(output.readLine())).orElseThrow();
            bench.add(FRESH, variant, 0, repetition, (first.micros() - begin) / 1e3, "ms");
        } finally {
            shell.destroyForcibly();
        }
    }

    /** A pod that was to be restored and is told that there is nothing to restore. */
    private void released() throws IOException {
        bench.interleaved("release of a fresh start", repetitions, List.of(new Variant("standby", repetition -> {
            Pod source = Workload.pod(bench.newName("fresh"), 0);
            try (RunningPod running = bench.target.run(TargetPod.of(source))) {
                RunningContainer target = running.container(Workload.CONTAINER);
                try (Standby standby = Standby.start(target, SourceAgent.owner(target), List.of())
                        .awaitReady(Bench.SOON)) {
                    long begin = Workload.micros();
                    standby.releaseFresh();
                    standby.awaitExit(Bench.SOON);
                    String line = target.awaitLine(text -> Tick.parse(text).isPresent(), Bench.SOON);
                    double millis = (Tick.parse(line).orElseThrow().micros() - begin) / 1e3;
                    bench.add("fresh start by the launcher's release", "standby", 0, repetition, millis, "ms");
                }
            }
        })));
    }

    private static List<String> join(List<String> first, List<String> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }
}
