package domain.my.lpm.bench;

import domain.my.lpm.agent.step.Step;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointContent;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.TargetPod;
import domain.my.lpm.bench.Bench.Variant;
import domain.my.lpm.bench.Workload.Tick;
import domain.my.lpm.launcher.status.StatusFile;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.cluster.NodeLaunchers;
import domain.my.lpm.sandbox.cluster.SandboxCluster;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Pods moved by PodMigrations from node to node of a cluster, beside the same program checkpointed and restored at once by bare
 * runc.
 */
final class MigrationFigures implements AutoCloseable {
    /** Last tick of the source to the first of the copy, ms. */
    static final String DOWNTIME = "migration downtime";
    /** What of it is neither dump, store nor restore, %. */
    static final String SHARE = "migration orchestration share";

    static final String BARE = "runc checkpoint, runc restore";
    static final String BY_LAUNCHER = "PodMigration, launcher's checkpoint";
    static final String COMPRESSED = BY_LAUNCHER + ", compressed";
    static final String BY_KUBELET = "PodMigration, kubelet's checkpoint";

    private static final String FIRST = ", first after the start";

    private static final String PLAIN = "none";

    private static final String NAMESPACE = "default";
    private static final Duration PAUSE = Duration.ofMillis(2);
    /** Steps of a launcher's status that are not within the downtime, or are no work. */
    private static final Set<String> NOT_RESTORE = Set.of("prepare", "rehearse", "commit", "resume");

    private final Bench bench;
    private final int mebibytes;
    private final int repetitions;
    private final Timeline timeline = new Timeline();
    private final SandboxCluster cluster;
    private final KubernetesClient client;

    /**
     * Starts the cluster.
     *
     * @param crds the directory with the CRDs
     */
    MigrationFigures(Bench bench, Path crds, int mebibytes, int repetitions) {
        this.bench = bench;
        this.mebibytes = mebibytes;
        this.repetitions = repetitions;
        cluster = SandboxCluster.start(
                SandboxCluster.Options.of(bench.settings, crds).with(started -> new MeasuredPlane(started, timeline)));
        client = cluster.client();
        Workload.install(cluster.sandbox().images());
    }

    /** Measures. The first move of each kind after the start is kept apart: it has the controller's and the agents' code loaded. */
    void run() throws IOException {
        Bench.say("The first PodMigrations of %d MiB", mebibytes);
        move(1, BY_LAUNCHER + FIRST, true, PLAIN);
        move(1, BY_KUBELET + FIRST, false, PLAIN);
        bench.interleaved(
                "PodMigration of " + mebibytes + " MiB",
                repetitions,
                List.of(
                        new Variant(BARE, this::bare),
                        new Variant(BY_LAUNCHER, repetition -> move(repetition, BY_LAUNCHER, true, PLAIN)),
                        new Variant(COMPRESSED, repetition -> move(repetition, COMPRESSED, true, "zstd")),
                        new Variant(BY_KUBELET, repetition -> move(repetition, BY_KUBELET, false, PLAIN))));
    }

    /**
     * Moves a pod.
     *
     * @return what is in the API then: the migration, the copy, and what describes the checkpoint, each after what it names
     */
    List<HasMetadata> example() {
        Pod source = run(pod(bench.newName("example"), true), "node-a");
        PodMigration migration = migrate(source.getMetadata().getName(), PLAIN);
        List<HasMetadata> objects = new ArrayList<>(List.of(migration));
        objects.add(client.pods()
                .inNamespace(NAMESPACE)
                .withName(Objects.requireNonNull(migration.getStatus().getTargetPod())
                        .name())
                .get());
        objects.addAll(client.resources(PodCheckpoint.class)
                .inNamespace(NAMESPACE)
                .list()
                .getItems());
        objects.addAll(client.resources(ContainerCheckpoint.class)
                .inNamespace(NAMESPACE)
                .list()
                .getItems());
        objects.addAll(client.resources(PodCheckpointContent.class).list().getItems());
        objects.addAll(client.resources(ContainerCheckpointContent.class).list().getItems());
        return objects;
    }

