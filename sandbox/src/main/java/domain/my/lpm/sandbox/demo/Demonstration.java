package domain.my.lpm.sandbox.demo;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.SourcePod;
import domain.my.lpm.api.migration.TargetPod;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.launcher.restore.Restore;
import domain.my.lpm.launcher.status.StatusFile;
import domain.my.lpm.sandbox.ContainerProcess;
import domain.my.lpm.sandbox.Patience;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.cluster.ControlPlane;
import domain.my.lpm.sandbox.cluster.SandboxCluster;
import domain.my.lpm.sandbox.migration.AgentKey;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.fabric8.kubernetes.client.dsl.NamespaceableResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Does what a user does, in a cluster of its own: applies a pod, applies a PodMigration, and follows it to its end. */
final class Demonstration implements AutoCloseable {
    private static final Duration SOON = Patience.of(Duration.ofSeconds(60));
    private static final Duration POD = Patience.of(Duration.ofMinutes(2));
    private static final Duration FIRST_LINE = Duration.ofSeconds(5);
    private static final Duration SILENCE = Duration.ofSeconds(5);
    /** Long enough for a counter's further ticks, and for the end of a program that cannot go on. */
    private static final Duration AFTERWARDS = Duration.ofMillis(450);

    private static final String COUNTER_FILE = "counter.log";
    private static final int INVALID = 422;

    private final Workload workload;
    private final Duration runFor;
    private final Progress progress;
    private final PrintStream out;
    private final SandboxCluster cluster;
    private final ControlPlane plane;
    private final CompletableFuture<Void> planeStarts;
    private final Map<String, RunningContainer> sources = new LinkedHashMap<>();
    private final Map<String, List<ProcessPicture>> before = new LinkedHashMap<>();
    private final Map<String, Path> checkpoints = new LinkedHashMap<>();
    private Instant applied = Instant.now();
    private @Nullable Pod source;
    private @Nullable Pod target;

    /** Is told what is going to be done next. */
    interface Progress {
        /** The next step begins. */
        void begin(String what);
    }

