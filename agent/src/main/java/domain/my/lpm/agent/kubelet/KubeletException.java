package domain.my.lpm.agent.kubelet;

import org.jspecify.annotations.Nullable;

/** The kubelet took no checkpoint. */
public final class KubeletException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Cause kind;

    /** Why, as far as its answer tells. */
    public enum Cause {
        /** It could not be reached: nothing was done. */
        UNREACHABLE(true),
        /** The container was paused by somebody else: nothing was done. */
        PAUSED(true),
        /** It did not accept who called. */
        UNAUTHORIZED(false),
        /** Whoever called may not. */
        FORBIDDEN(false),
        /** No such container, or the checkpoint API is switched off. */
        NOT_FOUND(false),
        /** The runtime takes no checkpoints. */
        UNSUPPORTED(false),
        /** It did not answer in time: what it has done, or still does, is not known. */
        TIMED_OUT(false),
        /** The runtime failed: the container may be half dumped. */
        FAILED(false);

        private final boolean harmless;

        Cause(boolean harmless) {
            this.harmless = harmless;
        }

        /** Whether it may be tried again: nothing was done to the container. */
        public boolean mayRetry() {
            return harmless;
        }
    }

    /** A refusal. */
    public KubeletException(Cause kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Why. */
    public Cause kind() {
        return kind;
    }
}
