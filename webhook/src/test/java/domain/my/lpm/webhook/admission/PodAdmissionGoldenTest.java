package domain.my.lpm.webhook.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.webhook.rewrite.Settings;
import domain.my.lpm.webhook.server.Serving;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A directory each: {@code request.yaml} with the path and the review; {@code response.yaml} with the review that comes back
 * over HTTPS, its patch decoded. Run with {@code -Dlpm.writeGoldens=true} it writes what it would compare.
 */
class PodAdmissionGoldenTest {
    private static final Path ROOT = Path.of("src/test/resources/domain/my/lpm/webhook/admission");
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();

    @SuppressWarnings("NullAway.Init")
    private static Serving serving;

    @BeforeAll
    static void start() throws IOException {
        Settings settings = Settings.builder()
                .toolkitImage("registry.example/lpm/toolkit:1")
                .build();
        Map<String, Admission> admissions = new HashMap<>();
        for (Injection injection : Injection.values()) {
            admissions.put(
                    injection.path(), new PodAdmission(settings, Set.of("lpm-system", "kube-system"), injection));
        }
        serving = Serving.start(Serving.OPTIONS, admissions);
    }

    @AfterAll
    static void stop() {
        serving.close();
    }

    static Stream<Path> cases() throws IOException {
        try (Stream<Path> directories = Files.list(ROOT)) {
            return directories.sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isAnsweredAsWrittenDown(Path directory) throws Exception {
        JsonNode request = YAML.readTree(directory.resolve("request.yaml").toFile());

        HttpResponse<String> response = serving.client()
                .post(request.path("path").asText(), request.path("review").toString());

        ObjectNode answer = YAML.createObjectNode().put("status", response.statusCode());
        if (response.statusCode() == 200) {
            answer.set("review", decoded((ObjectNode) Reviews.MAPPER.readTree(response.body())));
        } else {
            answer.put("text", response.body());
        }
        Path expected = directory.resolve("response.yaml");
        if (Boolean.getBoolean("lpm.writeGoldens")) {
            YAML.writeValue(expected.toFile(), answer);
        }
        assertThat((JsonNode) answer).isEqualTo(YAML.readTree(expected.toFile()));
    }

    private static ObjectNode decoded(ObjectNode review) throws IOException {
        ObjectNode response = (ObjectNode) review.path("response");
        if (response.has("patch")) {
            response.set("patch", Reviews.MAPPER.readTree(response.path("patch").binaryValue()));
        }
        return review;
    }
}
