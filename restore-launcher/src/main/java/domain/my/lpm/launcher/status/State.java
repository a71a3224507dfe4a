package domain.my.lpm.launcher.status;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where the launcher stands. The last three are final. */
public enum State {
    /** Enters the container and warms up. */
    @JsonProperty("preparing")
    PREPARING,
    /** Waits for its release. */
    @JsonProperty("standby")
    STANDBY,
    /** Verifies the checkpoint and lays down files. */
    @JsonProperty("staging")
    STAGING,
    /** CRIU restores. */
    @JsonProperty("restoring")
    RESTORING,
    /** The dumped processes stand complete before their first instruction and wait for the word to run. */
    @JsonProperty("complete")
    COMPLETE,
    /** Nothing could be restored; the application waits for the word to be started anew. */
    @JsonProperty("unrestorable")
    UNRESTORABLE,
    /** The dumped processes run on. */
    @JsonProperty("restored")
    RESTORED,
    /** The application was started anew: nothing of the checkpoint lives on. */
    @JsonProperty("fresh")
    FRESH,
    /** Nothing runs. */
    @JsonProperty("failed")
    FAILED;

    /** Whether no other state follows. */
    public boolean isFinal() {
        return this == RESTORED || this == FRESH || this == FAILED;
    }
}
