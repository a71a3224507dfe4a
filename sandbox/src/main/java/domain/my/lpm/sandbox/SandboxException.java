package domain.my.lpm.sandbox;

/** A sandbox, or a command in it, failed. The message names what, why and where it can be looked up. */
public final class SandboxException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With what is wrong, why, and what to do. */
    public SandboxException(String message) {
        super(message);
    }

    /** With what is wrong, why, what to do, and the failure behind it. */
    public SandboxException(String message, Throwable cause) {
        super(message, cause);
    }
}
