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
