package domain.my.lpm.webhook.rewrite;

/** A pod that must not be admitted as it is; the message names the pod or annotation, the reason and the remedy. */
public final class PodRefusedException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    PodRefusedException(String message) {
        super(message);
    }

    PodRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
