package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Min;
import org.jspecify.annotations.Nullable;

/** How long the parts of a migration took. A part that was not reached is absent. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MigrationTimings(
        @JsonPropertyDescription("Waiting for earlier migrations, in milliseconds; 0 or more.") @Min(0) @Nullable
        Long queueMillis,

        @JsonPropertyDescription("From leaving the queue until the copy stood by, in milliseconds; 0 or more.")
        @Min(0)
        @Nullable
        Long standbyMillis,

        @JsonPropertyDescription("Taking the checkpoint, in milliseconds; 0 or more.") @Min(0) @Nullable
        Long checkpointMillis,

        @JsonPropertyDescription("Storing the checkpoint and handing it to the copy, in milliseconds; 0 or more.")
        @Min(0)
        @Nullable
        Long transferMillis,

        @JsonPropertyDescription("From the release of the copy until it was ready, in milliseconds; 0 or more.")
        @Min(0)
        @Nullable
        Long restoreMillis,

        @JsonPropertyDescription("From the ready copy until the source was gone, in milliseconds; 0 or more.")
        @Min(0)
        @Nullable
        Long commitMillis,

        @JsonPropertyDescription("Deleting the copy and resuming the source, in milliseconds; 0 or more.")
        @Min(0)
        @Nullable
        Long rollbackMillis,

        @JsonPropertyDescription("From the creation of the migration to its end, in milliseconds; 0 or more.")
        @Min(0)
        @Nullable
        Long totalMillis) {}
