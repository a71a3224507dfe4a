package domain.my.lpm.sandbox.cluster.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Probe;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The probes of one start of a container, and what they found. */
final class ProbeRecord {
    /** What a probe decides. */
    enum Kind {
        STARTUP,
        READINESS,
        LIVENESS
    }

    /** A probe that is due. */
    record Due(Kind kind, Probe probe) {}

    private final @Nullable Probe startup;
    private final @Nullable Probe readiness;
    private final @Nullable Probe liveness;
    private final Schedule startupTimes;
    private final Schedule readinessTimes;
    private final Schedule livenessTimes;
    private boolean started;
    private boolean ready;
    private boolean toBeKilled;

    ProbeRecord(Container container, Instant start) {
        startup = container.getStartupProbe();
        readiness = container.getReadinessProbe();
        liveness = container.getLivenessProbe();
        started = startup == null;
        ready = readiness == null;
        startupTimes = new Schedule(startup, start);
        readinessTimes = new Schedule(readiness, start);
        livenessTimes = new Schedule(liveness, start);
    }

    boolean hasStarted() {
        return started;
    }

    boolean isReady() {
        return started && ready;
    }

    /** Whether a probe failed so often that the container has to be started anew. */
    boolean isToBeKilled() {
        return toBeKilled;
    }

    /** The probe that is due, which has to be followed by {@link #result}. */
    Optional<Due> due(Instant now) {
        if (startup != null && !started) {
            return startupTimes.take(now) ? Optional.of(new Due(Kind.STARTUP, startup)) : Optional.empty();
        }
        if (readiness != null && readinessTimes.take(now)) {
            return Optional.of(new Due(Kind.READINESS, readiness));
        }
        if (liveness != null && livenessTimes.take(now)) {
            return Optional.of(new Due(Kind.LIVENESS, liveness));
        }
        return Optional.empty();
    }

    /** When the next is due. */
    Instant next() {
        if (startup != null && !started) {
            return startupTimes.next();
        }
        Instant first = readiness == null ? Instant.MAX : readinessTimes.next();
        Instant second = liveness == null ? Instant.MAX : livenessTimes.next();
        return first.isBefore(second) ? first : second;
    }

    void result(Due due, boolean success, Instant now) {
        switch (due.kind()) {
            case STARTUP -> {
                Outcome outcome = startupTimes.result(due.probe(), success, now);
                started |= outcome == Outcome.PASSED;
                toBeKilled |= outcome == Outcome.FAILED;
                if (started) {
                    // What waited for it need not wait for its own period, too.
                    readinessTimes.at(now);
                    livenessTimes.at(now);
                }
            }
            case READINESS -> {
                Outcome outcome = readinessTimes.result(due.probe(), success, now);
                ready = outcome == Outcome.UNDECIDED ? ready : outcome == Outcome.PASSED;
            }
            case LIVENESS -> toBeKilled |= livenessTimes.result(due.probe(), success, now) == Outcome.FAILED;
        }
    }

    private enum Outcome {
        PASSED,
        FAILED,
        UNDECIDED
    }

    /** When a probe is due, and its results in a row. */
    private static final class Schedule {
        private Instant next;
        private boolean running;
        private int successes;
        private int failures;

        Schedule(@Nullable Probe probe, Instant start) {
            next = probe == null ? Instant.MAX : start.plusSeconds(or(probe.getInitialDelaySeconds(), 0));
        }

        boolean take(Instant now) {
            if (running || now.isBefore(next)) {
                return false;
            }
            running = true;
            return true;
        }

        Instant next() {
            return running ? Instant.MAX : next;
        }

        void at(Instant now) {
            if (now.isAfter(next)) {
                next = now;
            }
        }

        Outcome result(Probe probe, boolean success, Instant now) {
            running = false;
            next = now.plus(Duration.ofSeconds(Math.max(1, or(probe.getPeriodSeconds(), 10))));
            successes = success ? successes + 1 : 0;
            failures = success ? 0 : failures + 1;
            if (successes >= or(probe.getSuccessThreshold(), 1)) {
                return Outcome.PASSED;
            }
            return failures >= or(probe.getFailureThreshold(), 3) ? Outcome.FAILED : Outcome.UNDECIDED;
        }
    }

    static int or(@Nullable Integer value, int standard) {
        return value == null ? standard : value;
    }
}
