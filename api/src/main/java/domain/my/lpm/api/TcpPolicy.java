package domain.my.lpm.api;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What becomes of established TCP connections that lead out of the pod; those within it go on in any case. */
public enum TcpPolicy {
    /** They stay open: the copy has the address of the source. */
    @JsonProperty("Established")
    ESTABLISHED("Established"),
    /** They are closed in the copy: the application reads what had arrived, then a reset. */
    @JsonProperty("Close")
    CLOSE("Close"),
    /** A pod that has such a connection is not moved. */
    @JsonProperty("Fail")
    FAIL("Fail");

    private final String value;

    TcpPolicy(String value) {
        this.value = value;
    }

    /** The word that stands for this in the objects. */
    public String value() {
        return value;
    }
}
