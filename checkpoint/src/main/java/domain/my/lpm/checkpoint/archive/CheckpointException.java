package domain.my.lpm.checkpoint.archive;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A checkpoint cannot be stored or used. The message names the thing, what is wrong with it and the remedy. */
public final class CheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /** A refusal: {@code thing: problem; remedy}. */
    public CheckpointException(Reason reason, String thing, String problem, String remedy) {
        this(reason, thing, problem, remedy, null);
    }

    /** A refusal with what led to it. */
    public CheckpointException(Reason reason, String thing, String problem, String remedy, @Nullable Throwable cause) {
        super(thing + ": " + problem + "; " + remedy, cause);
        this.reason = reason;
    }

    /** Reading or writing {@code thing} failed. */
    public static CheckpointException unreadable(String thing, IOException cause) {
        return new CheckpointException(
                Reason.UNREADABLE,
                thing,
                "reading or writing it failed (" + cause + ")",
                "check the storage, its free space and its permissions",
                cause);
    }

    /** The kind of refusal. */
    public Reason reason() {
        return reason;
    }
}