    /** The PodMigration was refused when it was applied, and the pod left alone; the message has everything that stands in the way. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(KubernetesClientException cause) {
            super(
                    cause.getStatus() == null
                            ? cause.getMessage()
                            : cause.getStatus().getMessage(),
                    cause);
        }
    }

    /**
     * Starts the cluster.
     *
     * @param workload the pod and the PodMigration; a pod of the user's own is given images that the sandbox has
     * @param runFor how long a pod runs before it moves, unless it counts
     * @param out where the migration's phases and conditions are printed
     */
    Demonstration(
            SandboxCluster.Options options,
            Workload workload,
            Map<String, String> images,
            Duration runFor,
            Progress progress,
            PrintStream out) {
        this.runFor = runFor;
        this.progress = progress;
        this.out = out;
        progress.begin("Starting a cluster: API server, webhook, scheduler, and the nodes "
                + String.join(", ", options.nodes()) + " with the real runc, conmon and CRIU");
        cluster = SandboxCluster.start(options);
        plane = new ControlPlane(cluster);
        // The pod needs none of it until it moves.
        planeStarts = CompletableFuture.runAsync(plane::start, task -> new Thread(task, "control-plane").start());
        try {
            this.workload = workload.resolved(cluster.sandbox().images(), images);
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /**
     * Runs the pod, moves it and follows the PodMigration to its end, whichever that is.
     *
     * @throws Refused when the PodMigration is not accepted
     * @throws SandboxException when the pod does not run
     */
    PodMigration run() throws InterruptedException {
        KubernetesClient client = cluster.client();
        String name = workload.pod().getMetadata().getName();
        progress.begin("Applying the pod '" + name + "' (" + workload.podOrigin() + ")");
        ensureNamespace(client);
        apply(client.resource(workload.pod()));
        Pod pod = awaitReady(client);
        source = pod;
        RunningPod running =
                running(pod).orElseThrow(() -> new SandboxException("the pod '" + name + "' is gone from its node"));
        for (Container container : pod.getSpec().getContainers()) {
            sources.put(container.getName(), running.container(container.getName()));
        }
        progress.begin("It runs on " + pod.getSpec().getNodeName() + "; starting controller and agents");
        await(planeStarts);
        awaitNodes(client);
        RunningContainer shown = Objects.requireNonNull(sources.get(workload.container()));
        if (workload.counts()) {
            shown.awaitLine(line -> line.startsWith("tick 6 "), SOON);
        } else {
            RunningContainer.await(runFor, () -> !shown.isRunning());
        }
        sources.forEach((container, each) -> requireRunning(each));
        picture();

        PodMigration wanted = workload.migration();
        progress.begin("Applying the PodMigration '" + wanted.getMetadata().getName() + "' ("
                + workload.migrationOrigin() + ") and following it");
        try (Follower follower = new Follower(
                client,
                wanted.getMetadata().getNamespace(),
                wanted.getMetadata().getName(),
                out)) {
            applied = Instant.now();
            follower.begin();
            try {
                apply(client.resource(wanted));
            } catch (KubernetesClientException refusal) {
                if (refusal.getCode() == INVALID) {
                    throw new Refused(refusal);
                }
                throw refusal;
            }
            return follower.untilOver(this::changed);
        }
    }

    private static <T extends HasMetadata> void apply(NamespaceableResource<T> object) {
        object.fieldManager("lpm-demo").forceConflicts().serverSideApply();
    }

    private void ensureNamespace(KubernetesClient client) {
        String namespace = workload.pod().getMetadata().getNamespace();
        if (client.namespaces().withName(namespace).get() == null) {
            client.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(namespace)
                            .endMetadata()
                            .build())
                    .create();
        }
    }

    private static void await(CompletableFuture<Void> started) {
        try {
            started.join();
        } catch (CompletionException failure) {
            throw failure.getCause() instanceof RuntimeException cause ? cause : failure;
        }
    }

    private Pod awaitReady(KubernetesClient client) {
        long deadline = System.nanoTime() + POD.toNanos();
        Pod pod = null;
        while (System.nanoTime() < deadline) {
            try {
                pod = client.resource(workload.pod())
                        .waitUntilCondition(
                                now -> now != null
                                        && (isReady(now) || ended(now).isPresent()),
                                SILENCE.toMillis(),
                                TimeUnit.MILLISECONDS);
                Optional<String> ended = ended(pod);
                if (ended.isPresent()) {
                    throw new SandboxException("the container '" + ended.get() + "' ended before it could move: "
                            + lastLines(pod, ended.get()));
                }
                return pod;
            } catch (KubernetesClientTimeoutException notYet) {
                pod = client.resource(workload.pod()).get();
                progress.begin("The pod is not ready yet" + why(pod));
            }
        }
        throw new SandboxException("the pod '" + workload.pod().getMetadata().getName() + "' was not ready within "
                + POD.toSeconds() + " s" + why(pod) + "; see that its containers start and its probes succeed");
    }

    private static boolean isReady(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("True"));
    }

    /** A container that has come to its end; those that are to come to it are not asked. */
    private static Optional<String> ended(Pod pod) {
        if (pod.getStatus() == null) {
            return Optional.empty();
        }
        return pod.getStatus().getContainerStatuses().stream()
                .filter(container -> container.getState().getTerminated() != null
                        || (container.getRestartCount() != null && container.getRestartCount() > 0))
                .map(ContainerStatus::getName)
                .findFirst();
    }

    private static String why(@Nullable Pod pod) {
        if (pod == null || pod.getStatus() == null) {
            return "";
        }
        PodStatus status = pod.getStatus();
        String waiting = Stream.concat(
                        status.getInitContainerStatuses().stream(), status.getContainerStatuses().stream())
                .filter(container -> !Boolean.TRUE.equals(container.getReady())
                        && (container.getState().getTerminated() == null
                                || container.getState().getTerminated().getExitCode() != 0))
                .map(container -> "'" + container.getName() + "' "
                        + (container.getState().getWaiting() != null
                                ? "waits (" + container.getState().getWaiting().getReason() + ")"
                                : container.getState().getTerminated() != null
                                        ? "has ended with exit code "
                                                + container
                                                        .getState()
                                                        .getTerminated()
                                                        .getExitCode()
                                        : "runs and is not ready"))
                .collect(Collectors.joining(", "));
        List<String> reasons = new ArrayList<>();
        if (status.getMessage() != null) {
            reasons.add(status.getMessage());
        }
        if (!waiting.isEmpty()) {
            reasons.add(waiting);
        }
        return reasons.isEmpty() ? "" : ": " + String.join("; ", reasons);
    }

