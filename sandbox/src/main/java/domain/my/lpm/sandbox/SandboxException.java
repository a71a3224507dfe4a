package domain.my.lpm.sandbox;

/** A sandbox, or a command in it, failed. The message names what, why and where it can be looked up. */
public final class SandboxException extends RuntimeException {
    private static final long serialVersionUID = 1;

    SandboxException(String message) {
        super(message);
    }

    SandboxException(String message, Throwable cause) {
        super(message, cause);
    }
}
