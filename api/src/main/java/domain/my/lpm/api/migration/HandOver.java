package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a migration guarantees about the instructions that follow the checkpoint. */
public enum HandOver {
    /** They run once. A migration that cannot hold the source fails and does no harm. */
    @JsonProperty("ExactlyOnce")
    EXACTLY_ONCE("ExactlyOnce"),
    /** They may run on both sides; the migration says so in its condition HandOver. */
    @JsonProperty("AtLeastOnce")
    AT_LEAST_ONCE("AtLeastOnce");

    private final String value;

    HandOver(String value) {
        this.value = value;
    }

    /** The word that stands for this in the objects. */
    public String value() {
        return value;
    }
}
