package domain.my.lpm.controller.migration;

import domain.my.lpm.agent.protocol.PodReference;
import domain.my.lpm.api.CheckpointReference;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationTimings;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationSpec;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.SourcePod;
import domain.my.lpm.api.migration.TargetPod;
import domain.my.lpm.controller.ConflictException;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.agent.AgentCalls;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Call;
import domain.my.lpm.controller.agent.AgentClient;
import domain.my.lpm.controller.agent.AgentFailure;
import domain.my.lpm.controller.step.Step;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** One migration while it is looked at: what is recorded of it, and the edges by which it is moved on. */
public final class Migration {
    /** When nothing else wakes us. */
    private static final Duration SAFETY_NET = Duration.ofSeconds(30);

    private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);

    private final Protocol protocol;
    private final StatusWriter writer;
    private PodMigration resource;
    private Duration wait = SAFETY_NET;
    private Optional<AgentFailure> lastFailure = Optional.empty();

    /** A look at {@code resource}. */
    public Migration(PodMigration resource, Protocol protocol, StatusWriter writer) {
        this.resource = resource;
        this.protocol = protocol;
        this.writer = writer;
    }

    /** The migration as last read or written. */
    public PodMigration resource() {
        return resource;
    }

    /** What is asked for. */
    public PodMigrationSpec spec() {
        return resource.getSpec();
    }

    /** What is recorded; empty where nothing is yet. */
    public PodMigrationStatus status() {
        return resource.getStatus() == null ? new PodMigrationStatus() : resource.getStatus();
    }

    /** Pending where nothing is recorded yet. */
    public MigrationPhase phase() {
        MigrationPhase phase = status().getPhase();
        return phase == null ? MigrationPhase.PENDING : phase;
    }

    /** The shared edges. */
    public Cluster cluster() {
        return protocol.cluster();
    }

    /** The limits. */
    public MigrationQueue queue() {
        return protocol.queue();
    }

    /** Figures. */
    public MigrationObserver observer() {
        return protocol.observer();
    }

    /** The present. */
    public Instant now() {
        return protocol.clock().instant();
    }

    /** The lease on the hold. */
    public Duration holdLease() {
        return protocol.holdLease();
    }

    public String namespace() {
        return resource.getMetadata().getNamespace();
    }

    public String name() {
        return resource.getMetadata().getName();
    }

    public String uid() {
        return resource.getMetadata().getUid();
    }

    /** The source, once accepted. */
    public SourcePod source() {
        SourcePod source = status().getSourcePod();
        if (source == null) {
            throw missing("sourcePod");
        }
        return source;
    }

    /** The copy, once accepted; it may not be created yet. */
    public TargetPod target() {
        TargetPod target = status().getTargetPod();
        if (target == null) {
            throw missing("targetPod");
        }
        return target;
    }

    /** Who restores, once accepted. */
    public RestoreMode restoreMode() {
        RestoreMode mode = status().getRestoreMode();
        if (mode == null) {
            throw missing("restoreMode");
        }
        return mode;
    }

    /** The node of the copy, once it has one. */
    public String targetNode() {
        String node = target().node();
        if (node == null) {
            throw missing("targetPod.node");
        }
        return node;
    }

    /** Name of the PodCheckpoint, once accepted. */
    public String checkpointName() {
        String checkpoint = status().getCheckpointName();
        if (checkpoint == null) {
            throw missing("checkpointName");
        }
        return checkpoint;
    }

    private IllegalStateException missing(String field) {
        return new IllegalStateException(
                "status.%s of PodMigration '%s' is missing in phase %s; somebody has edited the status"
                        .formatted(field, name(), phase().value()));
    }

    /** Where the checkpoint lies. */
    public CheckpointReference checkpoint() {
        return new CheckpointReference(source().uid(), uid(), Optional.empty());
    }

    /** The source, as its agent knows it. */
    public PodReference sourceReference() {
        return PodReference.newBuilder()
                .setNamespace(namespace())
                .setName(spec().getPodName())
                .setUid(source().uid())
                .build();
    }

    /** The copy, as its agent knows it; once it is created. */
    public PodReference targetReference() {
        String uid = target().uid();
        if (uid == null) {
            throw missing("targetPod.uid");
        }
        return PodReference.newBuilder()
                .setNamespace(namespace())
                .setName(target().name())
                .setUid(uid)
                .build();
    }

    /** Whether the pod was found fit to be moved. */
    public boolean isAccepted() {
        return status().getSourcePod() != null;
    }

    /** Whether the hand-over has been decided. */
    public boolean isCommitted() {
        return status().getCommitTime() != null;
    }

    /** Whether a condition is true. */
    public boolean is(String condition) {
        return Conditions.isTrue(status().getConditions(), condition);
    }

    /** Whether a condition was set, and to false with this reason. */
    public boolean isNot(String condition, String reason) {
        return Conditions.find(status().getConditions(), condition)
                .filter(found -> "False".equals(found.getStatus()) && reason.equals(found.getReason()))
                .isPresent();
    }

    /** Whether the source stands still for this migration, or may: the checkpoint was begun. */
    public boolean mayBeHeld() {
        return status().since(MigrationPhase.CHECKPOINT_IN_PROGRESS).isPresent();
    }

    /** When a phase was entered; now if it was not. */
    public Instant since(MigrationPhase phase) {
        return status().since(phase).orElseGet(this::now);
    }

    /**
     * Records a change, before whatever follows from it.
     *
     * @throws ConflictException when the object has changed since it was read
     */
    public void record(Step step, UnaryOperator<MigrationStatus> change) {
        MigrationPhase before = phase();
        Instant entered = since(before);
        PodMigration changed = change.apply(MigrationStatus.of(resource, now())).build();
        if (changed.getStatus().equals(resource.getStatus())) {
            return;
        }
        protocol.steps().before(step);
        resource = writer.write(changed);
        protocol.steps().after(step);
        if (phase() != before) {
            observer().left(before, Duration.between(entered, now()));
            switch (phase()) {
                case PENDING, MIGRATION_IN_PROGRESS, RESTORE_IN_PROGRESS -> {}
                case CHECKPOINT_IN_PROGRESS, CHECKPOINT_COMPLETED, SUCCEEDED -> event(false);
                case ROLLING_BACK, ROLLED_BACK, FAILED -> event(true);
            }
        }
        if (phase().isFinal() && !before.isFinal()) {
            observer().ended(phase(), String.valueOf(status().getReason()));
            over();
        }
    }

    /** Takes up what is stored now. False: the migration is gone. */
    public boolean reread() {
        Optional<PodMigration> stored = cluster().readMigration(resource);
        stored.ifPresent(found -> resource = found);
        return stored.isPresent();
    }

    /** The migration is over or gone: forgets its calls, and lets those begin that waited for it. */
    public void over() {
        protocol.agents().forget(uid());
        if (isAccepted()) {
            cluster().wakeCheckpoint(resource);
        }
        queue().release(uid()).forEach(next -> protocol.wake().accept(ResourceID.fromResource(next)));
    }

    /** Tells users what the status says. */
    public void event(boolean warning) {
        cluster().event(resource, warning, String.valueOf(status().getReason()), String.valueOf(status().getMessage()));
    }

    /** Does something at an edge, announced. */
    public <T> T act(Step step, Supplier<T> act) {
        protocol.steps().before(step);
        T result = act.get();
        protocol.steps().after(step);
        return result;
    }

    /** Asks an agent; see {@link AgentCalls#ask}. */
    public <T> Answer<T> ask(
            Step step, String detail, String node, boolean untilDone, Function<AgentClient, CompletableFuture<T>> act) {
        Answer<T> answer = protocol.agents()
                .ask(
                        new Call<>(uid(), step, detail, node, untilDone, act),
                        () -> protocol.wake().accept(ResourceID.fromResource(resource)));
        if (answer instanceof AgentCalls.Pending<T> pending) {
            pending.pause().ifPresent(this::atMost);
            if (pending.failure().isPresent()) {
                lastFailure = pending.failure();
            }
        }
        return answer;
    }

    /** When a call of this migration was begun that is in flight or answered. */
    public Optional<Instant> asked(Step step) {
        return protocol.agents().asked(uid(), step);
    }

    /** Breaks off and forgets calls. */
    public void forget(Step step) {
        protocol.agents().forget(uid(), step);
    }

    /** Breaks off and forgets calls that are not answered. */
    public void breakOff(Step step) {
        protocol.agents().breakOff(uid(), step);
    }

    /** What the last agent that could not be reached has answered in this look. */
    public Optional<AgentFailure> lastFailure() {
        return lastFailure;
    }

    /** Looks again in {@code duration} at the latest, but not more than once a second. */
    public void atMost(Duration duration) {
        Duration bounded = duration.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : duration;
        if (bounded.compareTo(wait) < 0) {
            wait = bounded;
        }
    }

    /** Nothing can be done until something happens. */
    public Next waiting() {
        return new Next.Wait(wait);
    }

    /**
     * Fails the migration when it has been in a part of it for too long.
     *
     * @param since when that part began
     * @param limit how long it may take
     * @param setting the field of the specification that says so
     * @param what that part, as in "... was not done"
     */
    public void requireWithin(Instant since, Duration limit, String setting, String what) {
        Duration left = Duration.between(now(), since.plus(limit));
        if (left.isNegative() || left.isZero()) {
            throw lastFailure
                    .map(failure -> new MigrationFailure(
                            Reasons.AGENT_UNREACHABLE,
                            "%s within %d s, because %s".formatted(what, limit.toSeconds(), failure.sentence())))
                    .orElseGet(() -> new MigrationFailure(
                            Reasons.DEADLINE_EXCEEDED,
                            "%s within %d s; see the events of the pods, or allow more by spec.timeouts.%s"
                                    .formatted(what, limit.toSeconds(), setting)));
        }
        atMost(left);
    }

    /** When the migration left the queue. */
    public Instant acceptedAt() {
        return Optional.ofNullable(status().getTimings())
                .map(MigrationTimings::queueMillis)
                .map(waited -> createdAt().plusMillis(waited))
                .orElseGet(this::now);
    }

    /** When the migration was created. */
    public Instant createdAt() {
        String created = resource.getMetadata().getCreationTimestamp();
        return created == null ? now() : Instant.parse(created);
    }
}
