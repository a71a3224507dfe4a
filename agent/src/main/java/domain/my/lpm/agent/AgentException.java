package domain.my.lpm.agent;

import org.jspecify.annotations.Nullable;

/** A call that cannot be carried out. The message names the thing, the reason and the remedy. */
public final class AgentException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Kind kind;

    /** What kind of refusal it is; the protocol's status codes, see agent.proto. */
    public enum Kind {
        /** There is no such pod, container or checkpoint on this node. */
        NOT_FOUND,
        /** The thing is in another state than the call needs. */
        FAILED_PRECONDITION,
        /** The pod was replaced, or its container has restarted. */
        ABORTED,
        /** The shared storage or the node's disk is full. */
        RESOURCE_EXHAUSTED,
        /** The kubelet, the API or the shared storage cannot be reached now. */
        UNAVAILABLE,
        /** It was not done in time. */
        DEADLINE_EXCEEDED
    }

    /** A refusal. */
    public AgentException(Kind kind, String message) {
        this(kind, message, null);
    }

    /** A refusal with what led to it. */
    public AgentException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** The kind of refusal. */
    public Kind kind() {
        return kind;
    }
}
