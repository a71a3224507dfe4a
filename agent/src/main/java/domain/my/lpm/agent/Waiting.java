package domain.my.lpm.agent;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what happens on this node, where nothing tells of it. */
public final class Waiting {
    private static final long FIRST_NANOSECONDS = 1_000_000;
    private static final long LONGEST_NANOSECONDS = 50_000_000;

    private Waiting() {}

    /** Waits until a condition holds; looks often at first. Returns whether it did within the time. */
    public static boolean until(Duration atMost, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            long waited = System.nanoTime() - start;
            if (waited >= atMost.toNanos() || Thread.currentThread().isInterrupted()) {
                return false;
            }
            // A fraction of the time waited so far: what is quick is seen quickly, what is slow costs little.
            LockSupport.parkNanos(Math.min(LONGEST_NANOSECONDS, Math.max(FIRST_NANOSECONDS, waited / 500)));
        }
        return true;
    }
}
