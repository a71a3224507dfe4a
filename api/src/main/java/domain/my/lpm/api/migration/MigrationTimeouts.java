package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How long each part of a migration may take, in seconds. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({"pendingSeconds", "checkpointSeconds", "transferSeconds", "restoreSeconds", "rollbackSeconds"})
public final class MigrationTimeouts {
    @JsonPropertyDescription(
            "Seconds from leaving the queue until the copy stands by, and before that for a node or an agent that is not "
                    + "ready; 1 to 86400.")
    @Default("600")
    @JsonSetter(nulls = Nulls.SKIP)
    @Min(1)
    @Max(86400)
    private Integer pendingSeconds = 600;

    @JsonPropertyDescription(
            "Seconds for taking the checkpoint and storing it; the source stands still meanwhile; 1 to " + "86400.")
    @Default("300")
    @JsonSetter(nulls = Nulls.SKIP)
    @Min(1)
    @Max(86400)
    private Integer checkpointSeconds = 300;

    @JsonPropertyDescription("Seconds from the completed checkpoint until the release of the copy; 1 to 86400.")
    @Default("300")
    @JsonSetter(nulls = Nulls.SKIP)
    @Min(1)
    @Max(86400)
    private Integer transferSeconds = 300;

    @JsonPropertyDescription("Seconds from the release of the copy until it is ready; 1 to 86400.")
    @Default("300")
    @JsonSetter(nulls = Nulls.SKIP)
    @Min(1)
    @Max(86400)
    private Integer restoreSeconds = 300;

    @JsonPropertyDescription("Seconds for deleting the copy and resuming the source; 1 to 86400.")
    @Default("120")
    @JsonSetter(nulls = Nulls.SKIP)
    @Min(1)
    @Max(86400)
    private Integer rollbackSeconds = 120;

    public Integer getPendingSeconds() {
        return pendingSeconds;
    }

    public void setPendingSeconds(Integer pendingSeconds) {
        this.pendingSeconds = pendingSeconds;
    }

    public Integer getCheckpointSeconds() {
        return checkpointSeconds;
    }

    public void setCheckpointSeconds(Integer checkpointSeconds) {
        this.checkpointSeconds = checkpointSeconds;
    }

    public Integer getTransferSeconds() {
        return transferSeconds;
    }

    public void setTransferSeconds(Integer transferSeconds) {
        this.transferSeconds = transferSeconds;
    }

    public Integer getRestoreSeconds() {
        return restoreSeconds;
    }

    public void setRestoreSeconds(Integer restoreSeconds) {
        this.restoreSeconds = restoreSeconds;
    }

    public Integer getRollbackSeconds() {
        return rollbackSeconds;
    }

    public void setRollbackSeconds(Integer rollbackSeconds) {
        this.rollbackSeconds = rollbackSeconds;
    }

    /** How long a migration may stay in {@code phase}; none for a final phase. */
    public Optional<Duration> of(MigrationPhase phase) {
        return switch (phase) {
            case PENDING -> Optional.of(Duration.ofSeconds(pendingSeconds));
            case CHECKPOINT_IN_PROGRESS -> Optional.of(Duration.ofSeconds(checkpointSeconds));
            case CHECKPOINT_COMPLETED, MIGRATION_IN_PROGRESS -> Optional.of(Duration.ofSeconds(transferSeconds));
            case RESTORE_IN_PROGRESS -> Optional.of(Duration.ofSeconds(restoreSeconds));
            case ROLLING_BACK -> Optional.of(Duration.ofSeconds(rollbackSeconds));
            case SUCCEEDED, ROLLED_BACK, FAILED -> Optional.empty();
        };
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof MigrationTimeouts that
                && pendingSeconds.equals(that.pendingSeconds)
                && checkpointSeconds.equals(that.checkpointSeconds)
                && transferSeconds.equals(that.transferSeconds)
                && restoreSeconds.equals(that.restoreSeconds)
                && rollbackSeconds.equals(that.rollbackSeconds);
    }

    @Override
    public int hashCode() {
        return Objects.hash(pendingSeconds, checkpointSeconds, transferSeconds, restoreSeconds, rollbackSeconds);
    }
}
