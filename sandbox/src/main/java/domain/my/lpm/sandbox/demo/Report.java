package domain.my.lpm.sandbox.demo;

import domain.my.lpm.checkpoint.inspect.Inspection.Hindrance;
import domain.my.lpm.checkpoint.inspect.Inspection.Severity;
import domain.my.lpm.sandbox.LogLine;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

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

    static String plain(String text) {
        StringBuilder plain = new StringBuilder();
        text.codePoints()
                .limit(WIDTH)
                .map(point -> Character.isISOControl(point) ? '?' : point)
                .forEach(plain::appendCodePoint);
        return text.length() > WIDTH ? plain + "…" : plain.toString();
    }

    /** The last lines of the source and the first of the target. */
    void lines(Outcome outcome) {
        title("What it printed");
        List<LogLine> source = outcome.source();
        for (LogLine each : source.subList(Math.max(0, source.size() - LINES), source.size())) {
            line("node-a  %s  %s", time(each), plain(each.text()));
        }
        line("------  " + (outcome.target().isEmpty() ? "nothing since" : "moved"));
        for (LogLine each : outcome.target().stream().limit(LINES).toList()) {
            line("node-b  %s  %s", time(each), plain(each.text()));
        }
        if (outcome.exitCode() != null) {
            line("node-b  it ended with exit code %d", outcome.exitCode());
        }
    }

    private static String time(LogLine line) {
        return line.time().toString().replaceFirst(".*T", "").replaceFirst("(\\.\\d{3})\\d*Z", "$1");
    }

    /** The processes before and after. */
    void processes(Outcome outcome) {
        title("Its processes");
        line("%5s  %-16s %7s  %10s  %10s  %s", "pid", "name", "threads", "RSS before", "RSS after", "same run");
        for (ProcessPicture before : outcome.before()) {
            Optional<ProcessPicture> after = Proof.restored(outcome, before);
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

    /** What happened when. */
    void timeLine(TimeLine times, Outcome outcome) {
        title("Time line, in milliseconds from the beginning of the checkpoint");
        line("%7s  %7s  %-7s", "at", "took", "where");
        for (TimeLine.Step step : times.steps()) {
            line("%7.0f  %7.1f  %-7s %s", step.startMillis(), step.tookMillis(), step.where(), step.what());
        }
        List<LogLine> source = outcome.source();
        if (source.isEmpty() || outcome.target().isEmpty()) {
            line("It printed nothing by which its own downtime could be told.");
            return;
        }
        line(
                "%7.0f  %7s  %-7s %s",
                times.at(outcome.target().get(0).time()), "", "node-b", "its first line is printed");
        double gap =
                Migration.millis(source.get(source.size() - 1), outcome.target().get(0));
        double[] usual = IntStream.range(1, source.size())
                .mapToDouble(index -> Migration.millis(source.get(index - 1), source.get(index)))
                .sorted()
                .toArray();
        line("");
        line(
                "Downtime as seen by the application: %.0f ms between its last line on node-a and its first on node-b%s",
                gap, usual.length == 0 ? "." : String.format(Locale.ROOT, " (else %.0f ms).", usual[usual.length / 2]));
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

    /** What was added to the pod, as a comparison of the two. */
    void added(List<String> difference) {
        title("What was added to the pod (docs/injection.md says why)");
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

    /** A paragraph. */
    void say(String text) {
        title(text);
    }
}
