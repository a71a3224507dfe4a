package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.CheckpointMethod;

/** When the memory of the source is copied. */
public enum MigrationStrategy {
    /** While the source stands still. */
    @JsonProperty("StopAndCopy")
    STOP_AND_COPY("StopAndCopy"),
    /** Before the source stands still, and again what it changed meanwhile. */
    @JsonProperty("PreCopy")
    PRE_COPY("PreCopy"),
    /** After the copy has begun to run, as it touches it. */
    @JsonProperty("PostCopy")
    POST_COPY("PostCopy");

    private final String value;

    MigrationStrategy(String value) {
        this.value = value;
    }

    /** The word that stands for this in the objects. */
    public String value() {
        return value;
    }

    /** Whether this version copies memory in this way; where it does not, it is copied as with {@link #STOP_AND_COPY}. */
    public boolean isAvailable() {
        return this == STOP_AND_COPY;
    }

    /** What is done where this is not {@linkplain #isAvailable() available}: a sentence for users. */
    public String instead() {
        return "strategy %s is not available in this version: the pod stands still while all of its memory is copied, as with %s"
                .formatted(value, STOP_AND_COPY.value);
    }

    /** Whether the memory can be copied in this way when {@code mode} restores the pod. */
    public boolean allows(RestoreMode mode) {
        return switch (mode) {
            case SELF_RESTORE -> true;
            case CRI_O -> this == STOP_AND_COPY;
            case NONE -> false;
        };
    }

    /** Whether the memory can be copied in this way when {@code method} takes the checkpoint. */
    public boolean allows(CheckpointMethod method) {
        return switch (method) {
            case LAUNCHER -> true;
            case KUBELET -> this == STOP_AND_COPY;
        };
    }
}
