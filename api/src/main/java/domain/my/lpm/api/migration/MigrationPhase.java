package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.EnumSet;
import java.util.Set;

/** The steps of a PodMigration, in their order, and its ends. */
public enum MigrationPhase {
    /** Validated, queued, the copy is brought to stand by; the application runs. */
    @JsonProperty("Pending")
    PENDING("Pending"),
    /** The checkpoint is taken and stored; from here on the source is held. */
    @JsonProperty("CheckpointInProgress")
    CHECKPOINT_IN_PROGRESS("CheckpointInProgress"),
    /** The checkpoint is complete, its digest known. */
    @JsonProperty("CheckpointCompleted")
    CHECKPOINT_COMPLETED("CheckpointCompleted"),
    /** The checkpoint is handed to the copy. */
    @JsonProperty("MigrationInProgress")
    MIGRATION_IN_PROGRESS("MigrationInProgress"),
    /** The copy is released and restores; then the commit, then the end of the source. */
    @JsonProperty("RestoreInProgress")
    RESTORE_IN_PROGRESS("RestoreInProgress"),
    /** The end: the copy is the pod, the source is gone. */
    @JsonProperty("Succeeded")
    SUCCEEDED("Succeeded"),
    /** The copy is deleted and the source resumed. */
    @JsonProperty("RollingBack")
    ROLLING_BACK("RollingBack"),
    /** The end: the source goes on, the copy is gone. */
    @JsonProperty("RolledBack")
    ROLLED_BACK("RolledBack"),
    /** The end: the migration was refused, or could be neither finished nor rolled back; its reason says which. */
    @JsonProperty("Failed")
    FAILED("Failed");

    private final String value;

    MigrationPhase(String value) {
        this.value = value;
    }

    /** The word that stands for this phase in the status. */
    public String value() {
        return value;
    }

    /** Whether the migration is over. */
    public boolean isFinal() {
        return following().isEmpty();
    }

    /** Whether a status may go from this phase to {@code next}; a phase may always stay. The CRD has the same rule. */
    public boolean mayBecome(MigrationPhase next) {
        return next == this || following().contains(next);
    }

    private Set<MigrationPhase> following() {
        return switch (this) {
            case PENDING -> EnumSet.of(CHECKPOINT_IN_PROGRESS, ROLLING_BACK, FAILED);
            case CHECKPOINT_IN_PROGRESS -> EnumSet.of(CHECKPOINT_COMPLETED, ROLLING_BACK, FAILED);
            case CHECKPOINT_COMPLETED -> EnumSet.of(MIGRATION_IN_PROGRESS, ROLLING_BACK, FAILED);
            case MIGRATION_IN_PROGRESS -> EnumSet.of(RESTORE_IN_PROGRESS, ROLLING_BACK, FAILED);
            case RESTORE_IN_PROGRESS -> EnumSet.of(SUCCEEDED, ROLLING_BACK, FAILED);
            case ROLLING_BACK -> EnumSet.of(ROLLED_BACK, FAILED);
            case SUCCEEDED, ROLLED_BACK, FAILED -> EnumSet.noneOf(MigrationPhase.class);
        };
    }
}
