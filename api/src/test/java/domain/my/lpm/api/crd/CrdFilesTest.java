package domain.my.lpm.api.crd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the checked-in CRDs to the model classes. */
class CrdFilesTest {
    static final String REGENERATE =
            "./mvnw -pl api test -Dtest=CrdFilesTest -Dsurefire.failIfNoSpecifiedTests=false -Dlpm.regenerate";

    /** Maven runs the tests of a module in its directory. */
    static final Path DIRECTORY = Path.of("..", "crds");

    /** Kustomize takes no file from outside of the directory it works in, so that deploy/base has them a second time. */
    @ParameterizedTest
    @ValueSource(strings = {"crds", "deploy/base/crds"})
    void theCheckedInCrdsAreThoseOfTheModel(String place) throws IOException {
        Path directory = Path.of("..").resolve(place);
        Map<String, String> generated = GeneratedCrds.files();
        if (System.getProperty("lpm.regenerate") != null) {
            Files.createDirectories(directory);
            for (Map.Entry<String, String> file : generated.entrySet()) {
                Files.writeString(directory.resolve(file.getKey()), file.getValue());
            }
        }
        Set<String> present = new TreeSet<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".yaml") && !name.equals("kustomization.yaml"))
                    .forEach(present::add);
        }
        assertThat(present)
                .as("the CRDs in %s/; to make them anew: %s", place, REGENERATE)
                .isEqualTo(generated.keySet());
        for (Map.Entry<String, String> file : generated.entrySet()) {
            assertThat(Files.readString(directory.resolve(file.getKey())))
                    .as(
                            "%s/%s differs from what the model classes say; to make it anew: %s",
                            place, file.getKey(), REGENERATE)
                    .isEqualTo(file.getValue());
        }
    }

    /** The API server reckons what a rule may cost at the worst, and refuses a CRD whose rules may cost too much. */
    @Test
    void nothingIsUnbounded() {
        GeneratedCrds.files().forEach((name, text) -> {
            JsonNode crd;
            try {
                crd = GeneratedCrds.YAML.readTree(text);
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
            assertThat(unbounded("", crd.at("/spec/versions/0/schema/openAPIV3Schema")))
                    .as("strings, lists and maps of %s without a bound", name)
                    .isEmpty();
        });
    }

    private static Stream<String> unbounded(String path, JsonNode schema) {
        String type = schema.path("type").asText();
        boolean bounded = switch (type) {
            case "string" -> schema.has("maxLength") || schema.has("enum") || schema.has("format");
            case "array" -> schema.has("maxItems");
            case "object" -> !schema.has("additionalProperties") || schema.has("maxProperties");
            default -> true;
        };
        Stream<String> below = Stream.concat(
                schema.path("properties").properties().stream()
                        .flatMap(property -> unbounded(path + "." + property.getKey(), property.getValue())),
                schema.has("items") ? unbounded(path + ".*", schema.get("items")) : Stream.empty());
        return bounded ? below : Stream.concat(Stream.of(path + " (" + type + ")"), below);
    }

    @Test
    void isGeneratedTheSameEveryTime() {
        assertThat(GeneratedCrds.files()).isEqualTo(GeneratedCrds.files());
    }
}
