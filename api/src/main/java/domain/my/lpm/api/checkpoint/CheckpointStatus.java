package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the statuses of both kinds of checkpoint have in common. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({
    "phase",
    "reason",
    "message",
    "ready",
    "boundContent",
    "checkpointId",
    "startTime",
    "completionTime",
    "conditions",
    "observedGeneration"
})
@ValidationRule(
        value = "!has(oldSelf.boundContent) || (has(self.boundContent) && self.boundContent == oldSelf.boundContent)",
        message =
                "boundContent cannot be changed or removed, because the content points back to this checkpoint; create another checkpoint")
@ValidationRule(
        value = "!has(oldSelf.checkpointId) || (has(self.checkpointId) && self.checkpointId == oldSelf.checkpointId)",
        message =
                "checkpointId cannot be changed or removed, because the data on storage is found by it; create another checkpoint")
@ValidationRule(
        value =
                "!has(self.ready) || !self.ready || (has(self.phase) && self.phase == 'Succeeded' && has(self.boundContent))",
        message =
                "ready needs phase Succeeded and boundContent, because only a complete checkpoint that is described can be restored; bind the content first")
@ValidationRule(
        value =
                "!has(self.phase) || !has(oldSelf.phase) || self.phase == oldSelf.phase || !(oldSelf.phase in ['Succeeded', 'Failed'])",
        message =
                "phase cannot be changed once it is Succeeded or Failed, because the checkpoint is over; create another checkpoint")
@ValidationRule(
        value =
                "!has(self.phase) || !has(oldSelf.phase) || self.phase == oldSelf.phase || oldSelf.phase in ['Succeeded', 'Failed']"
                        + " || self.phase == 'Failed'"
                        + " || (oldSelf.phase == 'Pending' && self.phase == 'Running')"
                        + " || (oldSelf.phase == 'Running' && self.phase == 'Succeeded')",
        message =
                "phase can only move from Pending to Running, from Running to Succeeded, or to Failed, because no step may be skipped or run twice; read the object again and repeat from the phase it is in")
public abstract class CheckpointStatus {
    @JsonPropertyDescription("The step that is under way or, for Succeeded and Failed, how the checkpoint ended.")
    private @Nullable CheckpointPhase phase;

    @JsonPropertyDescription("Why the checkpoint is in this phase: one word in UpperCamelCase; at most 63 characters.")
    @Pattern(Formats.REASON)
    @Size(max = 63)
    private @Nullable String reason;

    @JsonPropertyDescription("What the phase means in words: the reason and, where one is known, the remedy; at most "
            + "32768 characters.")
    @Size(max = 32768)
    private @Nullable String message;

    @JsonPropertyDescription("Whether the checkpoint is complete on storage and can be restored.")
    private Boolean ready = false;

    @JsonPropertyDescription("Name of the content object that describes the data on storage.")
    @Pattern(Formats.DNS_SUBDOMAIN)
    @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
    private @Nullable String boundContent;

    @JsonPropertyDescription("Directory of the checkpoint below that of its pod in the repository; lower-case letters, "
            + "digits, - and .; at most 253 characters.")
    @Pattern(Formats.DNS_SUBDOMAIN)
    @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
    private @Nullable String checkpointId;

    @JsonPropertyDescription("When the work began: RFC 3339, UTC.")
    @Pattern(Formats.TIME)
    @Size(max = Formats.TIME_LENGTH)
    private @Nullable String startTime;

    @JsonPropertyDescription("When the work ended: RFC 3339, UTC.")
    @Pattern(Formats.TIME)
    @Size(max = Formats.TIME_LENGTH)
    private @Nullable String completionTime;

    @JsonPropertyDescription("Observations of the state, one of each type.")
    private List<Condition> conditions = new ArrayList<>();

    @JsonPropertyDescription("The metadata.generation of the specification that this status describes; 0 or more.")
    @Min(0)
    private @Nullable Long observedGeneration;

    public @Nullable CheckpointPhase getPhase() {
        return phase;
    }

    public void setPhase(@Nullable CheckpointPhase phase) {
        this.phase = phase;
    }

    public @Nullable String getReason() {
        return reason;
    }

    public void setReason(@Nullable String reason) {
        this.reason = reason;
    }

    public @Nullable String getMessage() {
        return message;
    }

    public void setMessage(@Nullable String message) {
        this.message = message;
    }

    public Boolean getReady() {
        return ready;
    }

    public void setReady(Boolean ready) {
        this.ready = ready;
    }

    public @Nullable String getBoundContent() {
        return boundContent;
    }

    public void setBoundContent(@Nullable String boundContent) {
        this.boundContent = boundContent;
    }

    public @Nullable String getCheckpointId() {
        return checkpointId;
    }

    public void setCheckpointId(@Nullable String checkpointId) {
        this.checkpointId = checkpointId;
    }

    public @Nullable String getStartTime() {
        return startTime;
    }

    public void setStartTime(@Nullable String startTime) {
        this.startTime = startTime;
    }

    public @Nullable String getCompletionTime() {
        return completionTime;
    }

    public void setCompletionTime(@Nullable String completionTime) {
        this.completionTime = completionTime;
    }

    public List<Condition> getConditions() {
        return conditions;
    }

    public void setConditions(List<Condition> conditions) {
        this.conditions = conditions;
    }

    public @Nullable Long getObservedGeneration() {
        return observedGeneration;
    }

    public void setObservedGeneration(@Nullable Long observedGeneration) {
        this.observedGeneration = observedGeneration;
    }
}
