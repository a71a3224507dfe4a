package domain.my.lpm.sandbox.cluster.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.sandbox.cluster.command.ApiClient.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows objects. */
@Command(
        name = "get",
        mixinStandardHelpOptions = true,
        description = "Shows objects: pods, nodes, pmig, events and others.")
final class GetCommand implements Callable<Integer> {
    /** How objects are shown. */
    enum Format {
        /** As a table with more columns. */
        WIDE,
        /** As they are, in YAML. */
        YAML,
        /** As they are, in JSON. */
        JSON,
        /** By their names alone. */
        NAME
    }

    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();
    private static final int GAP = 3;
    /** What comes later may be wider. */
    private static final int WATCH_GAP = 8;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Parameters(index = "0", paramLabel = "KIND", description = "A plural, singular or short name.")
    private String kindName = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "One object; all if it is not given.")
    private @Nullable String name;

    @Option(
            names = {"-A", "--all-namespaces"},
            description = "Of all namespaces.")
    private boolean allNamespaces;

    @Option(
            names = {"-w", "--watch"},
            description = "Goes on and shows every change, until Ctrl-C.")
    private boolean watch;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}.")
    private @Nullable Format format;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private List<Integer> widths = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        ApiClient client = cluster.client();
        Kind kind = client.kind(kindName);
        String path = kind.path(allNamespaces ? "" : cluster.namespace, "");
        String selector = name == null ? "" : "fieldSelector=" + ApiClient.encoded("metadata.name=" + name);
        boolean table = format == null || format == Format.WIDE;
        if (name != null) {
            // Says so when there is none.
            JsonNode object = client.get(kind.path(cluster.namespace, name), "application/json");
            if (!table) {
                show(kind, (ObjectNode) object);
            }
        }
        JsonNode list = client.get(path + "?" + selector, table ? ApiClient.TABLE : "application/json");
        if (table) {
            showTable(list);
        } else if (name == null) {
            list.path("items").forEach(object -> show(kind, (ObjectNode) object));
        }
        if (watch) {
            String version = list.at("/metadata/resourceVersion").asText();
            follow(client, kind, path + "?watch=true&resourceVersion=" + version + "&" + selector, table);
        }
        return 0;
    }

    private void follow(ApiClient client, Kind kind, String path, boolean table) throws IOException {
        try (BufferedReader events = new BufferedReader(new InputStreamReader(
                client.stream(path, table ? ApiClient.TABLE : "application/json"), StandardCharsets.UTF_8))) {
            for (String line; (line = events.readLine()) != null; ) {
                JsonNode event = ApiClient.JSON.readTree(line);
                if (event.path("type").asText().equals("BOOKMARK")) {
                    continue;
                }
                JsonNode object = event.path("object");
                if (table) {
                    if (columns.isEmpty()) {
                        columns = shown(object);
                    }
                    object.path("rows").forEach(row -> print(cells(row)));
                    out().flush();
                } else {
                    show(kind, (ObjectNode) object);
                }
            }
        }
    }

    private List<Integer> columns = List.of();

    private List<Integer> shown(JsonNode table) {
        List<Integer> indices = new ArrayList<>();
        int index = 0;
        for (JsonNode column : table.path("columnDefinitions")) {
            if (format == Format.WIDE || column.path("priority").asInt() == 0) {
                indices.add(index);
            }
            index++;
        }
        return indices;
    }

    private void showTable(JsonNode table) {
        columns = shown(table);
        List<List<String>> lines = new ArrayList<>();
        List<String> header = new ArrayList<>();
        for (int index : columns) {
            header.add(
                    table.at("/columnDefinitions/" + index + "/name").asText().toUpperCase(Locale.ROOT));
        }
        lines.add(header);
        table.path("rows").forEach(row -> lines.add(cells(row)));
        if (lines.size() == 1 && !watch) {
            spec.commandLine().getErr().println("No resources found.");
            spec.commandLine().getErr().flush();
            return;
        }
        widths = new ArrayList<>();
        for (int index = 0; index < header.size(); index++) {
            int column = index;
            widths.add(lines.stream()
                            .mapToInt(line -> line.get(column).length())
                            .max()
                            .orElse(0)
                    + (watch ? WATCH_GAP : GAP));
        }
        lines.forEach(this::print);
        out().flush();
    }

    private List<String> cells(JsonNode row) {
        List<String> cells = new ArrayList<>();
        for (int index : columns) {
            String cell = row.path("cells").path(index).asText();
            cells.add(cell.isEmpty() ? "<none>" : cell);
        }
        return cells;
    }

    private void print(List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int index = 0; index < cells.size(); index++) {
            line.append(cells.get(index));
            int width = index < widths.size() ? widths.get(index) : GAP;
            line.append(" ".repeat(Math.max(1, width - cells.get(index).length())));
        }
        out().println(line.toString().stripTrailing());
    }

    private void show(Kind kind, ObjectNode object) {
        ObjectNode complete = object.deepCopy();
        complete.put("apiVersion", kind.apiVersion()).put("kind", kind.kind());
        try {
            switch (format == null ? Format.YAML : format) {
                case NAME ->
                    out().println(kind.shown(object.at("/metadata/name").asText()));
                case JSON -> out().println(complete.toPrettyString());
                case YAML, WIDE -> out().print(YAML.writeValueAsString(complete));
            }
            out().flush();
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
