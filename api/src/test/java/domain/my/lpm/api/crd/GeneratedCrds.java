package domain.my.lpm.api.crd;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.api.Formats;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointContent;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.node.MigrationNode;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.client.CustomResource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Makes the CRDs from the model classes: what fabric8's generator makes of them, plus what its annotations cannot say
 * (keys of lists, the schema of conditions, the order of columns), in an order that never changes.
 */
final class GeneratedCrds {
    static final List<Class<? extends CustomResource<?, ?>>> KINDS = List.of(
            PodMigration.class,
            PodCheckpoint.class,
            ContainerCheckpoint.class,
            PodCheckpointContent.class,
            ContainerCheckpointContent.class,
            MigrationNode.class);

    static final YAMLMapper YAML = new YAMLMapper(YAMLFactory.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .build());

    /** Which field tells the elements of a list of objects apart; a list of strings is told apart by its elements. */
    private static final Map<String, String> LIST_KEYS =
            Map.of("conditions", "type", "phaseTransitions", "phase", "containers", "name", "capabilities", "name");

    /** What the strings in a list look like. */
    private static final Map<String, StringFormat> ITEMS = Map.of(
            "containerContents", new StringFormat(Formats.DNS_SUBDOMAIN, Formats.DNS_SUBDOMAIN_LENGTH),
            "cpuFeatures", new StringFormat(Formats.CPU_FEATURE, Formats.CPU_FEATURE_LENGTH));

    private static final String CONDITION = """
            type: object
            description: One observation of the state, after the API conventions of Kubernetes.
            required: [lastTransitionTime, message, reason, status, type]
            properties:
              lastTransitionTime:
                type: string
                format: date-time
                description: "When the status became what it is: RFC 3339."
              message:
                type: string
                maxLength: 32768
                description: What users read; may be empty; at most 32768 characters.
              observedGeneration:
                type: integer
                format: int64
                minimum: 0
                description: The metadata.generation that was looked at.
              reason:
                type: string
                minLength: 1
                maxLength: 1024
                pattern: ^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$
                description: Why, as one word in UpperCamelCase; at most 1024 characters.
              status:
                type: string
                enum: ["False", "True", Unknown]
                description: Whether it is so.
              type:
                type: string
                maxLength: 316
                pattern: ^[A-Z][A-Za-z0-9]*$
                description: What is observed, in UpperCamelCase; at most 316 characters.
            """;

    private GeneratedCrds() {}

    /** File name to content, one for each kind. */
    static SortedMap<String, String> files() {
        SortedMap<String, String> files = new TreeMap<>();
        for (Class<? extends CustomResource<?, ?>> kind : KINDS) {
            files.put(CustomResource.getCRDName(kind) + ".yaml", yaml(kind));
        }
        return files;
    }

    private static String yaml(Class<? extends CustomResource<?, ?>> kind) {
        try {
            JsonNode crd = YAML.readTree(generate(kind));
            ObjectNode version = (ObjectNode) crd.at("/spec/versions/0");
            orderColumns(version, kind);
            ObjectNode schema = (ObjectNode) version.at("/schema/openAPIV3Schema");
            ObjectNode properties = (ObjectNode) schema.get("properties");
            if (properties.at("/spec/properties").isMissingNode()) {
                properties.remove("spec");
            }
            complete("", schema);
            schema.put("description", kindDescription(kind));
            return "# Generated from " + kind.getName() + ". To change it, change that class and run:\n" + "#   "
                    + CrdFilesTest.REGENERATE + "\n" + YAML.writeValueAsString(sorted(crd));
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot make the CRD of " + kind.getName(), failure);
        }
    }

    private static String kindDescription(Class<?> kind) {
        return Arrays.stream(kind.getAnnotationsByType(JsonClassDescription.class))
                .map(JsonClassDescription::value)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(kind.getName() + " lacks @JsonClassDescription"));
    }

    private static byte[] generate(Class<? extends CustomResource<?, ?>> kind) {
        Map<String, ByteArrayOutputStream> outputs = new HashMap<>();
        new CRDGenerator()
                .withParallelGenerationEnabled(false)
                .forCRDVersions("v1")
                .customResourceClasses(List.of(kind))
                .withOutput(new CRDGenerator.CRDOutput<ByteArrayOutputStream>() {
                    @Override
                    public ByteArrayOutputStream outputFor(String name) {
                        return outputs.computeIfAbsent(name, ignored -> new ByteArrayOutputStream());
                    }

                    @Override
                    public void close() {}
                })
                .generate();
        if (outputs.size() != 1) {
            throw new IllegalStateException(kind.getName() + " gave " + outputs.keySet() + ", expected one CRD");
        }
        return outputs.values().iterator().next().toByteArray();
    }

    /** The generator sorts them by path; people read them in the order of the annotations. */
    private static void orderColumns(ObjectNode version, Class<?> kind) {
        Map<String, JsonNode> byName = new HashMap<>();
        version.withArray("additionalPrinterColumns")
                .forEach(column -> byName.put(column.get("name").asText(), column));
        ArrayNode ordered = version.putArray("additionalPrinterColumns");
        for (AdditionalPrinterColumn column : kind.getAnnotationsByType(AdditionalPrinterColumn.class)) {
            ordered.add(byName.get(column.name()));
        }
    }

    private static void complete(String name, ObjectNode schema) throws IOException {
        JsonNode items = schema.get("items");
        if (items != null) {
            if (name.equals("conditions")) {
                schema.set("items", YAML.readTree(CONDITION));
                schema.put("maxItems", 32);
            }
            if (items.has("properties")) {
                String key = LIST_KEYS.get(name);
                if (key == null) {
                    throw new IllegalStateException("list '" + name + "' has no key; add it to LIST_KEYS");
                }
                schema.put("x-kubernetes-list-type", "map");
                schema.putArray("x-kubernetes-list-map-keys").add(key);
            } else {
                StringFormat format = ITEMS.get(name);
                if (format == null) {
                    throw new IllegalStateException("list '" + name + "' has no format; add it to ITEMS");
                }
                ((ObjectNode) items).put("pattern", format.pattern()).put("maxLength", format.maxLength());
                schema.put("x-kubernetes-list-type", "set");
            }
            complete("", (ObjectNode) schema.get("items"));
        }
        for (String bound : List.of("minimum", "maximum")) {
            if (schema.has(bound)) {
                schema.set(bound, LongNode.valueOf(schema.get(bound).asLong()));
            }
        }
        JsonNode properties = schema.get("properties");
        if (properties != null) {
            for (Map.Entry<String, JsonNode> property : properties.properties()) {
                complete(property.getKey(), (ObjectNode) property.getValue());
            }
        }
    }

    /** The same with the keys of every object sorted; lists keep their order. */
    private static JsonNode sorted(JsonNode node) {
        if (node instanceof ObjectNode object) {
            ObjectNode result = YAML.createObjectNode();
            List<String> names = new ArrayList<>();
            object.fieldNames().forEachRemaining(names::add);
            names.stream().sorted().forEach(name -> result.set(name, sorted(object.get(name))));
            return result;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode result = YAML.createArrayNode();
            array.forEach(element -> result.add(sorted(element)));
            return result;
        }
        return node;
    }

    private record StringFormat(String pattern, int maxLength) {}
}
