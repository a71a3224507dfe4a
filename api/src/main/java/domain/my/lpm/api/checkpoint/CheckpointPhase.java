package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The steps of a PodCheckpoint or ContainerCheckpoint. */
public enum CheckpointPhase {
    /** Not begun. */
    @JsonProperty("Pending")
    PENDING("Pending"),
    /** The checkpoint is taken and stored. */
    @JsonProperty("Running")
    RUNNING("Running"),
    /** The end: the checkpoint is complete. */
    @JsonProperty("Succeeded")
    SUCCEEDED("Succeeded"),
    /** The end: there is no checkpoint. */
    @JsonProperty("Failed")
    FAILED("Failed");

    private final String value;

    CheckpointPhase(String value) {
        this.value = value;
    }

    /** The word that stands for this phase in the status. */
    public String value() {
        return value;
    }

    /** Whether the work is over. */
    public boolean isFinal() {
        return switch (this) {
            case PENDING, RUNNING -> false;
            case SUCCEEDED, FAILED -> true;
        };
    }

    /** Whether a status may go from this phase to {@code next}; a phase may always stay. The CRD has the same rule. */
    public boolean mayBecome(CheckpointPhase next) {
        return next == this
                || switch (this) {
                    case PENDING -> next == RUNNING || next == FAILED;
                    case RUNNING -> next == SUCCEEDED || next == FAILED;
                    case SUCCEEDED, FAILED -> false;
                };
    }
}