    private String lastLines(Pod pod, String container) {
        return running(pod)
                .flatMap(running -> running.latest(container))
                .map(ended -> String.join(" | ", last(ended.output())))
                .orElse("its output is gone");
    }

    private static List<String> last(List<String> lines) {
        return lines.subList(Math.max(0, lines.size() - 5), lines.size());
    }

    private Optional<RunningPod> running(Pod pod) {
        return Optional.ofNullable(cluster.node(pod.getSpec().getNodeName())
                .pods()
                .get(pod.getMetadata().getUid()));
    }

    /** Until the agents have said what their nodes can do, PodMigrations are refused. */
    private void awaitNodes(KubernetesClient client) {
        boolean all = RunningContainer.await(
                SOON,
                () -> cluster.nodes().stream()
                        .allMatch(node -> Optional.ofNullable(client.resources(MigrationNode.class)
                                        .withName(node.name())
                                        .get())
                                .filter(known -> known.getStatus() != null
                                        && Conditions.isTrue(known.getStatus().getConditions(), ConditionTypes.READY))
                                .isPresent()));
        if (!all) {
            throw new SandboxException(
                    "the agents were not ready within " + SOON.toSeconds() + " s; see what they have printed");
        }
    }

    private static void requireRunning(RunningContainer container) {
        if (!container.isRunning()) {
            throw new SandboxException("the container '" + container.name() + "' ended before it could move: "
                    + String.join(" | ", last(container.output())));
        }
    }

    /** Remembers what the source's processes are. */
    private void picture() {
        sources.forEach((name, container) -> {
            List<ProcessPicture> now = ProcessPicture.of(container);
            if (container.isRunning()) {
                before.put(name, now);
            }
        });
    }

    private void changed(PodMigration migration) {
        // From here on it stands still, until it is killed: what there is now is what goes on in the copy.
        if (migration.getStatus().getPhase() == MigrationPhase.CHECKPOINT_COMPLETED) {
            picture();
        }
    }

    /** What a migration that succeeded led to; waits for what its copy does at first. */
    Outcome outcome(PodMigration migration) {
        PodMigrationStatus status = migration.getStatus();
        TargetPod copy = Objects.requireNonNull(status.getTargetPod());
        Pod pod = cluster.client()
                .pods()
                .inNamespace(migration.getMetadata().getNamespace())
                .withName(copy.name())
                .get();
        if (pod == null) {
            throw new SandboxException("the copy '" + copy.name() + "' is gone, though the migration succeeded");
        }
        target = pod;
        RunningPod running = running(pod)
                .orElseThrow(() -> new SandboxException("the copy '" + copy.name() + "' does not run on "
                        + pod.getSpec().getNodeName() + ", though the migration succeeded"));
        List<String> names = new ArrayList<>(List.of(workload.container()));
        sources.keySet().stream().filter(name -> !names.contains(name)).forEach(names::add);
        RunningContainer shown = running.container(workload.container());
        RunningContainer.await(FIRST_LINE, () -> !shown.lines().isEmpty() || !shown.isRunning());
        Map<String, List<ProcessPicture>> after = new LinkedHashMap<>();
        names.forEach(name -> after.put(name, ProcessPicture.of(running.container(name))));
        RunningContainer.await(AFTERWARDS, () -> !shown.isRunning());
        List<Outcome.Moved> moved = new ArrayList<>();
        for (String name : names) {
            RunningContainer from = Objects.requireNonNull(sources.get(name));
            RunningContainer to = running.container(name);
            RunningContainer.await(SOON, () -> from.processes().isEmpty());
            moved.add(new Outcome.Moved(
                    name,
                    Objects.requireNonNull(before.get(name)),
                    Objects.requireNonNull(after.get(name)),
                    from.lines(),
                    from.processes().size(),
                    to.lines(),
                    to.isRunning() ? null : (Integer) to.awaitExit(SOON),
                    stepsMillis(to)));
        }
        return new Outcome(
                migration,
                applied,
                Objects.requireNonNull(status.getSourcePod()).node(),
                Objects.requireNonNull(copy.node()),
                moved,
                workload.counts() ? counterFile(running) : List.of());
    }

