package domain.my.lpm.webhook.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.webhook.admission.Injection;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Run with {@code -Dlpm.writeGoldens=true} it writes what it would compare: read the difference before you keep it. */
class MutatingConfigurationTest {
    private static final Path EXPECTED =
            Path.of("src/test/resources/domain/my/lpm/webhook/configuration/expected.yaml");
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();

    @Test
    void isWhatIsWrittenDown() throws Exception {
        MutatingWebhookConfiguration generated = configuration(Optional.empty(), Optional.of("lpm-webhook"));
        if (Boolean.getBoolean("lpm.writeGoldens")) {
            YAML.writeValue(EXPECTED.toFile(), generated);
        }

        assertThat(YAML.readTree(YAML.writeValueAsString(generated))).isEqualTo(YAML.readTree(EXPECTED.toFile()));
    }

    @Test
    void carriesTheAuthoritiesInEveryEntry() {
        MutatingWebhookConfiguration generated = configuration(Optional.of("-----BEGIN"), Optional.empty());

        assertThat(generated.getWebhooks())
                .hasSize(3)
                .allSatisfy(entry -> assertThat(new String(
                                Base64.getDecoder()
                                        .decode(entry.getClientConfig().getCaBundle()),
                                StandardCharsets.UTF_8))
                        .isEqualTo("-----BEGIN"));
        assertThat(generated.getMetadata().getAnnotations()).isNullOrEmpty();
    }

    /** The API server's rule for the path of a Service (k8s.io/apiserver, ValidateWebhookService). */
    @Test
    void callsEveryPathAndOnlySuchAsTheApiServerTakes() {
        MutatingWebhookConfiguration generated = configuration(Optional.empty(), Optional.empty());

        assertThat(generated.getWebhooks())
                .extracting(entry -> entry.getClientConfig().getService().getPath())
                .containsExactlyInAnyOrder(
                        Arrays.stream(Injection.values()).map(Injection::path).toArray(String[]::new))
                .allMatch(path -> path.matches("(/[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)+"));
    }

    @Test
    void failsOnlyForPodsThatAsk() {
        assertThat(configuration(Optional.empty(), Optional.empty()).getWebhooks())
                .filteredOn(entry -> entry.getFailurePolicy().equals("Fail"))
                .extracting(MutatingWebhook::getName)
                .containsExactly("asking.pods.lpm.my.domain");
    }

    @Test
    void isNeverCalledForSystemNamespaces() {
        assertThat(configuration(Optional.empty(), Optional.empty()).getWebhooks())
                .allSatisfy(
                        entry -> assertThat(
                                        YAML.<JsonNode>valueToTree(entry).at("/namespaceSelector/matchExpressions/0"))
                                .isEqualTo(
                                        YAML.readTree(
                                                "{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, lpm-system]}")));
    }

    private static MutatingWebhookConfiguration configuration(
            Optional<String> authorities, Optional<String> certificate) {
        return new MutatingConfiguration(callee(authorities, certificate), Set.of("kube-system")).generate();
    }

    static Callee callee(Optional<String> authorities, Optional<String> certificate) {
        return new Callee(
                "live-pod-migration",
                "lpm-system",
                "lpm-webhook",
                443,
                10,
                Duration.ofSeconds(5),
                authorities,
                certificate);
    }
}
