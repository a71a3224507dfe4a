package domain.my.lpm.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.bench.Results.Key;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The results as files and as a table for people. */
final class Report {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private Report() {}

    /** Writes results.csv, results.json, plot.svg and summary.txt. */
    static void write(Path directory, Machine machine, String loadAtEnd, Results results, List<Mark> marks)
            throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("results.csv"), csv(results));
        Files.writeString(directory.resolve("results.json"), json(machine, loadAtEnd, results, marks) + "\n");
        Files.writeString(directory.resolve("plot.svg"), Plot.of(results));
        Files.writeString(directory.resolve("summary.txt"), summary(machine, results, marks));
    }

    /** Every measurement, a line each. */
    static String csv(Results results) {
        StringBuilder text = new StringBuilder("figure,variant,mebibytes,repetition,value,unit\n");
        for (Measurement one : results.measurements()) {
            text.append(quoted(one.figure()))
                    .append(',')
                    .append(quoted(one.variant()))
                    .append(',')
                    .append(one.mebibytes())
                    .append(',')
                    .append(one.repetition())
                    .append(',')
                    .append(String.format(Locale.ROOT, "%.3f", one.value()))
                    .append(',')
                    .append(one.unit())
                    .append('\n');
        }
        return text.toString();
    }

    private static String quoted(String field) {
        return field.contains(",") || field.contains("\"") ? '"' + field.replace("\"", "\"\"") + '"' : field;
    }

    private static String json(Machine machine, String loadAtEnd, Results results, List<Mark> marks)
            throws IOException {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode described = JSON.valueToTree(machine);
        described.put("loadAverageAtEnd", loadAtEnd);
        root.set("machine", described);
        ArrayNode held = root.putArray("marks");
        for (Mark mark : marks) {
            ObjectNode node = JSON.valueToTree(mark);
            held.add(node.put("verdict", mark.verdict()));
        }
        root.set("skipped", JSON.valueToTree(results.skipped()));
        ArrayNode figures = root.putArray("figures");
        for (Key key : results.keys()) {
            ObjectNode node = JSON.valueToTree(key);
            node.setAll((ObjectNode) JSON.valueToTree(results.summary(key)));
            figures.add(node);
        }
        return JSON.writeValueAsString(root);
    }

    /** The machine, the figures and the marks as text. */
    static String summary(Machine machine, Results results, List<Mark> marks) {
        StringBuilder text = new StringBuilder();
        line(
                text,
                "%s; %s, %d processors, %d MiB; load %s",
                machine.kernel(),
                machine.processor(),
                machine.processors(),
                machine.memoryMebibytes(),
                machine.loadAverage());
        machine.versions().forEach((program, version) -> line(text, "%s: %s", program, version));
        text.append('\n');
        line(text, "%-38s %-38s %8s %12s %26s", "figure", "variant", "MiB", "median", "least to greatest");
        for (Key key : results.keys()) {
            Summary summary = results.summary(key);
            line(
                    text,
                    "%-38s %-38s %8s %12.2f %12.2f to %-10.2f %s (%d)",
                    key.figure(),
                    key.variant(),
                    key.mebibytes() == 0 ? "" : Integer.toString(key.mebibytes()),
                    summary.median(),
                    summary.minimum(),
                    summary.maximum(),
                    key.unit(),
                    summary.count());
        }
        text.append('\n');
        results.skipped().forEach(what -> line(text, "skipped: %s", what));
        for (Mark mark : marks) {
            line(
                    text,
                    "%-12s %s: %s, mark %s",
                    mark.verdict(),
                    mark.name(),
                    mark.measured() == null
                            ? "-"
                            : String.format(Locale.ROOT, "%.2f %s (%s)", mark.measured(), mark.unit(), mark.spread()),
                    String.format(Locale.ROOT, "%.2f %s", mark.limit(), mark.unit()));
        }
        return text.toString();
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private static void line(StringBuilder text, String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments).stripTrailing())
                .append('\n');
    }
}
