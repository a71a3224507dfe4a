package domain.my.lpm.agent.kubelet;

import java.time.Duration;
import java.util.function.Function;

/** Tries again what did no harm: five times in all, with pauses of 2, 4, 8 and 16 seconds. */
public final class Backoff {
    private static final int STEPS = 5;
    private static final Duration FIRST = Duration.ofSeconds(2);
    private static final int FACTOR = 2;

    private final Pause pause;

    /** How time passes. */
    public interface Pause {
        /** Waits. */
        void sleep(Duration time) throws InterruptedException;
    }

    /** One that pauses so. */
    public Backoff(Pause pause) {
        this.pause = pause;
    }

    /** Real time. */
    public static Backoff real() {
        return new Backoff(time -> Thread.sleep(time.toMillis()));
    }

    /** Does it within a time, of which the pauses take their part; {@code act} is told what is left. */
    <T> T during(Duration atMost, Function<Duration, T> act) {
        Duration next = FIRST;
        Duration paused = Duration.ZERO;
        long start = System.nanoTime();
        for (int step = 1; ; step++) {
            Duration left = atMost.minus(paused).minusNanos(System.nanoTime() - start);
            try {
                return act.apply(left);
            } catch (KubeletException refused) {
                if (!refused.kind().mayRetry() || step == STEPS || next.compareTo(left) >= 0) {
                    throw refused;
                }
                try {
                    long before = System.nanoTime();
                    pause.sleep(next);
                    // What the pause took is counted by the clock; what a test's pause pretends to take is counted
                    // here.
                    paused = paused.plus(next).minusNanos(Math.min(next.toNanos(), System.nanoTime() - before));
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw refused;
                }
                next = next.multipliedBy(FACTOR);
            }
        }
    }
}