    private void bare(int repetition) {
        Pod pod = Workload.pod(bench.newName("bare"), mebibytes, PAUSE);
        try (RunningPod running = bench.source.run(pod)) {
            RunningContainer container = running.container(Workload.CONTAINER);
            container.awaitLine(line -> line.startsWith("tick 200 "), Bench.SOON);
            try (Bare bare = new Bare(container)) {
                String images = "/mnt/checkpoints/" + bench.newName("bare");
                Tick first = bare.migrate(images);
                List<Tick> before = Tick.all(container.output());
                addDowntime(repetition, BARE, before.get(before.size() - 1), first);
                bench.source.exec(List.of("rm", "-rf", images)).orThrow();
            }
        }
    }

    private void add(String figure, String variant, int repetition, double millis) {
        bench.add(figure, variant, mebibytes, repetition, millis, "ms");
    }

    private static double millis(long fromMicros, long toMicros) {
        return (toMicros - fromMicros) / 1e3;
    }

    private void addDowntime(int repetition, String variant, Tick last, Tick first) {
        if (first.number() != last.number() + 1) {
            throw new SandboxException("after tick " + last.number() + " came tick " + first.number()
                    + ": the application was not held, or ran twice");
        }
        add(DOWNTIME, variant, repetition, millis(last.micros(), first.micros()));
    }

    private void move(int repetition, String variant, boolean prepared, String compression) throws IOException {
        Pod source = run(pod(bench.newName("ticker"), prepared), "node-a");
        RunningContainer container = container(source);
        container.awaitLine(line -> line.startsWith("tick 200 "), Bench.SOON);
        // The kubelet removes the log with the pod; what is open stays.
        try (BufferedReader log = Files.newBufferedReader(container.logFile())) {
            timeline.clear();
            PodMigration migration = migrate(source.getMetadata().getName(), compression);
            TargetPod target = Objects.requireNonNull(migration.getStatus().getTargetPod());
            Pod copy =
                    client.pods().inNamespace(NAMESPACE).withName(target.name()).get();
            Tick first = Tick.parse(
                            container(copy).awaitLine(line -> Tick.parse(line).isPresent(), Bench.SOON))
                    .orElseThrow();
            Tick last = last(log);
            addDowntime(repetition, variant, last, first);
            if (compression.equals(PLAIN)) {
                split(repetition, variant, migration, last, first, prepared);
            }
            client.resource(migration).withGracePeriod(0).delete();
            remove(copy);
        } finally {
            remove(source);
        }
    }

    private void split(
            int repetition, String variant, PodMigration migration, Tick last, Tick first, boolean byLauncher) {
        Path images = cluster.sandbox()
                .share()
                .resolve(Objects.requireNonNull(migration.getStatus().getSourcePod())
                        .uid())
                .resolve(migration.getMetadata().getUid())
                .resolve(Workload.CONTAINER);
        long dumped = byLauncher ? lastWritten(images) : timeline.at(Timeline.end(Step.CALL_KUBELET));
        long stored = timeline.at(Timeline.end(byLauncher ? Step.RUN_CHECKPOINT_LAUNCHER : Step.STORE_ARCHIVE));
        long said = timeline.at(Timeline.begin(Step.SAY_RUN));
        Map<String, Double> launcher = launcherTimings(migration);
        double restoring = launcher.entrySet().stream()
                .filter(step -> !NOT_RESTORE.contains(step.getKey()))
                .mapToDouble(Map.Entry::getValue)
                .sum();
        double dump = millis(last.micros(), dumped);
        double store = millis(dumped, stored);
        double restore = restoring + millis(said, first.micros());
        double downtime = millis(last.micros(), first.micros());
        double rest = downtime - dump - store - restore;
        add("migration dump", variant, repetition, dump);
        add("migration store", variant, repetition, store);
        add("migration restore", variant, repetition, restore);
        add("migration orchestration", variant, repetition, rest);
        bench.add(SHARE, variant, mebibytes, repetition, 100 * rest / downtime, "%");
        add(
                "migration downtime by its status",
                variant,
                repetition,
                Objects.requireNonNull(migration.getStatus().getDowntimeMillis()));
        launcher.forEach((step, millis) -> add("migration step " + step, variant, repetition, millis));
        timeline.all()
                .forEach((what, at) -> add("migration at " + what, variant, repetition, millis(last.micros(), at)));
    }

