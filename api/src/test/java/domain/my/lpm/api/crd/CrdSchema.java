package domain.my.lpm.api.crd;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableMap;
import com.google.errorprone.annotations.Immutable;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A checked-in CRD, applied to objects as the API server does: defaults first, then the JSON schema, then, where that holds,
 * the CEL rules. Only what our CRDs use is here. Unlike the API server, which drops unknown fields, this refuses them.
 */
final class CrdSchema {
    private static final Set<String> KEYWORDS =
            Set.of("enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "format");
    private static final ObjectMapper LONGS = new ObjectMapper().enable(DeserializationFeature.USE_LONG_FOR_INTS);
    private static final CelRuntime RUNTIME =
            CelRuntimeFactory.standardCelRuntimeBuilder().build();

    private final ObjectNode root;
    private final JsonSchema structure;
    private final Map<String, CelRuntime.Program> programs = new HashMap<>();

    private CrdSchema(ObjectNode root) {
        this.root = root;
        ObjectNode strict = root.deepCopy();
        strict.withObject("/properties").putObject("apiVersion").put("type", "string");
        strict.withObject("/properties").putObject("kind").put("type", "string");
        strict.withObject("/properties").putObject("metadata").put("type", "object");
        refuseUnknownFields(strict);
        structure = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4)
                .getSchema(
                        strict,
                        SchemaValidatorsConfig.builder()
                                .pathType(PathType.JSON_POINTER)
                                .formatAssertionsEnabled(true)
                                .build());
    }

    static CrdSchema read(Path file) throws IOException {
        JsonNode crd = GeneratedCrds.YAML.readTree(Files.readString(file));
        return new CrdSchema((ObjectNode) crd.at("/spec/versions/0/schema/openAPIV3Schema"));
    }

    /** What the API server answers; {@code old} is what it has stored, absent when the object is created. */
    List<Violation> violations(@Nullable ObjectNode old, ObjectNode object) {
        ObjectNode complete = withDefaults(object);
        List<Violation> found = new ArrayList<>();
        for (ValidationMessage message : structure.validate(complete)) {
            String path = message.getInstanceLocation().toString();
            String property = message.getProperty() == null ? "" : "/" + message.getProperty();
            found.add(new Violation(dotted(path + property), message.getType(), message.getMessage()));
        }
        duplicates("", root, complete, found);
        if (found.isEmpty()) {
            evaluate("", root, old == null ? null : withDefaults(old), complete, found);
        }
        return found;
    }

    ObjectNode withDefaults(ObjectNode object) {
        ObjectNode complete = object.deepCopy();
        setDefaults(root, complete);
        return complete;
    }

    /** Every rule of the JSON schema as {@code path keyword}, the elements of lists as {@code *}. */
    Set<String> constraints() {
        Set<String> constraints = new TreeSet<>();
        walk("", root, (path, schema) -> {
            schema.fieldNames().forEachRemaining(keyword -> {
                // The format of a number is only a hint.
                if (KEYWORDS.contains(keyword)
                        && !(keyword.equals("format")
                                && schema.path("type").asText().equals("integer"))) {
                    constraints.add(path + " " + keyword);
                }
            });
            schema.path("required").forEach(name -> constraints.add(join(path, name.asText()) + " required"));
            if (schema.has("x-kubernetes-list-type")) {
                constraints.add(path + " x-kubernetes-list-type");
            }
        });
        return constraints;
    }

    /** Every field of the schema, the elements of lists as {@code *}. */
    Set<String> fields() {
        Set<String> fields = new TreeSet<>();
        walk("", root, (path, schema) -> fields.add(path));
        fields.remove("");
        return fields;
    }

    /** Every CEL rule as {@code path: expression}. */
    Set<String> rules() {
        Set<String> rules = new TreeSet<>();
        walk(
                "",
                root,
                (path, schema) -> schema.path("x-kubernetes-validations")
                        .forEach(
                                rule -> rules.add(path + ": " + rule.get("rule").asText())));
        return rules;
    }

    /** Compiles every CEL rule against the types of the schema, which finds fields that are not there. */
    void checkTypes() {
        walk("", root, (path, schema) -> {
            Map<String, CelType> types = new HashMap<>();
            CelType self = type("Schema", schema, types);
            for (JsonNode rule : schema.path("x-kubernetes-validations")) {
                compile(rule.get("rule").asText(), self, new Types(ImmutableMap.copyOf(types)));
            }
        });
    }

