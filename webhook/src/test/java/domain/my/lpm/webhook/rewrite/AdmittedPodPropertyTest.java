package domain.my.lpm.webhook.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.api.Annotations;
import domain.my.lpm.webhook.admission.Injection;
import domain.my.lpm.webhook.admission.PodAdmission;
import domain.my.lpm.webhook.admission.Request;
import domain.my.lpm.webhook.admission.Reviews;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import io.fabric8.zjsonpatch.JsonPatch;
import java.io.IOException;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every pod that comes by a review: the API server makes of it what {@link PodRewrite} says. */
class AdmittedPodPropertyTest {
    /** Whoever makes a standby without naming its checkpoint rewrites it without the webhook. */
    static Stream<Golden> all() {
        return Golden.all().filter(golden -> !golden.settings().standby());
    }

    static Stream<Golden> injected() {
        return all().filter(golden -> golden.outcome().decision() == Decision.INJECT);
    }

    @ParameterizedTest
    @MethodSource("domain.my.lpm.webhook.rewrite.AdmittedPodPropertyTest#all")
    void thePatchMakesWhatTheRewriteMakes(Golden golden) throws Exception {
        ObjectNode sent = (ObjectNode) Json.MAPPER.readTree(golden.inputTree().toString());

        assertPatched(golden, sent);
    }

    /** As Go's programs write objects: fields that are null or empty, and fields that our model does not know. */
    @ParameterizedTest
    @MethodSource("domain.my.lpm.webhook.rewrite.AdmittedPodPropertyTest#injected")
    void thePatchFitsAPodAsTheApiServerWritesIt(Golden golden) throws Exception {
        ObjectNode sent = (ObjectNode) Json.MAPPER.readTree(golden.inputTree().toString());
        ObjectNode metadata = sent.withObjectProperty("metadata");
        metadata.putNull("creationTimestamp");
        if (!metadata.has("annotations")) {
            metadata.putNull("annotations");
        }
        ObjectNode spec = sent.withObjectProperty("spec");
        spec.set("notInvented", Json.MAPPER.readTree("{\"yet\": [1, {}]}"));
        for (String list : new String[] {"volumes", "initContainers"}) {
            if (!spec.has(list)) {
                spec.putArray(list);
            }
        }
        for (JsonNode container : spec.path("initContainers")) {
            ((ObjectNode) container).put("notInvented", container.path("name").asText());
        }
        for (JsonNode container : spec.path("containers")) {
            ObjectNode one = (ObjectNode) container;
            one.put("notInvented", "yet");
            for (String list : new String[] {"args", "volumeMounts", "startupProbe"}) {
                if (!one.has(list)) {
                    one.putNull(list);
                }
            }
            if (!one.has("resources")) {
                one.putObject("resources");
            }
        }
        sent.putObject("status");

        JsonNode patched = assertPatched(golden, sent);

        assertThat(patched.at("/spec/notInvented")).isEqualTo(sent.at("/spec/notInvented"));
        assertThat(patched.at("/spec/containers"))
                .allMatch(container -> container.path("notInvented").asText().equals("yet"));
        assertThat(patched.at("/spec/initContainers"))
                .allMatch(container -> container.path("name").asText().equals(Injected.INSTALLER)
                        ? !container.has("notInvented")
                        : container
                                .path("notInvented")
                                .asText()
                                .equals(container.path("name").asText()));
        assertThat(patched.path("metadata").has("creationTimestamp")).isTrue();
        assertThat(patched.path("status").isObject()).isTrue();
    }

    private static JsonNode assertPatched(Golden golden, ObjectNode sent) throws Exception {
        Settings settings = golden.settings();
        Injection injection = settings.namespaceInjection()
                .map(label -> label.equals("enabled") ? Injection.ENABLED : Injection.UNKNOWN)
                .orElse(Injection.DISABLED);
        PodAdmission admission = new PodAdmission(settings, Set.of(), injection);
        JsonNode untouched = sent.deepCopy();
        Pod before = Json.MAPPER.treeToValue(sent, Pod.class);
        AdmissionResponse response = admission.decide(request(sent));
        assertThat((JsonNode) sent).as("the pod that was sent").isEqualTo(untouched);
        Rewrite rewrite;
        try {
            rewrite = PodRewrite.rewrite(before, settings);
        } catch (PodRefusedException refused) {
            JsonNode annotations = sent.at("/metadata/annotations");
            if (annotations.has(Annotations.CHECKPOINT_PATH) || annotations.has(Annotations.RESTORE_MODE)) {
                assertThat(response.getAllowed()).isFalse();
                assertThat(response.getStatus().getMessage()).isEqualTo(refused.getMessage());
                assertThat(response.getStatus().getCode()).isEqualTo(422);
            } else {
                assertThat(response.getAllowed()).isTrue();
                assertThat(response.getWarnings()).hasSize(1);
            }
            return sent;
        }
        assertThat(response.getAllowed()).isTrue();
        assertThat(response.getAuditAnnotations())
                .containsEntry(
                        "decision",
                        rewrite.decision().name().toLowerCase(Locale.ROOT).replace('_', '-'));
        if (rewrite.decision() != Decision.INJECT) {
            assertThat(response.getPatch()).isNull();
            return sent;
        }
        assertThat(response.getWarnings()).isEqualTo(rewrite.warnings());
        JsonNode patched = JsonPatch.apply(patch(response), sent);
        assertThat(Json.MAPPER.<JsonNode>valueToTree(Json.MAPPER.treeToValue(patched, Pod.class)))
                .isEqualTo(Json.MAPPER.valueToTree(rewrite.pod()));

        AdmissionResponse again = admission.decide(request(patched));
        assertThat(again.getAuditAnnotations()).containsEntry("decision", "already-injected");
        assertThat(again.getPatch()).isNull();
        return patched;
    }

    private static JsonNode patch(AdmissionResponse response) throws IOException {
        assertThat(response.getPatchType()).isEqualTo("JSONPatch");
        JsonNode patch = Json.MAPPER.readTree(Base64.getDecoder().decode(response.getPatch()));
        assertThat(patch)
                .isNotEmpty()
                .allMatch(step -> Set.of("add", "remove", "replace")
                        .contains(step.path("op").asText()));
        return patch;
    }

    private static Request request(JsonNode pod) throws Exception {
        ObjectNode review = (ObjectNode) Json.MAPPER.readTree("""
                {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                 "request": {"uid": "a", "operation": "CREATE", "namespace": "shop",
                  "resource": {"group": "", "version": "v1", "resource": "pods"}}}""");
        ((ObjectNode) review.path("request")).set("object", pod);
        return Reviews.read(Json.MAPPER.writeValueAsBytes(review));
    }
}
