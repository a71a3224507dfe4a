package domain.my.lpm.webhook.rewrite;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Who lends the privileges that a checkpoint or a restore needs. */
public enum Privileges {
    /** The node agent lends its own; the pod keeps its securityContext to the letter. */
    @JsonProperty("agent")
    AGENT,
    /** The containers of the pod carry them; no agent is needed. */
    @JsonProperty("pod")
    POD
}
