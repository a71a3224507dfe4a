package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.agent.protocol.PodReference;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.CheckpointSpec;
import domain.my.lpm.api.checkpoint.CheckpointStatus;
import domain.my.lpm.api.checkpoint.DeletionPolicy;
import domain.my.lpm.controller.ConflictException;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.StatusPatch;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Call;
import domain.my.lpm.controller.agent.AgentCalls.Done;
import domain.my.lpm.controller.agent.AgentCalls.Pending;
import domain.my.lpm.controller.agent.AgentCalls.Refused;
import domain.my.lpm.controller.agent.AgentFailure;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.CustomResource;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What both kinds of checkpoint have in common: taken by themselves, described by others' calls, deleted. The SDK takes the first type
 * for that of the objects.
 */
abstract class CheckpointReconciler<
                R extends CustomResource<S, T>, S extends CheckpointSpec, T extends CheckpointStatus>
        implements Reconciler<R>, Cleaner<R> {
    static final Duration SAFETY_NET = Duration.ofSeconds(30);

    private final SimpleInboundEventSource<R> wake = new SimpleInboundEventSource<>("wake");
    private volatile @Nullable IndexerResourceCache<R> seen;
    final Checkpointing shared;

    CheckpointReconciler(Checkpointing shared) {
        this.shared = shared;
    }

    /** The containers to checkpoint, of a pod that was found. */
    abstract List<String> containers(R checkpoint, Pod pod);

    /** Writes the objects that describe what was stored; the status of {@code checkpoint} is set, and not written yet. */
    abstract void describe(R checkpoint, PodOfCheckpoint pod, String checkpointId, PodArtifact artifact);

    /** Brings the deletion policy of a checkpoint that is over to what describes its data. */
    abstract void followPolicy(R checkpoint);

    /** Deletes what describes the data, and with it the data. */
    abstract void deleteDescription(R checkpoint);

    /** The checkpoint is made by, and on behalf of, another object. */
    abstract boolean isOwned(R checkpoint);

    /** One that another object owns: what is to be done, until it is over. */
    abstract UpdateControl<R> reconcileOwned(R checkpoint, Context<R> context);

    /** Whether the owner still needs the checkpoint. */
    abstract boolean isInUse(R checkpoint);

    @Override
    public List<EventSource<?, R>> prepareEventSources(EventSourceContext<R> context) {
        seen = context.getPrimaryCache();
        return List.of(wake);
    }

    /** A checkpoint as last seen, or written by us. */
    public Optional<R> see(String namespace, String name) {
        IndexerResourceCache<R> cache = seen;
        return cache == null ? Optional.empty() : cache.get(new ResourceID(name, namespace));
    }

    /** Sees to it that a checkpoint is looked at. */
    public void wake(ResourceID checkpoint) {
        wake.propagateEvent(checkpoint);
    }

    @Override
    public UpdateControl<R> reconcile(R checkpoint, Context<R> context) {
        if (isFinal(checkpoint)) {
            followPolicy(checkpoint);
            return UpdateControl.noUpdate();
        }
        try {
            return isOwned(checkpoint) ? reconcileOwned(checkpoint, context) : reconcileAlone(checkpoint, context);
        } catch (ConflictException changed) {
            // What it has become is on its way to us.
            return UpdateControl.<R>noUpdate().rescheduleAfter(Duration.ofSeconds(1));
        }
    }

    @Override
    public DeleteControl cleanup(R checkpoint, Context<R> context) {
        if (isInUse(checkpoint)) {
            return DeleteControl.noFinalizerRemoval().rescheduleAfter(SAFETY_NET);
        }
        shared.agents().forget(checkpoint.getMetadata().getUid(), Step.CHECKPOINT);
        if (checkpoint.getSpec().getDeletionPolicy() == DeletionPolicy.RETAIN) {
            followPolicy(checkpoint);
            return DeleteControl.defaultDelete();
        }
        deleteDescription(checkpoint);
        if (checkpoint.getStatus() == null || checkpoint.getStatus().getBoundContent() == null) {
            Optional<Duration> wait = deleteData(checkpoint);
            if (wait.isPresent()) {
                return DeleteControl.noFinalizerRemoval().rescheduleAfter(wait.get());
            }
        }
        shared.agents().forget(checkpoint.getMetadata().getUid());
        return DeleteControl.defaultDelete();
    }

    private UpdateControl<R> reconcileAlone(R checkpoint, Context<R> context) {
        Optional<PodOfCheckpoint> known = PodOfCheckpoint.of(checkpoint);
        try {
            if (Boolean.TRUE.equals(checkpoint.getSpec().getHold())) {
                throw new MigrationFailure(
                        Reasons.HOLD_UNAVAILABLE,
                        "spec.hold is true, but only a PodMigration can hold a pod, because somebody must let it go again; set it to false,"
                                + " or create a PodMigration");
            }
            Optional<Pod> pod = Optional.ofNullable(shared.client()
                    .pods()
                    .inNamespace(checkpoint.getMetadata().getNamespace())
                    .withName(checkpoint.getSpec().getPodName())
                    .get());
            if (known.isEmpty()) {
                return UpdateControl.patchResource(find(checkpoint, pod).keepIn(checkpoint))
                        .rescheduleAfter(0);
            }
            if (checkpoint.getStatus() == null || checkpoint.getStatus().getPhase() == null) {
                CheckpointStatuses.running(
                        status(checkpoint), checkpoint.getMetadata().getUid(), now());
                return take(write(checkpoint, context, Step.RECORD_CHECKPOINT_RUNNING), context, known.get(), pod);
            }
            return take(checkpoint, context, known.get(), pod);
        } catch (MigrationFailure failure) {
            return fail(checkpoint, context, failure.reason(), failure.sentence());
        }
    }

    private UpdateControl<R> take(R checkpoint, Context<R> context, PodOfCheckpoint known, Optional<Pod> pod) {
        String uid = checkpoint.getMetadata().getUid();
        Duration left = Duration.between(
                now(),
                Instant.parse(String.valueOf(checkpoint.getStatus().getStartTime()))
                        .plus(shared.timeout()));
        Answer<PodArtifact> answer = ask(
                checkpoint,
                Step.CHECKPOINT,
                new Call<>(
                        uid,
                        Step.CHECKPOINT,
                        "",
                        known.node(),
                        false,
                        agent -> agent.checkpoint(Requests.checkpoint(
                                        PodReference.newBuilder()
                                                .setNamespace(
                                                        checkpoint.getMetadata().getNamespace())
                                                .setName(checkpoint.getSpec().getPodName())
                                                .setUid(known.uid())
                                                .build(),
                                        uid,
                                        checkpoint.getSpec(),
                                        pod.map(found -> containers(checkpoint, found))
                                                .orElse(List.of()),
                                        left)
                                .build())));
        if (answer instanceof Done<PodArtifact> done) {
            describe(checkpoint, known, uid, done.value());
            write(checkpoint, context, Step.RECORD_CHECKPOINT_END);
            shared.agents().forget(uid);
            return UpdateControl.noUpdate();
        }
        if (answer instanceof Refused<PodArtifact> refused) {
            return fail(
                    checkpoint,
                    context,
                    reason(refused.failure()),
                    refused.failure().sentence());
        }
        if (left.isNegative() || left.isZero()) {
            return fail(
                    checkpoint,
                    context,
                    Reasons.DEADLINE_EXCEEDED,
                    "the checkpoint was not complete within %d s%s; see the agent's log on node '%s', and create another"
                            .formatted(
                                    shared.timeout().toSeconds(),
                                    answer instanceof Pending<?> pending
                                            ? pending.failure()
                                                    .map(failure -> ", because " + failure.sentence())
                                                    .orElse("")
                                            : "",
                                    known.node()));
        }
        return UpdateControl.<R>noUpdate().rescheduleAfter(pause(answer, left));
    }

    private static PodOfCheckpoint find(CustomResource<? extends CheckpointSpec, ?> checkpoint, Optional<Pod> pod) {
        CheckpointSpec spec = checkpoint.getSpec();
        Pod found = pod.orElseThrow(() -> new MigrationFailure(
                Reasons.POD_NOT_FOUND,
                "there is no pod '%s' in namespace '%s'; name a pod that runs"
                        .formatted(spec.getPodName(), checkpoint.getMetadata().getNamespace())));
        String uid = found.getMetadata().getUid();
        if (spec.getPodUid() != null && !spec.getPodUid().equals(uid)) {
            throw new MigrationFailure(
                    Reasons.POD_REPLACED,
                    "pod '%s' has the uid %s and not %s: it is another one; leave spec.podUid out to checkpoint it"
                            .formatted(spec.getPodName(), uid, spec.getPodUid()));
        }
        String node = found.getSpec().getNodeName();
        if (node == null
                || found.getStatus() == null
                || !"Running".equals(found.getStatus().getPhase())) {
            throw new MigrationFailure(
                    Reasons.POD_NOT_RUNNING,
                    "pod '%s' does not run, so that there is nothing to take a checkpoint of; wait until it runs"
                            .formatted(spec.getPodName()));
        }
        return new PodOfCheckpoint(uid, node);
    }

    /** Records that there is no checkpoint. */
    UpdateControl<R> fail(R checkpoint, Context<R> context, String reason, String message) {
        CheckpointStatuses.failed(status(checkpoint), reason, message, now());
        write(checkpoint, context, Step.RECORD_CHECKPOINT_END);
        shared.agents().forget(checkpoint.getMetadata().getUid());
        return UpdateControl.noUpdate();
    }

    /** Removes what may lie on storage without a description. When to look again; empty: it is gone. */
    Optional<Duration> deleteData(R checkpoint) {
        Optional<PodOfCheckpoint> pod = PodOfCheckpoint.of(checkpoint);
        String id =
                checkpoint.getStatus() == null ? null : checkpoint.getStatus().getCheckpointId();
        if (pod.isEmpty() || id == null) {
            return Optional.empty();
        }
        return deletion(
                checkpoint,
                pod.get().node(),
                Description.reference(pod.get().uid(), id, Optional.empty()).toString());
    }

    private Optional<Duration> deletion(R checkpoint, String node, String uri) {
        Optional<String> any = shared.anyNode(node);
        if (any.isEmpty()) {
            return Optional.of(SAFETY_NET);
        }
        Answer<Boolean> answer = ask(
                checkpoint,
                Step.DELETE_CHECKPOINT,
                new Call<>(
                        checkpoint.getMetadata().getUid(),
                        Step.DELETE_CHECKPOINT,
                        "",
                        any.get(),
                        true,
                        agent -> agent.deleteCheckpoint(uri)));
        return Deletions.wait(answer);
    }

    <A> Answer<A> ask(R checkpoint, Step step, Call<A> call) {
        ResourceID id = ResourceID.fromResource(checkpoint);
        return shared.agents().ask(call, () -> wake(id));
    }

    /** Writes the status. */
    R write(R checkpoint, Context<R> context, Step step) {
        return shared.act(
                step,
                () -> context.resourceOperations()
                        .resourcePatch(
                                checkpoint,
                                changed -> StatusPatch.write(shared.client(), changed),
                                context.eventSourceRetriever().getControllerEventSource()));
    }

    /** {@code checkpoint}, with a status. */
    abstract R status(R checkpoint);

    static Duration pause(Answer<?> answer, Duration left) {
        Duration pause = answer instanceof Pending<?> pending ? pending.pause().orElse(SAFETY_NET) : SAFETY_NET;
        Duration shorter = pause.compareTo(left) < 0 ? pause : left;
        return shorter.toMillis() < 1000 ? Duration.ofSeconds(1) : shorter;
    }

    private boolean isFinal(R checkpoint) {
        CheckpointPhase phase =
                checkpoint.getStatus() == null ? null : checkpoint.getStatus().getPhase();
        return phase != null && phase.isFinal();
    }

    private static String reason(AgentFailure failure) {
        return switch (failure.kind()) {
            case NOT_FOUND -> Reasons.POD_NOT_FOUND;
            case REPLACED -> Reasons.CONTAINER_RESTARTED;
            case STORAGE_FULL -> Reasons.STORAGE_FULL;
            case INVALID, PRECONDITION, REFUSED -> Reasons.CHECKPOINT_FAILED;
            case TIMED_OUT -> Reasons.DEADLINE_EXCEEDED;
            case UNREACHABLE -> Reasons.AGENT_UNREACHABLE;
        };
    }

    Instant now() {
        return shared.clock().instant();
    }
}
