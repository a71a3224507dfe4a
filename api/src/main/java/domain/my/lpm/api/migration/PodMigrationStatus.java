package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import domain.my.lpm.api.Formats;
import domain.my.lpm.api.RestoreMode;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How far a migration has come. Written by the controller alone. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({
    "phase",
    "reason",
    "message",
    "phaseTransitions",
    "sourcePod",
    "targetPod",
    "restoreMode",
    "checkpointName",
    "commitTime",
    "downtimeMillis",
    "timings",
    "conditions",
    "observedGeneration"
})
@ValidationRule(
        value = "!has(oldSelf.sourcePod) || (has(self.sourcePod) && self.sourcePod.uid == oldSelf.sourcePod.uid)",
        message =
                "sourcePod.uid cannot be changed or removed, because another pod of the same name is not the one that was stopped; end this migration and create another")
@ValidationRule(
        value =
                "!has(oldSelf.checkpointName) || (has(self.checkpointName) && self.checkpointName == oldSelf.checkpointName)",
        message =
                "checkpointName cannot be changed or removed, because the checkpoint is identified by it; end this migration and create another")
@ValidationRule(
        value = "!has(oldSelf.commitTime) || (has(self.commitTime) && self.commitTime == oldSelf.commitTime)",
        message = "commitTime cannot be changed or removed, because the source may be gone already; go on to Succeeded")
@ValidationRule(
        value = "!has(self.commitTime) || (has(self.phase) && self.phase in ['RestoreInProgress', 'Succeeded'])",
        message =
                "phase must be RestoreInProgress or Succeeded once commitTime is set, because a committed migration is never rolled back; remove the source and go on to Succeeded")
@ValidationRule(
        value =
                "!has(self.phase) || self.phase != 'Succeeded' || (has(self.commitTime) && has(self.targetPod) && has(self.targetPod.uid))",
        message =
                "phase Succeeded needs commitTime and targetPod.uid, because only a committed copy may outlive the source; record the commit first")
@ValidationRule(
        value =
                "!has(self.phase) || !has(oldSelf.phase) || self.phase == oldSelf.phase || !(oldSelf.phase in ['Succeeded', 'RolledBack', 'Failed'])",
        message =
                "phase cannot be changed once it is Succeeded, RolledBack or Failed, because the migration is over; create another PodMigration")
@ValidationRule(
        value =
                "!has(self.phase) || !has(oldSelf.phase) || self.phase == oldSelf.phase || oldSelf.phase in ['Succeeded', 'RolledBack', 'Failed']"
                        + " || self.phase in ['RollingBack', 'Failed']"
                        + " || (oldSelf.phase == 'Pending' && self.phase == 'CheckpointInProgress')"
                        + " || (oldSelf.phase == 'CheckpointInProgress' && self.phase == 'CheckpointCompleted')"
                        + " || (oldSelf.phase == 'CheckpointCompleted' && self.phase == 'MigrationInProgress')"
                        + " || (oldSelf.phase == 'MigrationInProgress' && self.phase == 'RestoreInProgress')"
                        + " || (oldSelf.phase == 'RestoreInProgress' && self.phase == 'Succeeded')"
                        + " || (oldSelf.phase == 'RollingBack' && self.phase == 'RolledBack')",
        message =
                "phase can only move to the next step, to RollingBack or to Failed, because no step may be skipped or run twice; read the object again and repeat from the phase it is in")
public final class PodMigrationStatus {
    @JsonPropertyDescription(
            "The step that is under way or, for Succeeded, RolledBack and Failed, how the migration " + "ended.")
    private @Nullable MigrationPhase phase;

    @JsonPropertyDescription("Why the migration is in this phase: one word in UpperCamelCase; at most 63 characters.")
    @Pattern(Formats.REASON)
    @Size(max = 63)
    private @Nullable String reason;

    @JsonPropertyDescription("What the phase means in words: the reason and, where one is known, the remedy; at most "
            + "32768 characters.")
    @Size(max = 32768)
    private @Nullable String message;

    @JsonPropertyDescription("When each phase was entered.")
    @Size(max = 9)
    private List<PhaseTransition> phaseTransitions = new ArrayList<>();

    @JsonPropertyDescription("The pod that is moved, as it was found at first.")
    private @Nullable SourcePod sourcePod;

    @JsonPropertyDescription("The copy.")
    private @Nullable TargetPod targetPod;

    @JsonPropertyDescription("Who restores the pod.")
    private @Nullable RestoreMode restoreMode;

    @JsonPropertyDescription("Name of the PodCheckpoint of this migration, in its namespace.")
    @Pattern(Formats.DNS_SUBDOMAIN)
    @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
    private @Nullable String checkpointName;

    @JsonPropertyDescription("When the hand-over was decided: RFC 3339, UTC. From here on the copy is the pod, and the "
            + "source never runs again.")
    @Pattern(Formats.TIME)
    @Size(max = Formats.TIME_LENGTH)
    private @Nullable String commitTime;

    @JsonPropertyDescription("How long the application stood still, in milliseconds; 0 or more.")
    @Min(0)
    private @Nullable Long downtimeMillis;

    @JsonPropertyDescription("How long each part took.")
    private @Nullable MigrationTimings timings;

    @JsonPropertyDescription("Observations of the state, one of each type.")
    private List<Condition> conditions = new ArrayList<>();

    @JsonPropertyDescription("The metadata.generation of the specification that this status describes; 0 or more.")
    @Min(0)
    private @Nullable Long observedGeneration;

    public @Nullable MigrationPhase getPhase() {
        return phase;
    }

    public void setPhase(@Nullable MigrationPhase phase) {
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

    public List<PhaseTransition> getPhaseTransitions() {
        return phaseTransitions;
    }

    public void setPhaseTransitions(List<PhaseTransition> phaseTransitions) {
        this.phaseTransitions = phaseTransitions;
    }

    public @Nullable SourcePod getSourcePod() {
        return sourcePod;
    }

    public void setSourcePod(@Nullable SourcePod sourcePod) {
        this.sourcePod = sourcePod;
    }

    public @Nullable TargetPod getTargetPod() {
        return targetPod;
    }

    public void setTargetPod(@Nullable TargetPod targetPod) {
        this.targetPod = targetPod;
    }

    public @Nullable RestoreMode getRestoreMode() {
        return restoreMode;
    }

    public void setRestoreMode(@Nullable RestoreMode restoreMode) {
        this.restoreMode = restoreMode;
    }

    public @Nullable String getCheckpointName() {
        return checkpointName;
    }

    public void setCheckpointName(@Nullable String checkpointName) {
        this.checkpointName = checkpointName;
    }

    public @Nullable String getCommitTime() {
        return commitTime;
    }

    public void setCommitTime(@Nullable String commitTime) {
        this.commitTime = commitTime;
    }

    public @Nullable Long getDowntimeMillis() {
        return downtimeMillis;
    }

    public void setDowntimeMillis(@Nullable Long downtimeMillis) {
        this.downtimeMillis = downtimeMillis;
    }

    public @Nullable MigrationTimings getTimings() {
        return timings;
    }

    public void setTimings(@Nullable MigrationTimings timings) {
        this.timings = timings;
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

    /** When {@code phase} was entered, if it was. */
    public Optional<Instant> since(MigrationPhase phase) {
        return phaseTransitions.stream()
                .filter(transition -> transition.phase() == phase)
                .findFirst()
                .map(PhaseTransition::instant);
    }
}
