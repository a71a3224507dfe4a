package domain.my.lpm.sandbox.demo;

import domain.my.lpm.api.migration.MigrationTimings;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.checkpoint.inspect.Inspection.Hindrance;
import domain.my.lpm.checkpoint.inspect.Inspection.Severity;
import domain.my.lpm.sandbox.LogLine;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Prints what happened. What a container printed cannot steer the terminal. */
final class Report {
    private static final int LINES = 4;
    private static final int WIDTH = 110;

    private final PrintStream out;

    Report(PrintStream out) {
        this.out = out;
    }

    private void title(String text) {
        out.println();
        out.println(text);
    }

    private void line(String format, Object... values) {
        out.println("  " + String.format(Locale.ROOT, format, values));
    }

    /** A line that cannot steer the terminal. */
    static String printable(String text) {
        StringBuilder plain = new StringBuilder();
        text.codePoints()
                .map(point -> Character.isISOControl(point) ? '?' : point)
                .forEach(plain::appendCodePoint);
        return plain.toString();
    }

    /** The same, shortened. */
    static String plain(String text) {
        return text.length() > WIDTH ? printable(text.substring(0, WIDTH)) + "…" : printable(text);
    }

    /** The last lines of the source and the first of the copy. */
    void lines(Outcome outcome) {
        Outcome.Moved shown = outcome.shown();
        title("What it printed");
        List<LogLine> source = shown.source();
        for (LogLine each : source.subList(Math.max(0, source.size() - LINES), source.size())) {
            line("%s  %s  %s", outcome.sourceNode(), time(each), plain(each.text()));
        }
        line("%s  %s", "-".repeat(outcome.sourceNode().length()), shown.target().isEmpty() ? "nothing since" : "moved");
        for (LogLine each : shown.target().stream().limit(LINES).toList()) {
            line("%s  %s  %s", outcome.targetNode(), time(each), plain(each.text()));
        }
        for (Outcome.Moved each : outcome.containers()) {
            if (each.exitCode() != null) {
                line("%s  '%s' ended with exit code %d", outcome.targetNode(), each.name(), each.exitCode());
            }
        }
    }

    private static String time(LogLine line) {
        return line.time().toString().replaceFirst(".*T", "").replaceFirst("(\\.\\d{3})\\d*Z", "$1");
    }

    /** The processes before and after. */
    void processes(Outcome outcome) {
        title("Its processes");
        line("%5s  %-16s %7s  %10s  %10s  %s", "pid", "name", "threads", "RSS before", "RSS after", "same run");
        for (Outcome.Moved each : outcome.containers()) {
            for (ProcessPicture before : each.before()) {
                Optional<ProcessPicture> after = Proof.restored(each, before);
                line(
                        "%5d  %-16s %7d  %6d KiB  %10s  %s",
                        before.pid(),
                        plain(before.name()),
                        before.threads(),
                        before.residentKib(),
                        after.map(now -> now.residentKib() + " KiB").orElse("-"),
                        after.isPresent() ? "yes" : "has ended since");
            }
        }
    }

    /** What happened when, and how long the application was down. */
    void timeLine(Outcome outcome) {
        title("Time line, in milliseconds since the PodMigration was applied");
        line("%7s  %7s  %-7s", "at", "took", "where");
        for (TimeLine.Step step : TimeLine.of(outcome)) {
            line("%7s  %7s  %-7s %s", whole(step.startMillis()), whole(step.tookMillis()), step.where(), step.what());
        }
        line("");
        OptionalDouble seen = TimeLine.seenDowntime(outcome.shown());
        if (seen.isEmpty()) {
            line("Downtime as seen by the application: it printed nothing by which that could be told.");
        } else {
            OptionalDouble usual = TimeLine.usualPause(outcome.shown());
            line(
                    "Downtime as seen by the application: %.0f ms between its last line on %s and its first on %s%s",
                    seen.getAsDouble(),
                    outcome.sourceNode(),
                    outcome.targetNode(),
                    usual.isEmpty() ? "." : String.format(Locale.ROOT, " (else %.0f ms).", usual.getAsDouble()));
        }
        PodMigrationStatus status = outcome.migration().getStatus();
        Long reported = status.getDowntimeMillis();
        line(
                "Downtime as the PodMigration reports it: %s (status.downtimeMillis).",
                reported == null ? "none" : reported + " ms");
        line("What it reports besides (status.timings): %s.", timings(status.getTimings()));
    }

    private static String whole(OptionalDouble millis) {
        return millis.isEmpty() ? "" : String.format(Locale.ROOT, "%.0f", millis.getAsDouble());
    }

    private static String timings(@Nullable MigrationTimings timings) {
        if (timings == null) {
            return "nothing";
        }
        Map<String, Long> named = new LinkedHashMap<>();
        put(named, "queue", timings.queueMillis());
        put(named, "standby", timings.standbyMillis());
        put(named, "checkpoint", timings.checkpointMillis());
        put(named, "transfer", timings.transferMillis());
        put(named, "restore", timings.restoreMillis());
        put(named, "commit", timings.commitMillis());
        put(named, "rollback", timings.rollbackMillis());
        put(named, "total", timings.totalMillis());
        return named.entrySet().stream()
                .map(timing -> timing.getKey() + " " + timing.getValue() + " ms")
                .collect(Collectors.joining(", "));
    }

    private static void put(Map<String, Long> named, String name, @Nullable Long millis) {
        if (millis != null) {
            named.put(name, millis);
        }
    }

    /** What hinders a restore. */
    void hindrances(List<Hindrance> hindrances) {
        if (hindrances.isEmpty()) {
            return;
        }
        title("What the checkpoint holds that may hinder a restore");
        for (Hindrance each : hindrances) {
            line("%s %s", each.severity() == Severity.BLOCKS ? "blocks:" : "note:  ", plain(each.what()));
            line("        remedy: %s", plain(each.remedy()));
        }
    }

    /** What was added to the copy, as a comparison of the two. */
    void added(List<String> difference) {
        title("What the copy has more than the pod (docs/injection.md says why)");
        difference.forEach(each -> line("%s", plain(each)));
    }

    /** Where everything lies. */
    void files(Map<String, String> files) {
        title("Where everything lies, until the next run or ./lpm clean");
        files.forEach((what, where) -> line("%-34s %s", what, where));
    }

    /** The proof; returns whether all of it holds. */
    boolean proof(List<Proof.Check> checks) {
        title("Proof");
        for (Proof.Check check : checks) {
            line("%s %s: %s", check.holds() ? "ok    " : "FAILED", check.claim(), plain(check.evidence()));
        }
        return checks.stream().allMatch(Proof.Check::holds);
    }

    /** A paragraph, and what belongs to it. */
    void say(String text, String... lines) {
        title(text);
        for (String each : lines) {
            each.lines().forEach(part -> line("%s", printable(part)));
        }
    }
}
