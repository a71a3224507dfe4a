package domain.my.lpm.sandbox.demo;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationTimings;
import domain.my.lpm.api.migration.PhaseTransition;
import domain.my.lpm.api.migration.PodMigrationStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What happened when, counted from when the PodMigration was applied: what its status says, and what the launcher measured. */
final class TimeLine {
    /**
     * A step.
     *
     * @param where the node; empty for what the controller does
     * @param what what was done
     * @param startMillis when it began, after the PodMigration was applied; empty where that is not recorded
     * @param tookMillis how long it took; empty for what takes no time
     */
    record Step(String where, String what, OptionalDouble startMillis, OptionalDouble tookMillis) {}

    private final Outcome outcome;
    private final List<Step> steps = new ArrayList<>();

    private TimeLine(Outcome outcome) {
        this.outcome = outcome;
    }

    /** The steps of a migration that succeeded, in their order. */
    static List<Step> of(Outcome outcome) {
        TimeLine line = new TimeLine(outcome);
        line.collect(outcome.migration().getStatus());
        return List.copyOf(line.steps);
    }

    private void collect(PodMigrationStatus status) {
        List<PhaseTransition> phases = status.getPhaseTransitions();
        MigrationTimings timings = status.getTimings();
        for (int index = 0; index < phases.size(); index++) {
            MigrationPhase phase = phases.get(index).phase();
            Instant entered = phases.get(index).instant();
            OptionalDouble took = index + 1 < phases.size()
                    ? OptionalDouble.of(millis(entered, phases.get(index + 1).instant()))
                    : OptionalDouble.empty();
            steps.add(new Step("", phase.value() + meaning(phase), OptionalDouble.of(at(entered)), took));
            if (phase == MigrationPhase.CHECKPOINT_IN_PROGRESS && timings != null) {
                part(
                        outcome.sourceNode(),
                        "the checkpoint is taken; the source stands still from its dump on",
                        timings.checkpointMillis());
                part(
                        outcome.sourceNode(),
                        "stored with its volumes, every file's digest signed",
                        timings.transferMillis());
            }
            if (phase == MigrationPhase.RESTORE_IN_PROGRESS) {
                restore(status);
            }
        }
    }

    private void restore(PodMigrationStatus status) {
        outcome.shown().stepsMillis().forEach((name, took) -> {
            String meaning = TimingNames.of(name);
            if (!meaning.isEmpty()) {
                steps.add(new Step(
                        outcome.targetNode(), "  " + meaning, OptionalDouble.empty(), OptionalDouble.of(took)));
            }
        });
        if (status.getCommitTime() != null) {
            moment("", "commit: the copy may run, the source never again", Instant.parse(status.getCommitTime()));
        }
        if (!outcome.shown().target().isEmpty()) {
            moment(
                    outcome.targetNode(),
                    "its first line is printed",
                    outcome.shown().target().get(0).time());
        }
        MigrationTimings timings = status.getTimings();
        if (timings != null) {
            part(outcome.sourceNode(), "the source is deleted, what stands still is killed", timings.commitMillis());
        }
    }

    private void moment(String where, String what, Instant when) {
        steps.add(new Step(where, "  " + what, OptionalDouble.of(at(when)), OptionalDouble.empty()));
    }

    private void part(String where, String what, @Nullable Long took) {
        if (took != null) {
            steps.add(new Step(where, "  " + what, OptionalDouble.empty(), OptionalDouble.of(took)));
        }
    }

    private static String meaning(MigrationPhase phase) {
        return switch (phase) {
            case PENDING -> ": the copy is created, launchers stand by in it; the source runs";
            case RESTORE_IN_PROGRESS -> ": the copy is completed, and handed over to";
            case CHECKPOINT_IN_PROGRESS,
                    CHECKPOINT_COMPLETED,
                    MIGRATION_IN_PROGRESS,
                    SUCCEEDED,
                    ROLLING_BACK,
                    ROLLED_BACK,
                    FAILED -> "";
        };
    }

    private double at(Instant time) {
        return millis(outcome.applied(), time);
    }

    /** The milliseconds between two moments. */
    static double millis(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / 1e6;
    }

    /** How long the application printed nothing across its move, in milliseconds; empty where it printed nothing on either side. */
    static OptionalDouble seenDowntime(Outcome.Moved moved) {
        if (moved.source().isEmpty() || moved.target().isEmpty()) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(millis(
                moved.source().get(moved.source().size() - 1).time(),
                moved.target().get(0).time()));
    }

    /** The median of the milliseconds between two lines of the source; empty where it printed less than two. */
    static OptionalDouble usualPause(Outcome.Moved moved) {
        double[] pauses = IntStream.range(1, moved.source().size())
                .mapToDouble(index -> millis(
                        moved.source().get(index - 1).time(),
                        moved.source().get(index).time()))
                .sorted()
                .toArray();
        return pauses.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(pauses[pauses.length / 2]);
    }
}
