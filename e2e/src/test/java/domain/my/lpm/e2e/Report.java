package domain.my.lpm.e2e;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PhaseTransition;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.SourcePod;
import domain.my.lpm.api.migration.TargetPod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/** What a run has shown, as a page with a time line of each migration: {@code target/e2e/report.html}. */
final class Report {
    private static final Path FILE = Path.of("target", "e2e", "report.html");
    private static final int WIDTH = 900;
    /** Around a migration, so that the ticks before and after it are seen. */
    private static final Duration MARGIN = Duration.ofMillis(500);

    /**
     * A scenario that has ended.
     *
     * @param failure why its test failed
     * @param ledgers by application
     * @param figures what it measured, by name
     * @param faults what is wrong with the ledgers
     * @param untrue what migrations say that is not so
     * @param left what was left on nodes
     */
    record Entry(
            String name,
            String title,
            Instant began,
            Instant ended,
            Optional<Throwable> failure,
            List<PodMigration> migrations,
            Map<String, Ledger> ledgers,
            Map<String, String> figures,
            List<String> faults,
            List<String> untrue,
            List<String> left) {
        boolean passed() {
            return failure.isEmpty() && faults.isEmpty() && untrue.isEmpty() && left.isEmpty();
        }
    }

    private final List<Entry> entries = new ArrayList<>();

    /** Takes note of a scenario; the page is written anew each time, so that a run that is cut short has one, too. */
    synchronized void add(Entry entry) {
        entries.add(entry);
        write();
    }

