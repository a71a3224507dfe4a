package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Who takes a checkpoint. */
public enum CheckpointMethod {
    /** The container runtime, asked through the kubelet's checkpoint API. */
    @JsonProperty("kubelet")
    KUBELET("kubelet"),
    /** Our own launcher, run by the agent; the only way for what has been restored before. */
    @JsonProperty("launcher")
    LAUNCHER("launcher");

    private final String value;

    CheckpointMethod(String value) {
        this.value = value;
    }

    /** The word that stands for this in the objects. */
    public String value() {
        return value;
    }
}
