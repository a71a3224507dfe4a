package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a migration does when the copy cannot be restored. */
public enum RestoreFailurePolicy {
    /** The copy is deleted and the source goes on. */
    @JsonProperty("Rollback")
    ROLLBACK("Rollback"),
    /** The copy starts anew and the source is deleted; what memory held is lost, and the migration says so. */
    @JsonProperty("StartFresh")
    START_FRESH("StartFresh");

    private final String value;

    RestoreFailurePolicy(String value) {
        this.value = value;
    }

    /** The word that stands for this in the objects. */
    public String value() {
        return value;
    }
}
