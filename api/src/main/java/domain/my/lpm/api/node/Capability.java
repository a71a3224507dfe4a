package domain.my.lpm.api.node;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a node may be able to do. */
public enum Capability {
    /** Take checkpoints through the kubelet's API. */
    @JsonProperty("checkpoint")
    CHECKPOINT("checkpoint"),
    /** Keep the processes stopped after a checkpoint. */
    @JsonProperty("hold")
    HOLD("hold"),
    /** Run pods that restore themselves. */
    @JsonProperty("self-restore")
    SELF_RESTORE("self-restore"),
    /** Restore checkpoint images by the container runtime. */
    @JsonProperty("cri-o-restore")
    CRI_O_RESTORE("cri-o-restore"),
    /** Bring memory in as it is touched. */
    @JsonProperty("lazy-pages")
    LAZY_PAGES("lazy-pages");

    private final String value;

    Capability(String value) {
        this.value = value;
    }

    /** The word that stands for this in the objects. */
    public String value() {
        return value;
    }
}
