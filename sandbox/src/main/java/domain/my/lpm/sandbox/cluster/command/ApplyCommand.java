package domain.my.lpm.sandbox.cluster.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.cluster.command.ApiClient.Kind;
import domain.my.lpm.sandbox.cluster.command.ApiClient.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Creates or changes the objects in a file. */
@Command(
        name = "apply",
        mixinStandardHelpOptions = true,
        description = "Creates or changes the objects in a YAML file, by server-side apply.")
final class ApplyCommand implements Callable<Integer> {
    private static final String PATCH = "application/apply-patch+yaml";

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = {"-f", "--filename"},
            required = true,
            paramLabel = "FILE",
            description = "The file; - for the standard input. Repeatable.")
    private List<Path> files = new ArrayList<>();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        ApiClient client = cluster.client();
        for (Path file : files) {
            for (JsonNode object : read(file)) {
                apply(client, object);
            }
        }
        return 0;
    }

    private static List<JsonNode> read(Path file) {
        List<JsonNode> objects = new ArrayList<>();
        try (InputStream in = file.toString().equals("-") ? System.in : Files.newInputStream(file);
                MappingIterator<JsonNode> documents =
                        new YAMLMapper().readerFor(JsonNode.class).readValues(in)) {
            while (documents.hasNext()) {
                JsonNode document = documents.next();
                if (document.isObject()) {
                    objects.add(document);
                }
            }
        } catch (IOException | RuntimeException wrong) {
            throw new SandboxException("the file " + file + " cannot be read: " + wrong.getMessage(), wrong);
        }
        return objects;
    }

    private void apply(ApiClient client, JsonNode object) {
        PrintWriter out = spec.commandLine().getOut();
        Kind kind = client.kindOf(object);
        String name = object.at("/metadata/name").asText();
        String namespace = object.at("/metadata/namespace").asText(cluster.namespace);
        String path = kind.path(namespace.isEmpty() ? cluster.namespace : namespace, name);
        String before = "";
        try {
            before = client.get(path, "application/json")
                    .at("/metadata/resourceVersion")
                    .asText();
        } catch (RefusedException missing) {
            if (missing.code() != 404) {
                throw missing;
            }
        }
        var answer = client.send(
                "PATCH",
                path + "?fieldManager=lpm&force=true",
                PATCH,
                object.toString().getBytes(StandardCharsets.UTF_8));
        for (String warning : answer.headers().allValues("Warning")) {
            spec.commandLine().getErr().println("Warning: " + warning.replaceFirst("^299 - \"(.*)\"$", "$1"));
        }
        String after = ApiClient.json(answer).at("/metadata/resourceVersion").asText();
        String did = answer.statusCode() == 201 ? "created" : after.equals(before) ? "unchanged" : "configured";
        out.println(kind.shown(name) + " " + did);
        out.flush();
        spec.commandLine().getErr().flush();
    }
}
