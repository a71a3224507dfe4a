package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** How far the checkpoint of a container has come. Written by the controller alone. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({
    "phase",
    "reason",
    "message",
    "ready",
    "boundContent",
    "checkpointId",
    "checkpointMethod",
    "artifactURI",
    "sizeBytes",
    "startTime",
    "completionTime",
    "conditions",
    "observedGeneration"
})
@ValidationRule(
        value = "!has(self.ready) || !self.ready || has(self.artifactURI)",
        message =
                "ready needs artifactURI, because a checkpoint without a place cannot be restored; record where it lies first")
public final class ContainerCheckpointStatus extends CheckpointStatus {
    @JsonPropertyDescription("Who took the checkpoint.")
    private @Nullable CheckpointMethod checkpointMethod;

    @JsonProperty("artifactURI")
    @JsonPropertyDescription("Where the archive lies: shared://<podUID>/<checkpointID>/<container>/dump.tar.zst, or "
            + "file:// with the same path for one that only its node has.")
    @Pattern(Formats.ARTIFACT_URI)
    @Size(max = Formats.ARTIFACT_URI_LENGTH)
    private @Nullable String artifactUri;

    @JsonPropertyDescription("Size of the checkpoint on storage, in bytes; 0 or more.")
    @Min(0)
    private @Nullable Long sizeBytes;

    public @Nullable CheckpointMethod getCheckpointMethod() {
        return checkpointMethod;
    }

    public void setCheckpointMethod(@Nullable CheckpointMethod checkpointMethod) {
        this.checkpointMethod = checkpointMethod;
    }

    public @Nullable String getArtifactUri() {
        return artifactUri;
    }

    public void setArtifactUri(@Nullable String artifactUri) {
        this.artifactUri = artifactUri;
    }

    public @Nullable Long getSizeBytes() {
        return sizeBytes;
    }

    public void setSizeBytes(@Nullable Long sizeBytes) {
        this.sizeBytes = sizeBytes;
    }
}
