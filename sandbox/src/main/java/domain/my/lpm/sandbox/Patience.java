package domain.my.lpm.sandbox;

import java.time.Duration;

/** How long to wait before something counts as stuck, on a machine that may be slow. */
public final class Patience {
    /** The system property that says how many times as slow as usual the machine is; an emulated one is. */
    public static final String PROPERTY = "lpm.patience";

    private static final int FACTOR = Math.max(1, Integer.getInteger(PROPERTY, 1));

    private Patience() {}

    /** The limit for what takes far less than {@code usual} on a usual machine. */
    public static Duration of(Duration usual) {
        return usual.multipliedBy(FACTOR);
    }
}