    /** Writes the page. */
    synchronized void write() {
        if (entries.isEmpty()) {
            return;
        }
        try {
            Files.createDirectories(FILE.getParent());
            Files.writeString(FILE, page());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private String page() {
        StringBuilder page = new StringBuilder("""
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8"><title>Live pod migration, end to end</title><style>
                body { font: 15px/1.45 system-ui, sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; color: #222 }
                table { border-collapse: collapse; margin: .6em 0 } td, th { padding: .15em .8em .15em 0; text-align: left; vertical-align: top }
                .number { text-align: right } .bad { color: #b00020; font-weight: 600 } .good { color: #14692b }
                section { border-top: 1px solid #ccc; margin-top: 1.5em } pre { white-space: pre-wrap; background: #f6f6f6; padding: .6em }
                svg text { font: 11px system-ui, sans-serif }
                </style></head><body><h1>Live pod migration, end to end</h1>
                """);
        summary(page);
        entries.forEach(entry -> scenario(page, entry));
        return page.append("</body></html>\n").toString();
    }

    private void summary(StringBuilder page) {
        long migrations =
                entries.stream().mapToLong(entry -> entry.migrations().size()).sum();
        long ticks = ledgers().mapToLong(ledger -> ledger.ticks().size()).sum();
        page.append("<table>");
        row(page, "scenarios", entries.size(), true);
        long failed = entries.stream().filter(entry -> !entry.passed()).count();
        row(page, "of them failed", failed, failed == 0);
        row(page, "migrations", migrations, true);
        row(page, "ticks written by the applications", ticks, true);
        long lost = ledgers().mapToLong(ledger -> ledger.lost().size()).sum();
        row(page, "of them lost", lost, lost == 0);
        long repeated = ledgers().mapToLong(ledger -> ledger.repeated().size()).sum();
        row(page, "of them done twice", repeated, repeated == 0);
        long untrue = entries.stream().mapToLong(entry -> entry.untrue().size()).sum();
        row(page, "migrations that ended in a state that is not true", untrue, untrue == 0);
        page.append("</table>\n");
    }

    private Stream<Ledger> ledgers() {
        return entries.stream().flatMap(entry -> entry.ledgers().values().stream());
    }

    private static void row(StringBuilder page, String what, long value, boolean good) {
        page.append("<tr><td>")
                .append(escaped(what))
                .append("</td><td class=\"number ")
                .append(good ? "" : "bad")
                .append("\">")
                .append(value)
                .append("</td></tr>");
    }

    private static void scenario(StringBuilder page, Entry entry) {
        page.append("<section><h2 class=\"")
                .append(entry.passed() ? "good" : "bad")
                .append("\">")
                .append(escaped(words(entry.name())))
                .append("</h2><p>")
                .append(escaped(entry.name()))
                .append(", ")
                .append(Duration.between(entry.began(), entry.ended()).toSeconds())
                .append(" s</p>\n");
        entry.failure()
                .ifPresent(failure -> page.append("<pre class=\"bad\">")
                        .append(escaped(String.valueOf(failure)))
                        .append("</pre>\n"));
        List<String> wrong = new ArrayList<>(entry.faults());
        wrong.addAll(entry.untrue());
        wrong.addAll(entry.left());
        wrong.forEach(
                each -> page.append("<p class=\"bad\">").append(escaped(each)).append("</p>\n"));
        if (!entry.figures().isEmpty()) {
            page.append("<table>");
            entry.figures()
                    .forEach((name, value) -> page.append("<tr><td>")
                            .append(escaped(name))
                            .append("</td><td>")
                            .append(escaped(value))
                            .append("</td></tr>"));
            page.append("</table>\n");
        }
        entry.ledgers()
                .forEach((name, ledger) -> page.append("<p>")
                        .append(escaped(name))
                        .append(": ")
                        .append(ledger.ticks().size())
                        .append(" ticks</p>\n"));
        entry.migrations().stream()
                .sorted(Comparator.comparing(
                        migration -> migration.getMetadata().getCreationTimestamp()
                                + migration.getMetadata().getName()))
                .forEach(migration -> migration(page, migration, entry));
        page.append("</section>\n");
    }

    private static String words(String name) {
        String method = name.substring(name.indexOf('#') + 1);
        return method.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
    }

    private static void migration(StringBuilder page, PodMigration migration, Entry entry) {
        PodMigrationStatus status = migration.getStatus();
        if (status == null || status.getPhaseTransitions().isEmpty()) {
            return;
        }
        SourcePod source = status.getSourcePod();
        TargetPod target = status.getTargetPod();
        Ledger ledger = entry.ledgers().entrySet().stream()
                .filter(each -> migration.getSpec().getPodName().equals(each.getKey())
                        || migration.getSpec().getPodName().startsWith(each.getKey() + "-restored"))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(new Ledger(List.of()));
        OptionalDouble gap = source == null || target == null || target.uid() == null
                ? OptionalDouble.empty()
                : ledger.gapMillis(source.uid(), target.uid());
        MigrationPhase phase = status.getPhase();
        page.append("<h3>")
                .append(escaped(migration.getMetadata().getName()))
                .append(": ")
                .append(escaped(migration.getSpec().getPodName()))
                .append(", ")
                .append(source == null ? "?" : escaped(source.node()))
                .append(" → ")
                .append(target == null || target.node() == null ? "?" : escaped(target.node()))
                .append(", ")
                .append(phase == null ? "no phase" : phase.value())
                .append("</h3><p>");
        if (status.getDowntimeMillis() != null) {
            page.append("It stood still for ")
                    .append(status.getDowntimeMillis())
                    .append(" ms as its status says");
            gap.ifPresent(millis -> page.append(String.format(Locale.ROOT, ", %.0f ms as its output shows", millis)));
            page.append(". ");
        }
        if (phase != MigrationPhase.SUCCEEDED && status.getMessage() != null) {
            page.append(escaped(status.getReason() + ": " + status.getMessage()));
        }
        page.append("</p>\n");
        timeLine(page, status, ledger);
    }

    private static void timeLine(StringBuilder page, PodMigrationStatus status, Ledger ledger) {
        List<PhaseTransition> phases = status.getPhaseTransitions();
        Instant from = phases.get(0).instant().minus(MARGIN);
        Instant to = phases.get(phases.size() - 1).instant().plus(MARGIN);
        double span = Duration.between(from, to).toNanos();
        int height = 20 * phases.size() + 40;
        page.append("<svg role=\"img\" width=\"")
                .append(WIDTH)
                .append("\" height=\"")
                .append(height)
                .append("\">\n");
        for (int index = 0; index < phases.size(); index++) {
            Instant entered = phases.get(index).instant();
            Instant left = index + 1 < phases.size() ? phases.get(index + 1).instant() : to;
            double x = at(from, span, entered);
            double width = Math.max(1, at(from, span, left) - x);
            page.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s, %d ms</text>%n",
                    x,
                    20 * index + 2,
                    width,
                    index % 2 == 0 ? "#9db8d9" : "#6f93c3",
                    x < WIDTH / 2.0 ? x + 3 : x - 3,
                    20 * index + 13,
                    x < WIDTH / 2.0 ? "start" : "end",
                    phases.get(index).phase().value(),
                    Duration.between(phases.get(0).instant(), entered).toMillis()));
        }
        int y = 20 * phases.size() + 10;
        for (Tick tick : ledger.ticks()) {
            if (tick.time().isAfter(from) && tick.time().isBefore(to)) {
                SourcePod source = status.getSourcePod();
                boolean isSource = source != null && source.uid().equals(tick.uid());
                page.append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%.1f\" y=\"%d\" width=\"1\" height=\"8\" fill=\"%s\"/>",
                        at(from, span, tick.time()),
                        isSource ? y : y + 10,
                        isSource ? "#222" : "#14692b"));
            }
        }
        page.append(String.format(
                "<text x=\"0\" y=\"%d\">ticks of the source, above, and of the copy</text></svg>%n", y + 28));
    }

    private static double at(Instant from, double span, Instant time) {
        return WIDTH * (Duration.between(from, time).toNanos() / span);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
