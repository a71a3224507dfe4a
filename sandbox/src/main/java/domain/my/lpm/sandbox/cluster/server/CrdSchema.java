package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.cel.runtime.CelEvaluationException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The structural schema of a CRD, applied as API servers do: unknown fields are dropped, defaults set, then the schema's
 * rules hold, then those in CEL. Of the extensions, only those that our CRDs use are known.
 */
final class CrdSchema {
    private static final Cel CEL = new Cel("self", "oldSelf");

    private final JsonNode root;
    private final JsonSchema structure;

    CrdSchema(JsonNode root) {
        this.root = root;
        structure = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4)
                .getSchema(
                        withoutExtensions(root.deepCopy()),
                        SchemaValidatorsConfig.builder()
                                .pathType(PathType.JSON_POINTER)
                                .formatAssertionsEnabled(true)
                                .build());
    }

    private static JsonNode withoutExtensions(JsonNode schema) {
        if (schema instanceof ObjectNode object) {
            object.properties().removeIf(entry -> entry.getKey().startsWith("x-kubernetes-"));
            object.path("properties").forEach(CrdSchema::withoutExtensions);
            withoutExtensions(object.path("items"));
        }
        return schema;
    }

    /** Drops what the schema does not know, and sets what it has a default for. */
    void complete(ObjectNode object) {
        JsonNode metadata = object.get("metadata");
        prune(root, object, Set.of("apiVersion", "kind", "metadata"));
        if (metadata != null) {
            object.set("metadata", metadata);
        }
        setDefaults(root, object);
    }

    /** What is wrong with an object; {@code old} is what it replaces. */
    List<String> violations(@Nullable ObjectNode old, ObjectNode object) {
        List<String> found = new ArrayList<>();
        for (ValidationMessage message : structure.validate(object)) {
            String path = message.getInstanceLocation().toString();
            found.add(dotted(path) + ": Invalid value: " + message.getMessage());
        }
        duplicates("", root, object, found);
        if (found.isEmpty()) {
            evaluate("", root, old, object, found);
        }
        return found;
    }

    /** How an apply merges the list in this field; see {@link ListMerge}. */
    ListMerge listMerge(List<String> path) {
        JsonNode schema = root;
        for (String name : path) {
            schema = schema.path("type").asText().equals("array")
                    ? schema.path("items").path("properties").path(name)
                    : schema.path("properties").path(name);
        }
        return listMerge(schema);
    }

    private static ListMerge listMerge(JsonNode schema) {
        return switch (schema.path("x-kubernetes-list-type").asText()) {
            case "map" ->
                ListMerge.byKey(schema.at("/x-kubernetes-list-map-keys/0").asText());
            case "set" -> ListMerge.SET;
            default -> ListMerge.ATOMIC;
        };
    }

    private static void prune(JsonNode schema, JsonNode value, Set<String> besides) {
        if (value instanceof ObjectNode object && schema.has("properties")) {
            object.properties()
                    .removeIf(entry ->
                            !schema.get("properties").has(entry.getKey()) && !besides.contains(entry.getKey()));
            object.properties()
                    .forEach(entry -> prune(schema.get("properties").path(entry.getKey()), entry.getValue(), Set.of()));
        } else if (value.isArray()) {
            value.forEach(element -> prune(schema.path("items"), element, Set.of()));
        }
    }

    private static void setDefaults(JsonNode schema, JsonNode value) {
        if (value instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> property :
                    schema.path("properties").properties()) {
                JsonNode standard = property.getValue().get("default");
                if (standard != null && !object.has(property.getKey())) {
                    object.set(property.getKey(), standard.deepCopy());
                }
                JsonNode child = object.get(property.getKey());
                if (child != null) {
                    setDefaults(property.getValue(), child);
                }
            }
        } else if (value.isArray()) {
            value.forEach(element -> setDefaults(schema.path("items"), element));
        }
    }

    private static void duplicates(String path, JsonNode schema, JsonNode value, List<String> found) {
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            if (value.has(property.getKey())) {
                duplicates(join(path, property.getKey()), property.getValue(), value.get(property.getKey()), found);
            }
        }
        ListMerge merge = listMerge(schema);
        if (value instanceof ArrayNode array && merge != ListMerge.ATOMIC) {
            Set<Optional<JsonNode>> seen = new HashSet<>();
            for (JsonNode element : array) {
                if (!seen.add(merge.identity(element))) {
                    found.add(path + ": Duplicate value: " + element);
                }
            }
        }
    }

    private static void evaluate(
            String path, JsonNode schema, @Nullable JsonNode old, JsonNode value, List<String> found) {
        for (JsonNode rule : schema.path("x-kubernetes-validations")) {
            String expression = rule.path("rule").asText();
            Map<String, JsonNode> variables = new HashMap<>();
            variables.put("self", value);
            if (expression.contains("oldSelf")) {
                if (old == null) {
                    continue;
                }
                variables.put("oldSelf", old);
            }
            try {
                if (!CEL.holds(expression, variables)) {
                    found.add((path.isEmpty() ? "" : path + ": ") + "Invalid value: "
                            + rule.path("message").asText("failed rule: " + expression));
                }
            } catch (CelEvaluationException failure) {
                found.add(path + ": Invalid value: the rule '" + expression + "' cannot be evaluated: "
                        + failure.getMessage());
            }
        }
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            JsonNode child = value.get(property.getKey());
            if (child != null) {
                evaluate(
                        join(path, property.getKey()),
                        property.getValue(),
                        old == null ? null : old.get(property.getKey()),
                        child,
                        found);
            }
        }
        if (value instanceof ArrayNode array) {
            ListMerge merge = listMerge(schema);
            for (int index = 0; index < array.size(); index++) {
                JsonNode element = array.get(index);
                JsonNode before = old instanceof ArrayNode oldArray && merge.isKeyed()
                        ? merge.find(oldArray, element).orElse(null)
                        : null;
                evaluate(path + "[" + index + "]", schema.path("items"), before, element, found);
            }
        }
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private static String dotted(String pointer) {
        return pointer.isEmpty() ? "" : pointer.substring(1).replace('/', '.');
    }
}
