package domain.my.lpm.sandbox.cluster.command;

import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.cluster.ControlPlane;
import domain.my.lpm.sandbox.cluster.RestoringNodes;
import domain.my.lpm.sandbox.cluster.SandboxCluster;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Keeps a cluster up. */
@Command(
        name = "sandbox",
        mixinStandardHelpOptions = true,
        description = "Keeps a small cluster up on this machine, until Ctrl-C. The subcommands work on it meanwhile.",
        subcommands = {ApplyCommand.class, GetCommand.class, LogsCommand.class, ExecCommand.class, DeleteCommand.class})
public final class SandboxCommand implements Callable<Integer> {
    @Option(names = "--build-root", hidden = true, defaultValue = "${sys:lpm.buildRoot}")
    private @Nullable Path buildRoot;

    @Option(names = "--toolkit", hidden = true, defaultValue = "${sys:lpm.toolkit}")
    private @Nullable Path toolkit;

    @Option(names = "--work", hidden = true, defaultValue = "${sys:lpm.work}")
    private @Nullable Path work;

    @Option(names = "--project", hidden = true, defaultValue = "${sys:lpm.project}")
    private @Nullable Path project;

    @Option(
            names = "--cri-o-restore",
            description =
                    "The nodes' container runtime restores checkpoint images, for the mode cri-o; off by default, as in"
                            + " CRI-O.")
    private boolean restoring;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable Thread main;

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        Path directory = needed(work, "--work");
        ClusterFiles files = new ClusterFiles(directory);
        Settings settings = new Settings(needed(buildRoot, "--build-root"), needed(toolkit, "--toolkit"), directory);
        main = Thread.currentThread();
        Thread hook = new Thread(this::interrupt, "interrupt");
        try (FileChannel place = files.occupy()) {
            Runtime.getRuntime().addShutdownHook(hook);
            SandboxCluster.Options options = SandboxCluster.Options.of(
                    settings, needed(project, "--project").resolve("crds"));
            if (restoring) {
                options = options.with(RestoringNodes::all);
            }
            try (SandboxCluster cluster = SandboxCluster.start(options.with(ControlPlane::new))) {
                files.write(cluster.server().kubeconfig());
                describe(out, cluster, files);
                new CountDownLatch(1).await();
            } catch (InterruptedException asked) {
                out.println("Everything is removed.");
                out.flush();
            } finally {
                files.remove();
            }
        } finally {
            ended.countDown();
        }
        return 0;
    }

    /** Ctrl-C: the JVM ends when this returns. */
    private void interrupt() {
        Thread running = main;
        if (running != null) {
            running.interrupt();
            try {
                ended.await();
            } catch (InterruptedException hurried) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void describe(PrintWriter out, SandboxCluster cluster, ClusterFiles files) {
        List<String> names = cluster.nodes().stream().map(Node::name).toList();
        out.println("""
                A cluster is up: the nodes %s on this machine, with the real runc and CRIU. In another terminal:

                  sudo ./lpm sandbox apply -f samples/counter/pod.yaml
                  sudo ./lpm sandbox get pods -o wide
                  sudo ./lpm sandbox apply -f samples/counter/migration.yaml
                  sudo ./lpm sandbox get podmigrations -w
                  sudo ./lpm sandbox logs counter-restored -f
                  sudo ./lpm sandbox exec counter-restored -- tail -n 3 /data/counter.log
                  sudo ./lpm sandbox delete pod counter-restored

                kubectl works, too: KUBECONFIG=%s
                What it is not: docs/sandbox.md. Ctrl-C removes all of it.""".formatted(String.join(", ", names), files.kubeconfig()));
        out.flush();
    }

    private Path needed(@Nullable Path value, String option) {
        if (value == null) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(), option + " is missing: ./lpm sets it");
        }
        return value.toAbsolutePath();
    }
}
