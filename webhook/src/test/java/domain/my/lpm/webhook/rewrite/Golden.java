package domain.my.lpm.webhook.rewrite;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One directory of the goldens: {@code settings.yaml}; {@code input.yaml}, or where there is none the pod of a sample;
 * {@code outcome.yaml}; and {@code expected.yaml} where the pod is rewritten.
 */
record Golden(Path directory) {
    static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();

    private static final Path ROOT = Path.of("src/test/resources/domain/my/lpm/webhook/rewrite");

    /**
     * What becomes of the pod.
     *
     * @param decision absent when the pod is refused
     * @param refused the message, when it is
     */
    record Outcome(
            @Nullable Decision decision,
            @Nullable String refused,
            @Nullable List<String> warnings) {}

    static Stream<Golden> all() {
        try (Stream<Path> directories = Files.list(ROOT)) {
            return directories.sorted().map(Golden::new).toList().stream();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    static Stream<Golden> injected() {
        return all().filter(golden -> golden.outcome().decision() == Decision.INJECT);
    }

    static Golden named(String name) {
        return new Golden(ROOT.resolve(name));
    }

    JsonNode inputTree() {
        return tree(inputFile());
    }

    Pod input() {
        return read(inputFile(), Pod.class);
    }

    Settings settings() {
        return read(directory.resolve("settings.yaml"), Settings.class);
    }

    Outcome outcome() {
        return read(directory.resolve("outcome.yaml"), Outcome.class);
    }

    JsonNode expectedTree() {
        return tree(directory.resolve("expected.yaml"));
    }

    boolean hasExpected() {
        return Files.exists(directory.resolve("expected.yaml"));
    }

    void write(Outcome outcome, @Nullable Pod expected) throws IOException {
        YAML.writeValue(directory.resolve("outcome.yaml").toFile(), outcome);
        Files.deleteIfExists(directory.resolve("expected.yaml"));
        if (expected != null) {
            YAML.writeValue(directory.resolve("expected.yaml").toFile(), expected);
        }
    }

    @Override
    public String toString() {
        return directory.getFileName().toString();
    }

    private Path inputFile() {
        Path own = directory.resolve("input.yaml");
        return Files.exists(own) ? own : Path.of("../samples/counter/pod.yaml");
    }

    private static JsonNode tree(Path file) {
        try {
            return YAML.readTree(file.toFile());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static <T> T read(Path file, Class<T> type) {
        try {
            return YAML.readValue(file.toFile(), type);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