    /** What the launcher measured in a container of the copy; empty where nothing is left of it. */
    private static Map<String, Double> stepsMillis(RunningContainer container) {
        Path file = launcherStatus(container);
        try {
            return Files.exists(file) ? StatusFile.read(file).timingsMillis() : Map.of();
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the launcher's status " + file, error);
        }
    }

    /** The status of the launcher in a container of the copy, as this machine sees it. */
    private static Path launcherStatus(RunningContainer container) {
        return container
                .node()
                .root()
                .resolve("agent/work/launchers")
                .resolve(container.pod().uid())
                .resolve(container.name())
                .resolve("status.json");
    }

    private static List<String> counterFile(RunningPod pod) {
        try {
            return Files.readAllLines(pod.volume("data").resolve(COUNTER_FILE));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the counter's file on its volume", error);
        }
    }

    /** Keeps what there is of a migration, however it ended. */
    void keep(PodMigration migration, Kept kept) {
        Pod from = Objects.requireNonNull(source);
        kept.text("the pod", "pod.yaml", Workload.yaml(from));
        Pod copy = target;
        if (copy != null) {
            kept.text("its copy", "target-pod.yaml", Workload.yaml(copy));
        }
        kept.text("the PodMigration", "migration.yaml", Serialization.asYaml(migration));
        SourcePod moved = migration.getStatus().getSourcePod();
        Path repository =
                kept.tree("the repository", "repository", cluster.sandbox().share());
        if (moved != null) {
            for (String container : sources.keySet()) {
                Path stored = new CheckpointUri(
                                moved.uid(), migration.getMetadata().getUid(), container)
                        .directory(repository);
                keepCheckpoint(container, stored, kept);
            }
        }
        sources.forEach((name, container) -> kept.tree(
                "the log on " + container.node().name() + of(name),
                container.node().name() + suffix(name) + ".log",
                container.logFile()));
        if (copy != null) {
            running(copy)
                    .ifPresent(running -> sources.keySet().forEach(name -> {
                        RunningContainer container = running.container(name);
                        if (Files.exists(launcherStatus(container))) {
                            kept.tree(
                                    "the launcher's status" + of(name),
                                    "status" + suffix(name) + ".json",
                                    launcherStatus(container));
                        }
                        kept.tree(
                                "the log on " + container.node().name() + of(name),
                                container.node().name() + suffix(name) + ".log",
                                container.logFile());
                    }));
        }
        kept.tree(
                "the agents' public key",
                "trusted-keys",
                cluster.nodes().get(0).root().resolve("agent" + AgentKey.TRUSTED_KEYS));
    }

    private void keepCheckpoint(String container, Path stored, Kept kept) {
        if (!Files.isDirectory(stored)) {
            return;
        }
        checkpoints.put(container, stored);
        kept.files().put("the checkpoint in it" + of(container), stored.toString());
        kept.files()
                .put(
                        "its manifest" + of(container),
                        stored.resolve("manifest.json").toString());
        if (Files.exists(stored.resolve(Restore.KEPT_LOG))) {
            kept.files()
                    .put(
                            "CRIU's log of the restore" + of(container),
                            stored.resolve(Restore.KEPT_LOG).toString());
        }
    }

    /** Where the kept checkpoints of containers lie; empty where none was taken, or it was removed since. */
    Map<String, Path> checkpoints() {
        return checkpoints;
    }

    private String of(String container) {
        return sources.size() == 1 ? "" : " of '" + container + "'";
    }

    private String suffix(String container) {
        return container.equals(workload.container()) ? "" : "-" + container;
    }

    /** The pod as the API had it before it moved; null before it ran. */
    @Nullable
    Pod source() {
        return source;
    }

    /** The copy; null where there is none, or it was not looked at. */
    @Nullable
    Pod target() {
        return target;
    }

    /** Whether all of the source runs. */
    boolean sourceGoesOn() {
        return sources.values().stream()
                .allMatch(container -> container.isRunning()
                        && container.processes().stream()
                                .map(ContainerProcess::state)
                                .noneMatch(state -> state == 'T'));
    }

    /** Removes the cluster; nothing is left of it when this returns, also when the thread is interrupted. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        try {
            planeStarts.handle((nothing, failure) -> nothing).join();
            plane.close();
        } finally {
            cluster.close();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
