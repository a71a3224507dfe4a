package domain.my.lpm.sandbox.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.checkpoint.image.ImageFormatException;
import domain.my.lpm.checkpoint.inspect.Inspection.Hindrance;
import domain.my.lpm.checkpoint.inspect.Inspector;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.launcher.restore.Restore;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.Sandbox;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.migration.SourceAgent;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
            "Moves a running pod from one node of this machine to another, and proves by what was in its memory alone that"
                    + " it went on. Without options the pod is samples/counter.",
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
            description = "Which container of --pod travels; the others start anew. Needed where there are several.")
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
            defaultValue = "close",
            description = "Established TCP connections: close, established, fail. [${DEFAULT-VALUE}]")
    private RuntimeCheckpoint.Tcp tcp = RuntimeCheckpoint.Tcp.CLOSE;

    @Option(names = "--lazy", description = "Bring memory in as it is touched.")
    private boolean lazy;

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
    private volatile @Nullable Sandbox open;
    private volatile boolean interrupted;

    @Override
    public Integer call() throws InterruptedException {
        Settings settings =
                new Settings(needed(buildRoot, "--build-root"), needed(toolkit, "--toolkit"), needed(work, "--work"));
        Workload wanted = workload();
        Thread hook = new Thread(this::closeInterrupted, "interrupt");
        Runtime.getRuntime().addShutdownHook(hook);
        try (Sandbox sandbox = Sandbox.create(settings)) {
            open = sandbox;
            Workload workload = wanted.resolved(sandbox.images(), substitutes == null ? Map.of() : substitutes);
            boolean holds = demonstrate(sandbox, workload, settings.work().resolve("demo"));
            if (keep) {
                step("Nodes and pods run on until Ctrl-C");
                new CountDownLatch(1).await();
            }
            return holds ? 0 : 1;
        } catch (RuntimeException failure) {
            if (interrupted) {
                // It failed because its nodes were taken away; the exit code is that of the interrupt.
                return 1;
            }
            throw failure;
        } finally {
            if (!interrupted) {
                forget(hook);
            }
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException endsAlready) {
            // The hook closes what is closed already.
        }
    }

    /** Ctrl-C: the nodes' guards would remove everything by themselves; this waits until they have. */
    private void closeInterrupted() {
        interrupted = true;
        Sandbox sandbox = open;
        if (sandbox != null) {
            step("Removing nodes and pods");
            sandbox.close();
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

    private boolean demonstrate(Sandbox sandbox, Workload workload, Path directory) {
        Migration migration = new Migration(
                sandbox, workload, new Migration.Settings(lazy, tcp, Duration.ofSeconds(runFor)), this::step);
        try {
            Outcome outcome = migration.run();
            return tell(migration, workload, outcome, sandbox, Kept.replace(directory));
        } catch (Migration.Refused refused) {
            report.say("This workload cannot be checkpointed:");
            out.println("  " + refused.getMessage());
            boolean goesOn = Objects.requireNonNull(migration.source()).processes().stream()
                    .noneMatch(process -> process.state() == 'T');
            out.println(goesOn ? "  It goes on on node-a as if nothing had happened." : "  It stands still on node-a.");
            return false;
        }
    }

    private boolean tell(Migration migration, Workload workload, Outcome outcome, Sandbox sandbox, Kept kept) {
        RunningContainer source = Objects.requireNonNull(migration.source());
        RunningContainer target = Objects.requireNonNull(migration.target());
        RuntimeCheckpoint checkpoint = Objects.requireNonNull(migration.checkpoint());
        Path before =
                kept.text("the pod", "pod.yaml", Workload.yaml(source.pod().pod()));
        Path after = kept.text(
                "the same, as target",
                "target-pod.yaml",
                Workload.yaml(target.pod().pod()));
        kept.tree("the runtime's archive", "archive.tar", checkpoint.archive());
        CheckpointUri uri = SourceAgent.uri(source, Migration.CHECKPOINT);
        Path repository = kept.tree("the repository", "repository", sandbox.share());
        Path stored = uri.directory(repository);
        kept.files().put("the checkpoint in it", stored.toString());
        kept.files().put("its manifest", stored.resolve("manifest.json").toString());
        if (Files.exists(stored.resolve(Restore.KEPT_LOG))) {
            kept.files()
                    .put(
                            "CRIU's log of the restore",
                            stored.resolve(Restore.KEPT_LOG).toString());
        }
        kept.text("the launcher's status", "status.json", json(outcome));
        kept.text("what the launcher printed", "launcher.log", outcome.said() + "\n");
        kept.tree("the log on node-a", "node-a.log", source.logFile());
        kept.tree("the log on node-b", "node-b.log", target.logFile());
        kept.text(
                "the agents' public key",
                "trusted-keys/agent.pem",
                migration.key().signer().publicPem());
        List<Hindrance> hindrances = hindrances(stored);

        if (outcome.status().state() != State.RESTORED) {
            report.hindrances(hindrances);
            report.files(kept.files());
            report.say("The restore failed, and the source goes on on node-a:");
            out.println("  " + outcome.status().message());
            return false;
        }
        report.lines(outcome);
        report.processes(outcome);
        report.timeLine(Objects.requireNonNull(migration.timeLine()), outcome);
        report.added(kept.difference(source.pod().pod(), target.pod().pod()));
        report.hindrances(hindrances);
        report.files(kept.files());
        out.println("  Look into the checkpoint: ./lpm inspect " + stored);
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

    private static String json(Outcome outcome) {
        try {
            return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(outcome.status());
        } catch (JsonProcessingException impossible) {
            throw new SandboxException("the status cannot be written as JSON", impossible);
        }
    }

    private List<Hindrance> hindrances(Path stored) {
        try {
            return Inspector.inspect(stored.resolve("images")).hindrances();
        } catch (ImageFormatException unknown) {
            out.println("  The checkpoint cannot be inspected: " + unknown.getMessage());
            return List.of();
        }
    }
}
