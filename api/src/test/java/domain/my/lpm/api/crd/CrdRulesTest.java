package domain.my.lpm.api.crd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Applies the checked-in CRDs to objects, in one directory for each kind:
 *
 * <ul>
 *   <li>{@code valid-*.yaml}: accepted; {@code valid-full.yaml} has every field there is. Two documents are what is stored
 *       and what replaces it.
 *   <li>{@code invalid-*.yaml}: refused by one CEL rule, whose field and message the first line tells.
 *   <li>{@code invalid-fields.yaml}: for every rule of the JSON schema a value that it refuses, put into
 *       {@code valid-full.yaml}: field, keyword, value; no value takes the field away. Nothing else may be refused.
 * </ul>
 */
class CrdRulesTest {
    private static final Path OBJECTS = Path.of("src", "test", "resources", "domain", "my", "lpm", "api", "crd");
    static final Pattern EXPECTED = Pattern.compile("# refused: (?<path>[a-zA-Z.0-9]*): (?<message>.+)");

    static Stream<Class<? extends CustomResource<?, ?>>> kinds() {
        return GeneratedCrds.KINDS.stream();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void acceptsWhatIsValid(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        CrdSchema schema = schema(kind);
        for (Path file : files(kind, "valid-")) {
            List<ObjectNode> documents = documents(file);
            for (ObjectNode document : documents) {
                assertThat(schema.violations(null, document)).as("%s", file).isEmpty();
            }
            assertThat(schema.violations(old(documents), documents.get(documents.size() - 1)))
                    .as("%s", file)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyCelRuleRefusesWhatItsFileShows(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        CrdSchema schema = schema(kind);
        Set<String> exercised = new TreeSet<>();
        for (Path file : files(kind, "invalid-")) {
            if (file.endsWith("invalid-fields.yaml")) {
                continue;
            }
            List<ObjectNode> documents = documents(file);
            if (documents.size() == 2) {
                assertThat(schema.violations(null, documents.get(0)))
                        .as("what is stored in %s", file)
                        .isEmpty();
            }
            List<Violation> violations = schema.violations(old(documents), documents.get(documents.size() - 1));

            assertThat(violations).as("%s", file).hasSize(1);
            Violation violation = violations.get(0);
            Matcher expected = EXPECTED.matcher(Files.readAllLines(file).get(0));
            assertThat(expected.matches())
                    .as("first line of %s: '# refused: field: message'", file)
                    .isTrue();
            assertThat(violation.path()).as("%s", file).isEqualTo(expected.group("path"));
            assertThat(violation.message()).as("%s", file).isEqualTo(expected.group("message"));
            exercised.add(violation.path().replaceAll("\\.[0-9]+", ".*") + ": " + violation.rule());
        }
        assertThat(exercised)
                .as("CEL rules with an invalid-*.yaml of %s", kind.getSimpleName())
                .isEqualTo(schema.rules());
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyRuleOfTheStructureRefusesWhatItsCaseShows(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        CrdSchema schema = schema(kind);
        ObjectNode full = documents(directory(kind).resolve("valid-full.yaml")).get(0);
        JsonNode fields =
                documents(directory(kind).resolve("invalid-fields.yaml")).get(0);
        Set<String> exercised = new TreeSet<>();
        for (Map.Entry<String, JsonNode> field : fields.properties()) {
            for (Map.Entry<String, JsonNode> refused : field.getValue().properties()) {
                ObjectNode object = full.deepCopy();
                set(object, field.getKey(), repeated(refused.getKey(), refused.getValue()));
                assertThat(schema.violations(null, object))
                        .as("%s %s with %s", field.getKey(), refused.getKey(), refused.getValue())
                        .allSatisfy(violation -> assertThat(violation.path()).isEqualTo(field.getKey()))
                        .extracting(Violation::rule)
                        .contains(refused.getKey());
                exercised.add(field.getKey().replaceAll("\\.[0-9]+", ".*") + " " + refused.getKey());
            }
        }
        assertThat(exercised)
                .as("rules of the schema with a case in invalid-fields.yaml of %s", kind.getSimpleName())
                .isEqualTo(schema.constraints());
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyFieldRefusesAnotherType(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        CrdSchema schema = schema(kind);
        ObjectNode full = documents(directory(kind).resolve("valid-full.yaml")).get(0);
        JsonNode wrong = GeneratedCrds.YAML.readTree("[[]]");
        for (String field : schema.fields()) {
            String path = field.replace("*", "0");
            ObjectNode object = full.deepCopy();
            set(object, path, wrong);
            assertThat(schema.violations(null, object))
                    .as("%s", path)
                    .anySatisfy(violation -> assertThat(violation.rule()).isEqualTo("type"));
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theFullObjectHasEveryField(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        ObjectNode full = documents(directory(kind).resolve("valid-full.yaml")).get(0);
        for (String field : schema(kind).fields()) {
            String pointer = "/" + field.replace("*", "0").replace('.', '/');
            assertThat(full.at(pointer).isMissingNode())
                    .as("%s is missing", field)
                    .isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyMessageNamesItsFieldAndTheRemedy(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        for (Path file : files(kind, "invalid-")) {
            if (!file.endsWith("invalid-fields.yaml")) {
                assertThat(Files.readAllLines(file).get(0))
                        .as("%s", file)
                        .contains(", because ")
                        .contains("; ");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyCelRuleFitsTheTypes(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        schema(kind).checkTypes();
    }

    @Test
    void aMigrationMovesBetweenPhasesAsTheModelSays() throws IOException {
        ObjectNode full = documents(directory(PodMigration.class).resolve("valid-full.yaml"))
                .get(0);
        full.withObject("/status").remove("commitTime");
        for (MigrationPhase from : MigrationPhase.values()) {
            for (MigrationPhase to : MigrationPhase.values()) {
                assertThat(phaseRefused(PodMigration.class, full, from.value(), to.value()))
                        .as("%s to %s", from, to)
                        .isEqualTo(!from.mayBecome(to));
            }
        }
    }

    @Test
    void aCheckpointMovesBetweenPhasesAsTheModelSays() throws IOException {
        ObjectNode full = documents(directory(PodCheckpoint.class).resolve("valid-full.yaml"))
                .get(0);
        full.withObject("/status").put("ready", false);
        for (CheckpointPhase from : CheckpointPhase.values()) {
            for (CheckpointPhase to : CheckpointPhase.values()) {
                assertThat(phaseRefused(PodCheckpoint.class, full, from.value(), to.value()))
                        .as("%s to %s", from, to)
                        .isEqualTo(!from.mayBecome(to));
            }
        }
    }

    private static boolean phaseRefused(
            Class<? extends CustomResource<?, ?>> kind, ObjectNode object, String from, String to) throws IOException {
        ObjectNode old = object.deepCopy();
        old.withObject("/status").put("phase", from);
        ObjectNode next = object.deepCopy();
        next.withObject("/status").put("phase", to);
        return schema(kind).violations(old, next).stream()
                .anyMatch(violation -> violation.message().startsWith("phase can"));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theModelReadsAndWritesEveryField(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        ObjectNode full = documents(directory(kind).resolve("valid-full.yaml")).get(0);
        KubernetesSerialization serialization = new KubernetesSerialization();

        CustomResource<?, ?> object = serialization.unmarshal(full.toString(), kind);

        assertThat(GeneratedCrds.YAML.readTree(serialization.asJson(object))).isEqualTo(full);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theModelHasTheDefaultsOfTheSchema(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        ObjectNode minimal =
                documents(directory(kind).resolve("valid-minimal.yaml")).get(0);
        KubernetesSerialization serialization = new KubernetesSerialization();

        CustomResource<?, ?> object = serialization.unmarshal(minimal.toString(), kind);

        assertThat(GeneratedCrds.YAML.readTree(serialization.asJson(object)).path("spec"))
                .isEqualTo(schema(kind).withDefaults(minimal).path("spec"));
    }

    static CrdSchema schema(Class<? extends CustomResource<?, ?>> kind) throws IOException {
        return CrdSchema.read(CrdFilesTest.DIRECTORY.resolve(CustomResource.getCRDName(kind) + ".yaml"));
    }

    static Path directory(Class<?> kind) {
        return OBJECTS.resolve(kind.getSimpleName());
    }

    static List<Path> files(Class<?> kind, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(directory(kind))) {
            List<Path> found = files.filter(
                            file -> file.getFileName().toString().startsWith(prefix))
                    .sorted()
                    .toList();
            assertThat(found)
                    .as("files %s* of %s", prefix, kind.getSimpleName())
                    .isNotEmpty();
            return found;
        }
    }

    static List<ObjectNode> documents(Path file) throws IOException {
        List<ObjectNode> documents = new ArrayList<>();
        try (MappingIterator<ObjectNode> read =
                GeneratedCrds.YAML.readerFor(ObjectNode.class).readValues(file.toFile())) {
            read.forEachRemaining(documents::add);
        }
        assertThat(documents).as("documents of %s", file).hasSizeBetween(1, 2);
        return documents;
    }

    private static @Nullable ObjectNode old(List<ObjectNode> documents) {
        return documents.size() == 2 ? documents.get(0) : null;
    }

    static JsonNode repeated(String keyword, JsonNode value) {
        if (!value.has("repeat")) {
            return value;
        }
        int times = value.get("times").intValue();
        if (keyword.equals("maxLength")) {
            return TextNode.valueOf(value.get("repeat").asText().repeat(times));
        }
        ArrayNode list = GeneratedCrds.YAML.createArrayNode();
        for (int i = 0; i < times; i++) {
            list.add(value.get("repeat"));
        }
        return list;
    }

    static void set(ObjectNode object, String path, JsonNode value) {
        int dot = path.lastIndexOf('.');
        String parentPointer = dot < 0 ? "" : "/" + path.substring(0, dot).replace('.', '/');
        String name = path.substring(dot + 1);
        JsonNode parent = object.at(parentPointer);
        if (parent instanceof ArrayNode array) {
            array.set(Integer.parseInt(name), value);
        } else if (value.isNull()) {
            ((ObjectNode) parent).remove(name);
        } else {
            ((ObjectNode) parent).set(name, value);
        }
    }
}
