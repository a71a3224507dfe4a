package domain.my.lpm.sandbox.demo;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What happened when, counted from the beginning of the checkpoint. */
final class TimeLine {
    /**
     * A step.
     *
     * @param where the node or the share
     * @param what what was done
     * @param startMillis when it began, after the beginning of the checkpoint
     * @param tookMillis how long it took
     */
    record Step(String where, String what, double startMillis, double tookMillis) {}

    private final List<Step> steps = new ArrayList<>();
    private final Instant beganAt = Instant.now();
    private final long began = System.nanoTime();
    private long last = began;

    /** Ends a step that began when the one before it ended. */
    void done(String where, String what) {
        long now = System.nanoTime();
        steps.add(new Step(where, what, (last - began) / 1e6, (now - last) / 1e6));
        last = now;
    }

    /** Adds a step that was measured elsewhere; returns when it ended. */
    double add(String where, String what, double startMillis, double tookMillis) {
        steps.add(new Step(where, what, startMillis, tookMillis));
        return startMillis + tookMillis;
    }

    /** Milliseconds since the beginning. */
    double now() {
        last = System.nanoTime();
        return (last - began) / 1e6;
    }

    /** When that was, in milliseconds after the beginning. */
    double at(Instant time) {
        return Duration.between(beganAt, time).toNanos() / 1e6;
    }

    /** The steps in the order in which they were added. */
    List<Step> steps() {
        return List.copyOf(steps);
    }
}
