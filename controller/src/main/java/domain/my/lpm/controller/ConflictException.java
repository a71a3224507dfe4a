package domain.my.lpm.controller;

/** The object has been changed by somebody else since it was read: nothing was written. */
public final class ConflictException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** A write that the API server refused. */
    public ConflictException(Throwable cause) {
        super(cause);
    }
}
