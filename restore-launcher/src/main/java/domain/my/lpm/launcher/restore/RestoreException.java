package domain.my.lpm.launcher.restore;

/** A checkpoint was refused or could not be restored; the message names the thing, the reason and the remedy. */
public final class RestoreException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With what was refused, why, and what to do. */
    public RestoreException(String message) {
        super(message);
    }
}
