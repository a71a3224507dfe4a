package domain.my.lpm.controller.agent;

/** A call that an agent refused, or that did not reach it; the message names the thing, the reason and the remedy. */
public final class AgentFailure extends RuntimeException {
    /** What kind of failure. */
    public enum Kind {
        /** A name or option is not what it must be. */
        INVALID(false),
        /** There is no such pod, container or checkpoint on that node. */
        NOT_FOUND(false),
        /** The thing is in another state than the call needs; runtime or CRIU refused. */
        PRECONDITION(false),
        /** The pod was replaced, or its container has restarted. */
        REPLACED(false),
        /** The shared storage or the node's disk is full. */
        STORAGE_FULL(false),
        /** We are not allowed to call, or the agent does not know the call. */
        REFUSED(false),
        /** It was not done in time. */
        TIMED_OUT(true),
        /** The agent, its kubelet or the shared storage cannot be reached now. */
        UNREACHABLE(true);

        private final boolean passing;

        Kind(boolean passing) {
            this.passing = passing;
        }

        /** Whether the same call may succeed later. */
        public boolean isTransient() {
            return passing;
        }
    }

    private static final long serialVersionUID = 1;

    private final Kind kind;

    /** A failure without a cause worth keeping. */
    public AgentFailure(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** A failure and what it came from. */
    public AgentFailure(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What kind of failure it is. */
    public Kind kind() {
        return kind;
    }

    /** The sentence. */
    public String sentence() {
        return String.valueOf(getMessage());
    }
}
