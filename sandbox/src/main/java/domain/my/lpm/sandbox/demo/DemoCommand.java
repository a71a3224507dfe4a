package domain.my.lpm.sandbox.demo;

import domain.my.lpm.api.TcpPolicy;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.checkpoint.image.ImageFormatException;
import domain.my.lpm.checkpoint.inspect.Inspection.Hindrance;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.cluster.SandboxCluster;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Moves a pod and proves it. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Starts a small cluster on this machine, applies a pod and a PodMigration, follows it, and proves by what was in"
                    + " the pod's memory alone that it went on. Without options these are the files of samples/counter.",
            "Try your own: does it survive?"
        },
        footer = {
            "",
            "Exit codes: 0 it went on; 1 it did not, the reason is printed; 2 wrong options.",
            "Examples:",
            "  ./lpm demo",
            "  ./lpm demo --image python -- python3 -c 'import time; n = 0; exec(\"while True: print(n, flush=True); n += 1;"
                    + " time.sleep(.1)\")'",
            "  ./lpm demo --pod my-pod.yaml --use registry.example/my-image:1=debian --container app"
        })
public final class DemoCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--pod",
            paramLabel = "FILE",
            description = "The YAML of a pod of your own; its volumes must be emptyDirs.")
    private @Nullable Path pod;

    @Option(
            names = "--image",
            paramLabel = "IMAGE",
            description =
                    "A pod of one container of this image: busybox, debian, python, java, or one on a disk: dir:ROOT,"
                            + " oci:LAYOUT (OCI image layout), docker-archive:FILE (docker save).")
    private @Nullable String image;

    @Parameters(paramLabel = "COMMAND", description = "What the container of --image runs; after --.")
    private List<String> command = new ArrayList<>();

    @Option(
            names = "--container",
            paramLabel = "NAME",
            description = "Which container of --pod is shown. All of them move. [the first]")
    private @Nullable String container;

    @Option(
            names = "--use",
            paramLabel = "NAME=IMAGE",
            description = "Take IMAGE where the pod names the image NAME; repeatable. There is no registry here.")
    private @Nullable Map<String, String> substitutes;

    @Option(
            names = "--run-for",
            paramLabel = "SECONDS",
            defaultValue = "3",
            description = "How long a pod of your own runs before it moves. [${DEFAULT-VALUE}]")
    private int runFor = 3;

    @Option(
            names = "--tcp",
            paramLabel = "POLICY",
            description = "Established TCP connections that lead out of the pod: close, established, fail. [close]")
    private @Nullable TcpPolicy tcp;

    @Option(names = "--keep", description = "Leave nodes and pods running until Ctrl-C.")
    private boolean keep;

    @Option(names = "--build-root", hidden = true, defaultValue = "${sys:lpm.buildRoot}")
    private @Nullable Path buildRoot;

    @Option(names = "--toolkit", hidden = true, defaultValue = "${sys:lpm.toolkit}")
    private @Nullable Path toolkit;

    @Option(names = "--work", hidden = true, defaultValue = "${sys:lpm.work}")
    private @Nullable Path work;

    @Option(names = "--project", hidden = true, defaultValue = "${sys:lpm.project}")
    private @Nullable Path project;

    // Not System.out, whose encoding is the locale's.
    private final PrintStream out =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    private final Report report = new Report(out);
    private final long began = System.nanoTime();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable Thread main;
    private volatile boolean interrupted;

    @Override
    public Integer call() throws InterruptedException {
        Path directory = needed(work, "--work");
        SandboxCluster.Options options = SandboxCluster.Options.of(
                new Settings(needed(buildRoot, "--build-root"), needed(toolkit, "--toolkit"), directory),
                needed(project, "--project").resolve("crds"));
        Workload workload = workload().movedBy(tcp);
        main = Thread.currentThread();
        Thread hook = new Thread(this::interrupt, "interrupt");
        Runtime.getRuntime().addShutdownHook(hook);
        try (Demonstration demonstration = new Demonstration(
                options,
                workload,
                substitutes == null ? Map.of() : substitutes,
                Duration.ofSeconds(runFor),
                this::step,
                out)) {
            boolean holds = demonstrate(demonstration, workload, directory.resolve("demo"));
            if (keep) {
                step("Nodes and pods run on until Ctrl-C");
                new CountDownLatch(1).await();
            }
            step("Removing nodes and pods");
            return holds ? 0 : 1;
        } catch (RuntimeException | InterruptedException failure) {
            if (interrupted) {
                // That is why it failed; the exit code is that of the interrupt.
                return 1;
            }
            throw failure;
        } finally {
            ended.countDown();
        }
    }

    /** Ctrl-C: the JVM ends when this returns. */
    private void interrupt() {
        Thread running = main;
        if (running == null || ended.getCount() == 0) {
            return;
        }
        interrupted = true;
        step("Removing nodes and pods");
        running.interrupt();
        try {
            ended.await();
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private Workload workload() {
        if (pod != null && image != null) {
            throw wrong("give --pod or --image, not both");
        }
        if (image == null && !command.isEmpty()) {
            throw wrong("a command needs the --image to run it in, for example --image busybox -- " + command.get(0));
        }
        if (pod == null && (container != null || substitutes != null)) {
            throw wrong("--container and --use are about the pod of --pod");
        }
        if (pod != null) {
            return Workload.ofFile(pod, container);
        }
        return image == null ? Workload.counter(needed(project, "--project")) : Workload.ofImage(image, command);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }

    private Path needed(@Nullable Path value, String option) {
        if (value == null) {
            throw wrong(option + " is missing: ./lpm sets it");
        }
        return value.toAbsolutePath();
    }

    private void step(String what) {
        out.printf(Locale.ROOT, "==> %5.1f s  %s%n", (System.nanoTime() - began) / 1e9, what);
    }

    private boolean demonstrate(Demonstration demonstration, Workload workload, Path directory)
            throws InterruptedException {
        PodMigration migration;
        try {
            migration = demonstration.run();
        } catch (Demonstration.Refused refused) {
            report.say(
                    "The PodMigration was refused, for the pod cannot be moved:", String.valueOf(refused.getMessage()));
            tellOfSource(demonstration);
            return false;
        }
        PodMigrationStatus status = migration.getStatus();
        if (status.getPhase() == MigrationPhase.SUCCEEDED) {
            return prove(demonstration, workload, demonstration.outcome(migration), Kept.replace(directory));
        }
        Kept kept = Kept.replace(directory);
        demonstration.keep(migration, kept);
        report.hindrances(hindrances(demonstration));
        report.files(kept.files());
        report.say(
                "The pod did not move: "
                        + Objects.requireNonNull(status.getPhase()).value() + ", " + status.getReason(),
                String.valueOf(status.getMessage()));
        tellOfSource(demonstration);
        return false;
    }

    private void tellOfSource(Demonstration demonstration) {
        out.println(
                demonstration.sourceGoesOn()
                        ? "  The pod goes on as if nothing had happened."
                        : "  The pod does not go on as before: see its processes.");
    }

    private boolean prove(Demonstration demonstration, Workload workload, Outcome outcome, Kept kept) {
        demonstration.keep(outcome.migration(), kept);
        report.lines(outcome);
        report.processes(outcome);
        report.timeLine(outcome);
        report.added(kept.difference(
                Objects.requireNonNull(demonstration.source()), Objects.requireNonNull(demonstration.target())));
        report.hindrances(hindrances(demonstration));
        report.files(kept.files());
        demonstration
                .checkpoints()
                .values()
                .forEach(stored -> out.println("  Look into the checkpoint: ./lpm inspect " + stored));
        List<Proof.Check> checks = new ArrayList<>(Proof.ofAny(outcome));
        if (workload.counts()) {
            checks.addAll(Proof.ofCounter(outcome));
        }
        boolean holds = report.proof(checks);
        report.say(
                holds
                        ? "It went on where it stood still."
                        : "FAILED: it did not go on where it stood still; see the lines above.");
        return holds;
    }

    private List<Hindrance> hindrances(Demonstration demonstration) {
        List<Hindrance> hindrances = new ArrayList<>();
        demonstration.checkpoints().forEach((container, stored) -> {
            try (CheckpointFiles files = CheckpointFiles.open(stored.toString(), null, TrustedKeys.of(List.of()))) {
                hindrances.addAll(files.inspect().hindrances());
            } catch (ImageFormatException unknown) {
                out.println("  The checkpoint of '" + container + "' cannot be inspected: " + unknown.getMessage());
            }
        });
        return hindrances;
    }
}
