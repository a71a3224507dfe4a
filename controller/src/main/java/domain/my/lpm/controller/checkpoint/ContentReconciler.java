package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.api.CheckpointReference;
import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.checkpoint.ContentStatus;
import domain.my.lpm.api.checkpoint.DeletionPolicy;
import domain.my.lpm.controller.StatusPatch;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Call;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.client.CustomResource;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The contents: they keep the data on storage, and take it with them where their deletion policy says so. */
abstract class ContentReconciler<R extends CustomResource<?, ContentStatus>> implements Reconciler<R>, Cleaner<R> {
    private final SimpleInboundEventSource<R> wake = new SimpleInboundEventSource<>("wake");
    private final Checkpointing shared;

    ContentReconciler(Checkpointing shared) {
        this.shared = shared;
    }

    abstract DeletionPolicy policy(R content);

    abstract CheckpointReference reference(R content);

    /** The node whose agent is asked first. */
    abstract @Nullable String node(R content);

    @Override
    public List<EventSource<?, R>> prepareEventSources(EventSourceContext<R> context) {
        return List.of(wake);
    }

    @Override
    public UpdateControl<R> reconcile(R content, Context<R> context) {
        if (content.getStatus() == null) {
            content.setStatus(new ContentStatus());
        }
        if (Conditions.find(content.getStatus().getConditions(), ConditionTypes.AVAILABLE)
                .isEmpty()) {
            CheckpointStatuses.available(
                    content,
                    "the data is at " + reference(content),
                    shared.clock().instant());
            context.resourceOperations()
                    .resourcePatch(
                            content,
                            changed -> StatusPatch.write(shared.client(), changed),
                            context.eventSourceRetriever().getControllerEventSource());
        }
        return UpdateControl.noUpdate();
    }

    @Override
    public DeleteControl cleanup(R content, Context<R> context) {
        if (policy(content) == DeletionPolicy.RETAIN) {
            return DeleteControl.defaultDelete();
        }
        Optional<String> node = shared.anyNode(node(content));
        if (node.isEmpty()) {
            return DeleteControl.noFinalizerRemoval().rescheduleAfter(CheckpointReconciler.SAFETY_NET);
        }
        ResourceID id = ResourceID.fromResource(content);
        String uri = reference(content).toString();
        Answer<Boolean> answer = shared.agents()
                .ask(
                        new Call<>(
                                content.getMetadata().getUid(),
                                Step.DELETE_CHECKPOINT,
                                "",
                                node.get(),
                                true,
                                agent -> agent.deleteCheckpoint(uri)),
                        () -> wake.propagateEvent(id));
        Optional<Duration> wait = Deletions.wait(answer);
        if (wait.isPresent()) {
            return DeleteControl.noFinalizerRemoval().rescheduleAfter(wait.get());
        }
        shared.agents().forget(content.getMetadata().getUid());
        return DeleteControl.defaultDelete();
    }
}
