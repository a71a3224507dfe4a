package domain.my.lpm.webhook.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Run with {@code -Dlpm.writeGoldens=true} it writes what it would compare: read the difference before you keep it. */
class PodRewriteGoldenTest {
    @ParameterizedTest
    @MethodSource("domain.my.lpm.webhook.rewrite.Golden#all")
    void becomesWhatIsWrittenDown(Golden golden) throws IOException {
        Pod pod = golden.input();
        JsonNode before = Json.MAPPER.valueToTree(pod);
        Golden.Outcome outcome;
        Pod rewritten = pod;
        try {
            Rewrite rewrite = PodRewrite.rewrite(pod, golden.settings());
            rewritten = rewrite.pod();
            outcome = new Golden.Outcome(rewrite.decision(), null, rewrite.warnings());
        } catch (PodRefusedException refused) {
            outcome = new Golden.Outcome(null, refused.getMessage(), List.of());
        }
        if (Boolean.getBoolean("lpm.writeGoldens")) {
            golden.write(outcome, outcome.decision() == Decision.INJECT ? rewritten : null);
        }

        assertThat(outcome).isEqualTo(golden.outcome());
        assertThat(Json.MAPPER.<JsonNode>valueToTree(pod))
                .as("the pod that was given")
                .isEqualTo(before);
        assertThat(golden.hasExpected()).isEqualTo(outcome.decision() == Decision.INJECT);
        if (outcome.decision() == Decision.INJECT) {
            assertThat(Golden.YAML.readTree(Golden.YAML.writeValueAsString(rewritten)))
                    .isEqualTo(golden.expectedTree());
        } else {
            assertThat(rewritten).isSameAs(pod);
        }
    }
}
