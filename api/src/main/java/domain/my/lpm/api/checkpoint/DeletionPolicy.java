package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What becomes of the data on storage when its object is deleted. */
public enum DeletionPolicy {
    /** The data stays. */
    @JsonProperty("Retain")
    RETAIN("Retain"),
    /** The data is deleted, too. */
    @JsonProperty("Delete")
    DELETE("Delete");

    private final String value;

    DeletionPolicy(String value) {
        this.value = value;
    }

    /** The word that stands for this in the objects. */
    public String value() {
        return value;
    }
}
