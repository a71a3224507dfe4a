package domain.my.lpm.api.crd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.CustomResource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Holds docs/api.md to the checked-in CRDs. */
class ReferenceTest {
    private static final Path FILE = Path.of("..", "docs", "api.md");
    private static final String REGENERATE =
            "./mvnw -pl api test -Dtest=ReferenceTest -Dsurefire.failIfNoSpecifiedTests=false -Dlpm.regenerate";

    @Test
    void theReferenceIsThatOfTheCrds() throws IOException {
        String generated = reference();
        if (System.getProperty("lpm.regenerate") != null) {
            Files.writeString(FILE, generated);
        }
        assertThat(Files.readString(FILE))
                .as("docs/api.md differs from the CRDs; to make it anew: %s", REGENERATE)
                .isEqualTo(generated);
    }

    private static String reference() throws IOException {
        StringBuilder text = new StringBuilder("# Custom resources\n\n")
                .append(
                        "Group `lpm.my.domain`, version `v1`; the CRDs are in [crds](../crds). Generated from them:\n\n")
                .append("    ")
                .append(REGENERATE)
                .append("\n\n`*` is an element of a list, **bold** a field that must be there.\n");
        for (Class<? extends CustomResource<?, ?>> kind : GeneratedCrds.KINDS) {
            JsonNode crd = GeneratedCrds.YAML.readTree(
                    Files.readString(CrdFilesTest.DIRECTORY.resolve(CustomResource.getCRDName(kind) + ".yaml")));
            JsonNode schema = crd.at("/spec/versions/0/schema/openAPIV3Schema");
            text.append("\n## %s\n\n%s\n\n%s, short name `%s`.\n\n| field | values | meaning |\n|---|---|---|\n"
                    .formatted(
                            kind.getSimpleName(),
                            schema.get("description").asText(),
                            crd.at("/spec/scope").asText(),
                            crd.at("/spec/names/shortNames/0").asText()));
            List<String> rules = new ArrayList<>();
            describe("", schema, text, rules);
            if (!rules.isEmpty()) {
                text.append("\nRefused, with these words:\n\n");
                rules.forEach(rule -> text.append("- ").append(rule).append('\n'));
            }
        }
        return text.toString();
    }

    private static void describe(String path, JsonNode schema, StringBuilder text, List<String> rules) {
        schema.path("x-kubernetes-validations")
                .forEach(rule -> rules.add(rule.get("message").asText()));
        List<String> required = new ArrayList<>();
        schema.path("required").forEach(name -> required.add(name.asText()));
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            String field = path.isEmpty() ? property.getKey() : path + "." + property.getKey();
            JsonNode value = property.getValue();
            if (field.contains(".")) {
                String name = required.contains(property.getKey()) ? "**`" + field + "`**" : "`" + field + "`";
                text.append("| %s | %s | %s |\n"
                        .formatted(
                                name, values(value), value.path("description").asText()));
            }
            describe(field, value, text, rules);
            if (value.at("/items/properties").isObject()) {
                describe(field + ".*", value.get("items"), text, rules);
            }
        }
    }

    private static String values(JsonNode schema) {
        List<String> words = new ArrayList<>();
        schema.path("enum").forEach(word -> words.add("`" + word.asText() + "`"));
        String values = words.isEmpty() ? schema.get("type").asText() : String.join(", ", words);
        JsonNode standard = schema.get("default");
        return standard == null || standard.isObject() ? values : values + "; default `" + standard.asText() + "`";
    }
}
