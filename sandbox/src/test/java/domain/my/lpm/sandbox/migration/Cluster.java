package domain.my.lpm.sandbox.migration;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.Patience;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.Sandbox;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two nodes with agents that trust one key, for a test class: keep it in a static field with
 * {@code @AutoClose}.
 */
public final class Cluster implements AutoCloseable {
    /** Far longer than anything takes that is not stuck. */
    public static final Duration SOON = Patience.of(Duration.ofSeconds(60));

    private static final AtomicInteger CHECKPOINTS = new AtomicInteger();

    public final Sandbox sandbox;
    public final AgentKey key = new AgentKey();
    public final Node source;
    public final Node target;

    public Cluster() {
        this(Specimens.settings());
    }

    public Cluster(Settings settings) {
        sandbox = Sandbox.create(settings);
        sandbox.images().entry(TargetPod.ENTRY_IMAGE);
        source = sandbox.node("source");
        target = sandbox.node("target");
        key.install(source);
        key.install(target);
    }

    /** A checkpoint id that no other call gave. */
    public String newId() {
        return "checkpoint-" + CHECKPOINTS.incrementAndGet();
    }

    /** How a test wants a container to travel. */
    public record Journey(RuntimeCheckpoint.Options checkpoint, Form form, List<String> restoreOptions) {
        /** Held, extracted, eager. */
        public static final Journey PLAIN = new Journey(RuntimeCheckpoint.Options.HOLD, Form.EXTRACTED, List.of());

        public Journey with(String... restoreOptions) {
            return new Journey(checkpoint, form, List.of(restoreOptions));
        }

        public Journey with(RuntimeCheckpoint.Options other) {
            return new Journey(other, form, restoreOptions);
        }

        public Journey with(Form other) {
            return new Journey(checkpoint, other, restoreOptions);
        }
    }

    /** What a journey led to; closing it removes the target pod. */
    public record Arrival(
            RunningPod pod,
            RunningContainer container,
            RuntimeCheckpoint checkpoint,
            CheckpointUri uri,
            Status status,
            int exitCode,
            String said)
            implements AutoCloseable {
        @Override
        public void close() {
            pod.close();
        }
    }

    /** Takes a container from the source node to the target node, into the rewritten form of its own pod. */
    public Arrival migrate(RunningContainer container, Journey journey) {
        return migrate(container, TargetPod.of(container.pod().pod()), journey);
    }

    /** The same into a given pod; the launcher stands by before the checkpoint is taken. */
    public Arrival migrate(RunningContainer container, Pod targetPod, Journey journey) {
        RunningPod pod = target.run(targetPod);
        RunningContainer restored = pod.container(container.name());
        try (Standby standby = Standby.start(restored, SourceAgent.owner(container), journey.restoreOptions())
                .awaitReady(SOON)) {
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(container, journey.checkpoint());
            String id = newId();
            SourceAgent.store(container, checkpoint, id, journey.form(), sandbox.share(), key);
            CheckpointUri uri = SourceAgent.uri(container, id);
            return finish(standby.release(uri), pod, restored, checkpoint, uri);
        }
    }

    private static Arrival finish(
            Standby standby,
            RunningPod pod,
            RunningContainer restored,
            RuntimeCheckpoint checkpoint,
            CheckpointUri uri) {
        Status status = standby.awaitOutcome(SOON);
        int exitCode = standby.awaitExit(SOON);
        return new Arrival(pod, restored, checkpoint, uri, status, exitCode, standby.said());
    }

    @Override
    public void close() {
        sandbox.close();
    }
}
