package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.CheckpointStatus;
import domain.my.lpm.api.checkpoint.ContentStatus;
import io.fabric8.kubernetes.client.CustomResource;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The one place in which statuses of checkpoints and contents are made. Each method changes the status it is given. */
final class CheckpointStatuses {
    private CheckpointStatuses() {}

    static void running(CustomResource<?, ? extends CheckpointStatus> of, String checkpointId, Instant now) {
        CheckpointStatus status = of.getStatus();
        status.setCheckpointId(checkpointId);
        status.setStartTime(now.toString());
        enter(of, CheckpointPhase.RUNNING, Reasons.ACCEPTED, "the checkpoint is taken");
    }

    static void succeeded(
            CustomResource<?, ? extends CheckpointStatus> of,
            String checkpointId,
            String content,
            String message,
            Instant now) {
        CheckpointStatus status = of.getStatus();
        status.setCheckpointId(checkpointId);
        if (status.getStartTime() == null) {
            status.setStartTime(now.toString());
        }
        status.setCompletionTime(now.toString());
        status.setBoundContent(content);
        status.setReady(true);
        enter(of, CheckpointPhase.SUCCEEDED, Reasons.CHECKPOINTED, message);
        ready(of, true, Reasons.CHECKPOINTED, message, now);
    }

    static void failed(CustomResource<?, ? extends CheckpointStatus> of, String reason, String message, Instant now) {
        of.getStatus().setCompletionTime(now.toString());
        enter(of, CheckpointPhase.FAILED, reason, message);
        ready(of, false, reason, message, now);
    }

    static void available(CustomResource<?, ContentStatus> of, String message, Instant now) {
        @Nullable Long generation = of.getMetadata().getGeneration();
        of.getStatus().setObservedGeneration(generation);
        of.getStatus()
                .setConditions(Conditions.with(
                        of.getStatus().getConditions(),
                        ConditionTypes.AVAILABLE,
                        true,
                        Reasons.CHECKPOINTED,
                        message,
                        generation,
                        now));
    }

    private static void enter(
            CustomResource<?, ? extends CheckpointStatus> of, CheckpointPhase phase, String reason, String message) {
        CheckpointStatus status = of.getStatus();
        CheckpointPhase before = status.getPhase();
        if (before != null && !before.mayBecome(phase)) {
            throw new IllegalStateException("%s '%s' is %s and cannot become %s; this is an error of the controller"
                    .formatted(of.getKind(), of.getMetadata().getName(), before.value(), phase.value()));
        }
        status.setPhase(phase);
        status.setReason(reason);
        status.setMessage(message);
        status.setObservedGeneration(of.getMetadata().getGeneration());
    }

    private static void ready(
            CustomResource<?, ? extends CheckpointStatus> of,
            boolean ready,
            String reason,
            String message,
            Instant now) {
        of.getStatus()
                .setConditions(Conditions.with(
                        of.getStatus().getConditions(),
                        ConditionTypes.READY,
                        ready,
                        reason,
                        message,
                        of.getMetadata().getGeneration(),
                        now));
    }
}
