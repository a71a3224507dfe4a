package domain.my.lpm.launcher.criu;

/** CRIU did not do what it was asked; the message names its first error. */
public final class CriuException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With what happened, why, and what to do. */
    public CriuException(String message) {
        super(message);
    }

    /** With what happened, why, what to do, and the failure behind it. */
    public CriuException(String message, Throwable cause) {
        super(message, cause);
    }
}