    private void evaluate(String path, JsonNode schema, @Nullable JsonNode old, JsonNode value, List<Violation> found) {
        for (JsonNode rule : schema.path("x-kubernetes-validations")) {
            String expression = rule.get("rule").asText();
            boolean transition = expression.contains("oldSelf");
            if (transition && old == null) {
                continue;
            }
            Map<String, Object> variables = new HashMap<>();
            variables.put("self", LONGS.convertValue(value, Object.class));
            if (transition) {
                variables.put("oldSelf", LONGS.convertValue(old, Object.class));
            }
            try {
                Object result =
                        programs.computeIfAbsent(expression, this::program).eval(variables);
                if (!Boolean.TRUE.equals(result)) {
                    found.add(
                            new Violation(path, expression, rule.get("message").asText()));
                }
            } catch (CelEvaluationException failure) {
                throw new IllegalStateException(path + ": rule cannot be evaluated: " + expression, failure);
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
        if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                evaluate(join(path, String.valueOf(i)), schema.get("items"), null, value.get(i), found);
            }
        }
    }

    private CelRuntime.Program program(String expression) {
        try {
            return RUNTIME.createProgram(compile(expression, SimpleType.DYN, null));
        } catch (CelEvaluationException failure) {
            throw new IllegalStateException("no program for the rule: " + expression, failure);
        }
    }

    private static CelAbstractSyntaxTree compile(String expression, CelType self, @Nullable CelTypeProvider types) {
        CelCompilerBuilder builder = CelCompilerFactory.standardCelCompilerBuilder()
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .setResultType(SimpleType.BOOL)
                .addVar("self", self)
                .addVar("oldSelf", self);
        if (types != null) {
            builder.setTypeProvider(types);
        }
        try {
            return builder.build().compile(expression).getAst();
        } catch (CelValidationException failure) {
            throw new IllegalStateException("the rule does not compile: " + expression, failure);
        }
    }

    private static CelType type(String name, JsonNode schema, Map<String, CelType> types) {
        return switch (schema.path("type").asText()) {
            case "string" -> SimpleType.STRING;
            case "integer" -> SimpleType.INT;
            case "boolean" -> SimpleType.BOOL;
            case "array" -> ListType.create(type(name + ".item", schema.get("items"), types));
            case "object" -> {
                Map<String, CelType> fields = new HashMap<>();
                for (Map.Entry<String, JsonNode> property :
                        schema.path("properties").properties()) {
                    fields.put(property.getKey(), type(name + "." + property.getKey(), property.getValue(), types));
                }
                ImmutableMap<String, CelType> known = ImmutableMap.copyOf(fields);
                StructType struct =
                        StructType.create(name, known.keySet(), field -> Optional.ofNullable(known.get(field)));
                types.put(name, struct);
                yield struct;
            }
            default -> throw new IllegalStateException(name + " has an unknown type: " + schema);
        };
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
            value.forEach(element -> setDefaults(schema.get("items"), element));
        }
    }

    private static void duplicates(String path, JsonNode schema, JsonNode value, List<Violation> found) {
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            if (value.has(property.getKey())) {
                duplicates(join(path, property.getKey()), property.getValue(), value.get(property.getKey()), found);
            }
        }
        if (value instanceof ArrayNode array && schema.has("x-kubernetes-list-type")) {
            JsonNode key = schema.path("x-kubernetes-list-map-keys").path(0);
            Set<JsonNode> seen = new HashSet<>();
            for (JsonNode element : array) {
                JsonNode identity = key.isMissingNode() ? element : element.path(key.asText());
                if (!seen.add(identity)) {
                    found.add(new Violation(path, "x-kubernetes-list-type", "Duplicate value: " + identity));
                }
            }
        }
    }

    private static void walk(String path, JsonNode schema, BiConsumer<String, JsonNode> visitor) {
        visitor.accept(path, schema);
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            walk(join(path, property.getKey()), property.getValue(), visitor);
        }
        if (schema.has("items")) {
            walk(join(path, "*"), schema.get("items"), visitor);
        }
    }

    private static void refuseUnknownFields(JsonNode schema) {
        if (schema instanceof ObjectNode object && object.has("properties")) {
            object.put("additionalProperties", false);
        }
        schema.path("properties").forEach(CrdSchema::refuseUnknownFields);
        if (schema.has("items")) {
            refuseUnknownFields(schema.get("items"));
        }
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private static String dotted(String pointer) {
        return pointer.isEmpty() ? "" : pointer.substring(1).replace('/', '.');
    }

    @Immutable
    private record Types(ImmutableMap<String, CelType> byName) implements CelTypeProvider {
        @Override
        public ImmutableCollection<CelType> types() {
            return byName.values();
        }

        @Override
        public Optional<CelType> findType(String name) {
            return Optional.ofNullable(byName.get(name));
        }
    }
}