    /** When CRIU had written its last image: what is stored is what it wrote, moved. */
    private static long lastWritten(Path images) {
        try (Stream<Path> files = Files.walk(images)) {
            return files.filter(file -> file.toString().endsWith(".img"))
                    .map(MigrationFigures::modified)
                    .max(Comparator.naturalOrder())
                    .orElseThrow(() -> new SandboxException("there are no images in " + images))
                    .to(TimeUnit.MICROSECONDS);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot look into " + images, error);
        }
    }

    private static FileTime modified(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private Map<String, Double> launcherTimings(PodMigration migration) {
        TargetPod target = Objects.requireNonNull(migration.getStatus().getTargetPod());
        Path status = NodeLaunchers.of(cluster.node(Objects.requireNonNull(target.node())))
                .seen(Path.of("/work/launchers"))
                .resolve(Objects.requireNonNull(target.uid()))
                .resolve(Workload.CONTAINER)
                .resolve("status.json");
        try {
            return StatusFile.read(status).timingsMillis();
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the launcher's status " + status, error);
        }
    }

    private static Tick last(BufferedReader log) {
        // Time, stream and whether the line is whole stand before each line.
        List<Tick> ticks = log.lines()
                .map(line -> line.split(" ", 4))
                .filter(fields -> fields.length == 4)
                .flatMap(fields -> Tick.parse(fields[3]).stream())
                .toList();
        return ticks.get(ticks.size() - 1);
    }

    private Pod pod(String name, boolean prepared) {
        return new PodBuilder(Workload.pod(name, mebibytes, PAUSE))
                .editMetadata()
                .withNamespace(NAMESPACE)
                .withAnnotations(prepared ? Map.of("migration.restore-mode", "self-restore") : Map.of())
                .endMetadata()
                .build();
    }

    private Pod run(Pod pod, String node) {
        Pod created = client.resource(new PodBuilder(pod)
                        .editSpec()
                        .withNodeName(node)
                        .endSpec()
                        .build())
                .create();
        return client.resource(created).waitUntilReady(Bench.SOON.toSeconds(), TimeUnit.SECONDS);
    }

    private RunningContainer container(Pod pod) {
        RunningPod running = cluster.node(pod.getSpec().getNodeName())
                .pods()
                .get(pod.getMetadata().getUid());
        if (running == null) {
            throw new SandboxException("the pod " + pod.getMetadata().getName() + " does not run");
        }
        return running.container(Workload.CONTAINER);
    }

    private PodMigration migrate(String pod, String compression) {
        PodMigration created = client.resource(Serialization.unmarshal(
                        """
                        apiVersion: lpm.my.domain/v1
                        kind: PodMigration
                        metadata: {name: %s, namespace: %s}
                        spec: {podName: %s, compression: %s}
                        """.formatted(bench.newName("move"), NAMESPACE, pod, compression), PodMigration.class))
                .create();
        PodMigration ended = client.resource(created)
                .waitUntilCondition(
                        migration -> migration != null
                                && migration.getStatus() != null
                                && migration.getStatus().getPhase() != null
                                && migration.getStatus().getPhase().isFinal(),
                        Bench.SOON.toSeconds(),
                        TimeUnit.SECONDS);
        if (ended.getStatus().getPhase() != MigrationPhase.SUCCEEDED) {
            throw new SandboxException("the migration did not succeed: " + Serialization.asYaml(ended.getStatus()));
        }
        return ended;
    }

    private void remove(Pod pod) {
        client.resource(pod).withGracePeriod(0).delete();
        Set<String> left = new HashSet<>();
        if (!RunningContainer.await(Bench.SOON, () -> {
            left.clear();
            cluster.nodes().stream()
                    .filter(node -> node.pods().get(pod.getMetadata().getUid()) != null)
                    .forEach(node -> left.add(node.name()));
            return left.isEmpty();
        })) {
            throw new SandboxException("the pod " + pod.getMetadata().getName() + " is still on " + left);
        }
    }

    @Override
    public void close() {
        cluster.close();
    }
}
