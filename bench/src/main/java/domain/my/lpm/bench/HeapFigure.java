package domain.my.lpm.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.cluster.server.ApiServer;
import domain.my.lpm.sandbox.cluster.tls.Authority;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The heap of a controller that finds thousands of finished migrations, each as one that was really made, with all that it has
 * left in the API, and with the managedFields that a real API server would have added.
 */
final class HeapFigure {
    /** MiB in use after a collection. */
    static final String HEAP = "controller heap";

    static final int MIGRATIONS = 5000;
    static final int LIMIT_MEBIBYTES = 256;
    static final String FINISHED = MIGRATIONS + " finished migrations";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final double MEBIBYTE = 1 << 20;
    /** What the server gives an object anew. */
    private static final List<String> SERVERS =
            List.of("resourceVersion", "creationTimestamp", "generation", "selfLink");

    private final Bench bench;
    private final Path crds;

    HeapFigure(Bench bench, Path crds) {
        this.bench = bench;
        this.crds = crds;
    }

    /** Measures. */
    void run() throws IOException {
        List<HasMetadata> example;
        try (MigrationFigures migrations = new MigrationFigures(bench, crds, 1, 1)) {
            example = migrations.example();
        }
        Path directory = Files.createDirectories(bench.settings.work().resolve(bench.newName("heap")));
        try (ApiServer server = ApiServer.start(new Authority(), "bench", InstantSource.system())) {
            server.load(unguarded(directory));
            Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), server.kubeconfig());
            measure("no migration", kubeconfig);
            try (KubernetesClient client = new KubernetesClientBuilder()
                    .withConfig(server.clientConfig())
                    .build()) {
                Bench.say("Filling the API with %d finished migrations", MIGRATIONS);
                IntStream.range(0, MIGRATIONS).parallel().forEach(number -> copy(client, example, number));
            }
            measure(FINISHED, kubeconfig);
        }
    }

    /** The CRDs without what would keep an object from being created finished, as it never is otherwise. */
    private Path unguarded(Path directory) throws IOException {
        Path into = Files.createDirectories(directory.resolve("crds"));
        try (Stream<Path> files = Files.list(crds)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".yaml")).toList()) {
                JsonNode crd = YAML.readTree(file.toFile());
                crd.findParents("x-kubernetes-validations")
                        .forEach(schema -> ((ObjectNode) schema).remove("x-kubernetes-validations"));
                crd.findParents("subresources").forEach(version -> ((ObjectNode) version).remove("subresources"));
                YAML.writeValue(into.resolve(file.getFileName()).toFile(), crd);
            }
        }
        return into;
    }

    /** Creates the objects of one more migration, each with names and uids of its own. */
    private static void copy(KubernetesClient client, List<HasMetadata> example, int number) {
        Map<String, String> renamed = new HashMap<>();
        PodMigration migration = (PodMigration) example.get(0);
        for (String name :
                List.of(migration.getMetadata().getName(), migration.getSpec().getPodName())) {
            // Names of what belongs to them begin with theirs, and are renamed with them.
            renamed.put(name, name + "-" + number);
        }
        for (HasMetadata one : example) {
            String uid = one.getMetadata().getUid();
            ObjectNode wanted = renamed(one, renamed);
            String own = wanted.at("/metadata/uid").asText();
            HasMetadata created = client.resource(resource(wanted)).create();
            renamed.put(uid, created.getMetadata().getUid());
            if (wanted.toString().replaceFirst(own, "").contains(own)) {
                ObjectNode again = renamed(one, renamed);
                ((ObjectNode) again.get("metadata"))
                        .put("resourceVersion", created.getMetadata().getResourceVersion());
                client.resource(resource(again)).update();
            }
        }
    }

    private static ObjectNode renamed(HasMetadata one, Map<String, String> names) {
        ObjectNode tree = JSON.valueToTree(one);
        ObjectNode metadata = (ObjectNode) tree.get("metadata");
        metadata.remove(SERVERS);
        metadata.set("managedFields", managedFields(tree));
        String text = tree.toString();
        for (Map.Entry<String, String> name : names.entrySet()) {
            text = text.replace(name.getKey(), name.getValue());
        }
        try {
            return (ObjectNode) JSON.readTree(text);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static GenericKubernetesResource resource(ObjectNode tree) {
        return JSON.convertValue(tree, GenericKubernetesResource.class);
    }

    /** As a real API server keeps them: who has set which field, here one for the specification and one for the status. */
    private static ArrayNode managedFields(ObjectNode object) {
        ArrayNode managers = JSON.createArrayNode();
        for (String part : List.of("spec", "status")) {
            if (object.has(part)) {
                ObjectNode manager = managers.addObject()
                        .put("apiVersion", object.path("apiVersion").asText())
                        .put("fieldsType", "FieldsV1")
                        .put("manager", "fabric8-kubernetes-client")
                        .put("operation", "Update")
                        .put("time", "2026-11-21T12:00:00Z");
                ObjectNode fields = manager.putObject("fieldsV1");
                fields.set("f:" + part, fields(object.get(part)));
                if (part.equals("status")) {
                    manager.put("subresource", "status");
                } else {
                    ObjectNode metadata = (ObjectNode) object.get("metadata").deepCopy();
                    metadata.remove("managedFields");
                    fields.set("f:metadata", fields(metadata));
                }
            }
        }
        return managers;
    }

    private static ObjectNode fields(JsonNode value) {
        ObjectNode fields = JSON.createObjectNode();
        value.properties().forEach(field -> fields.set("f:" + field.getKey(), fields(field.getValue())));
        return fields;
    }

    private void measure(String variant, Path kubeconfig) throws IOException {
        Bench.say("The controller's heap with %s", variant);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + LIMIT_MEBIBYTES + "m",
                "-XX:+ExitOnOutOfMemoryError",
                "-Dlogback.configurationFile=domain/my/lpm/controller/logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                HeapProbe.class.getName(),
                kubeconfig.toString()));
        File log = kubeconfig.resolveSibling("log").toFile();
        Process process = new ProcessBuilder(command).redirectError(log).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.matches("\\d+ \\d+ \\d+"))
                .findFirst()
                .orElse("");
        try {
            if (!process.waitFor(Bench.SOON.toSeconds(), TimeUnit.SECONDS) || said.isEmpty()) {
                process.destroyForcibly();
                throw new SandboxException("the controller did not say how much heap it keeps with " + variant
                        + ", limited to " + LIMIT_MEBIBYTES + " MiB: " + Files.readString(log.toPath()));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while the controller's heap was measured", interrupted);
        }
        String[] numbers = said.split(" ");
        bench.add(HEAP, variant, 0, 1, Long.parseLong(numbers[0]) / MEBIBYTE, "MiB");
        bench.add("controller heap at most", variant, 0, 1, Long.parseLong(numbers[1]) / MEBIBYTE, "MiB");
        bench.add("reconciliations", variant, 0, 1, Long.parseLong(numbers[2]), "");
    }
}
