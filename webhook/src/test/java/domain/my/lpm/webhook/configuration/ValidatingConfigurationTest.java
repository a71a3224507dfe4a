package domain.my.lpm.webhook.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Run with {@code -Dlpm.writeGoldens=true} it writes what it would compare: read the difference before you keep it. */
class ValidatingConfigurationTest {
    private static final Path EXPECTED =
            Path.of("src/test/resources/domain/my/lpm/webhook/configuration/validating-expected.yaml");
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();

    @Test
    void isWhatIsWrittenDown() throws Exception {
        ValidatingWebhookConfiguration generated = new ValidatingConfiguration(
                        MutatingConfigurationTest.callee(Optional.of("-----BEGIN"), Optional.empty()))
                .generate();
        if (Boolean.getBoolean("lpm.writeGoldens")) {
            YAML.writeValue(EXPECTED.toFile(), generated);
        }

        assertThat(YAML.readTree(YAML.writeValueAsString(generated))).isEqualTo(YAML.readTree(EXPECTED.toFile()));
    }
}
