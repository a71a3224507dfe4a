package domain.my.lpm.webhook.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import domain.my.lpm.webhook.rewrite.Rewrite;
import domain.my.lpm.webhook.rewrite.Settings;
import domain.my.lpm.webhook.server.Serving;
import io.fabric8.kubernetes.api.model.Pod;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a pod when the rewrite breaks. */
class FailureTest {
    private static final Settings SETTINGS =
            Settings.builder().toolkitImage("registry.example/toolkit:1").build();

    private enum Failure {
        EXCEPTION {
            @Override
            Rewrite rewrite(Pod pod, Settings settings) {
                throw new IllegalStateException("no toolkit");
            }
        },
        ENDLESS_RECURSION {
            @Override
            Rewrite rewrite(Pod pod, Settings settings) {
                throw new StackOverflowError();
            }
        };

        abstract Rewrite rewrite(Pod pod, Settings settings);
    }

    @ParameterizedTest(name = "{0}, {1}, {2}")
    @CsvSource(delimiter = '|', textBlock = """
            EXCEPTION         | DISABLED | {}                                                  | true
            EXCEPTION         | ENABLED  | {}                                                  | true
            EXCEPTION         | UNKNOWN  | {}                                                  | true
            EXCEPTION         | ENABLED  | {"migration.restore-mode": "none"}                  | true
            EXCEPTION         | DISABLED | {"migration.restore-mode": "self-restore"}          | false
            EXCEPTION         | ENABLED  | {"migration.restore-mode": "self-restore"}          | false
            EXCEPTION         | DISABLED | {"migration.restore-mode": "cri-o"}                 | false
            EXCEPTION         | DISABLED | {"migration.restore-mode": "whatever"}              | false
            EXCEPTION         | DISABLED | {"migration.checkpoint-path": "shared://a/b"}       | false
            EXCEPTION         | DISABLED | {"migration.restore-mode": "none", "migration.checkpoint-path": "shared://a/b"} | false
            ENDLESS_RECURSION | ENABLED  | {}                                                  | true
            ENDLESS_RECURSION | DISABLED | {"migration.restore-mode": "self-restore"}          | false
            """)
    void whoAskedIsRefusedAndWhoDidNotIsAdmitted(
            Failure failure, Injection injection, String annotations, boolean allowed) throws Exception {
        JsonNode response = send(failure, injection, annotations);

        String cause = failure == Failure.EXCEPTION
                ? "java.lang.IllegalStateException: no toolkit"
                : "java.lang.StackOverflowError";
        assertThat(response.path("uid").asText()).isEqualTo("request-1");
        assertThat(response.path("allowed").asBoolean()).isEqualTo(allowed);
        assertThat(response.has("patch")).isFalse();
        assertThat(response.at("/auditAnnotations/decision").asText()).isEqualTo("failed");
        if (allowed) {
            assertThat(response.path("warnings")).hasSize(1);
            assertThat(response.at("/warnings/0").asText())
                    .isEqualTo("pod 'app' is not prepared for migration, see the webhook's log for request request-1: "
                            + cause);
        } else {
            assertThat(response.at("/status/code").asInt()).isEqualTo(500);
            assertThat(response.at("/status/message").asText())
                    .isEqualTo("pod 'app' asks to be prepared for migration, which failed: " + cause
                            + "; try again, see the webhook's log for request request-1, or remove the annotations"
                            + " migration.restore-mode and migration.checkpoint-path to create it unprepared");
        }
    }

    private static JsonNode send(Failure failure, Injection injection, String annotations) throws Exception {
        PodAdmission admission = new PodAdmission(SETTINGS, Set.of("lpm-system"), injection, failure::rewrite);
        try (Serving serving = Serving.start(Serving.OPTIONS, Map.of(injection.path(), admission))) {
            HttpResponse<String> response = serving.client().post(injection.path(), """
                    {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                     "request": {"uid": "request-1", "operation": "CREATE", "namespace": "shop",
                      "resource": {"group": "", "version": "v1", "resource": "pods"},
                      "object": {"apiVersion": "v1", "kind": "Pod",
                       "metadata": {"name": "app", "annotations": %s}, "spec": {"containers": []}}}}""".formatted(annotations));
            assertThat(response.statusCode()).isEqualTo(200);
            return Reviews.MAPPER.readTree(response.body()).path("response");
        }
    }
}
