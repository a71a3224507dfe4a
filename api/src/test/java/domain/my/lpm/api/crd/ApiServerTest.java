package domain.my.lpm.api.crd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.api.SchedulingGates;
import domain.my.lpm.apiserver.OnRealApiServer;
import domain.my.lpm.apiserver.RealApiServer;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The objects of {@link CrdRulesTest}, sent to a real API server that has the CRDs. */
@OnRealApiServer
class ApiServerTest {
    private final RealApiServer server = RealApiServer.shared();

    @BeforeEach
    void makeNamespace() {
        server.makeNamespace("shop");
    }

    static Stream<Class<? extends CustomResource<?, ?>>> kinds() {
        return GeneratedCrds.KINDS.stream();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void acceptsWhatIsValid(Class<? extends CustomResource<?, ?>> kind) throws Exception {
        for (Path file : CrdRulesTest.files(kind, "valid-")) {
            assertThat(refusals(kind, CrdRulesTest.documents(file)))
                    .as("%s", file)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void refusesByEveryCelRuleWhatItsFileShows(Class<? extends CustomResource<?, ?>> kind) throws Exception {
        for (Path file : CrdRulesTest.files(kind, "invalid-")) {
            if (file.endsWith("invalid-fields.yaml")) {
                continue;
            }
            Matcher expected =
                    CrdRulesTest.EXPECTED.matcher(Files.readAllLines(file).get(0));
            assertThat(expected.matches()).isTrue();

            assertThat(refusals(kind, CrdRulesTest.documents(file)))
                    .as("%s", file)
                    .singleElement()
                    .satisfies(refusal -> {
                        assertThat(refusal.path()).isEqualTo(expected.group("path"));
                        assertThat(refusal.message()).endsWith(expected.group("message"));
                    });
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void refusesByEveryRuleOfTheStructureWhatItsCaseShows(Class<? extends CustomResource<?, ?>> kind) throws Exception {
        ObjectNode full = CrdRulesTest.documents(CrdRulesTest.directory(kind).resolve("valid-full.yaml"))
                .get(0);
        JsonNode fields = CrdRulesTest.documents(CrdRulesTest.directory(kind).resolve("invalid-fields.yaml"))
                .get(0);
        for (Map.Entry<String, JsonNode> field : fields.properties()) {
            for (Map.Entry<String, JsonNode> refused : field.getValue().properties()) {
                ObjectNode object = full.deepCopy();
                CrdRulesTest.set(object, field.getKey(), CrdRulesTest.repeated(refused.getKey(), refused.getValue()));

                assertThat(refusals(kind, List.of(object)))
                        .as("%s %s with %s", field.getKey(), refused.getKey(), refused.getValue())
                        .isNotEmpty()
                        .allSatisfy(refusal -> assertThat(refusal.path()).startsWith(field.getKey()));
            }
        }
    }

    /** What decision 9 counts on. */
    @Test
    void aPodWithTheGateOfACopyGoesToNoNode() throws Exception {
        ObjectNode pod = (ObjectNode) GeneratedCrds.YAML.readTree("""
                apiVersion: v1
                kind: Pod
                metadata: {name: copy, namespace: shop}
                spec:
                  nodeName: b
                  containers: [{name: app, image: app}]
                """);
        pod.withObject("/spec").putArray("schedulingGates").addObject().put("name", SchedulingGates.UNPREPARED);

        RealApiServer.Answer onANode = server.call("POST", "/api/v1/namespaces/shop/pods", pod);
        pod.withObject("/spec").remove("nodeName");
        RealApiServer.Answer onNone = server.call("POST", "/api/v1/namespaces/shop/pods", pod);

        assertThat(onANode.status()).as("%s", onANode.body()).isEqualTo(422);
        assertThat(onANode.body().path("message").asText())
                .contains("cannot be set until all schedulingGates have been cleared");
        assertThat(onNone.isGood()).as("%s", onNone.body()).isTrue();
        assertThat(onNone.body().at("/status/conditions/0/reason").asText()).isEqualTo("SchedulingGated");
    }

    /** Stores the first document, its status too, replaces it by the second if there is one, and removes it. */
    private List<Violation> refusals(Class<? extends CustomResource<?, ?>> kind, List<ObjectNode> documents)
            throws IOException, InterruptedException {
        String one = path(kind) + "/" + documents.get(0).at("/metadata/name").asText();
        List<Violation> refusals = new ArrayList<>();
        try {
            @Nullable JsonNode stored = null;
            for (ObjectNode document : documents) {
                assertThat(refusals).as("what is stored").isEmpty();
                RealApiServer.Answer written = stored == null
                        ? server.call("POST", path(kind) + "?fieldValidation=Strict", document)
                        : server.call("PUT", one + "?fieldValidation=Strict", following(document, stored));
                refusals.addAll(refusals(written));
                stored = written.isGood() ? written.body() : stored;
                if (stored != null && (document.has("status") || stored.has("status"))) {
                    // The specification as it is stored: this call changes the status alone.
                    ObjectNode next = stored.deepCopy();
                    next.remove("status");
                    if (document.has("status")) {
                        next.set("status", document.get("status"));
                    }
                    RealApiServer.Answer status = server.call("PUT", one + "/status?fieldValidation=Strict", next);
                    refusals.addAll(refusals(status));
                    stored = status.isGood() ? status.body() : stored;
                }
            }
        } finally {
            server.call("DELETE", one, null);
        }
        return refusals;
    }

    private static ObjectNode following(ObjectNode document, JsonNode stored) {
        ObjectNode next = document.deepCopy();
        next.withObject("/metadata").set("resourceVersion", stored.at("/metadata/resourceVersion"));
        return next;
    }

    private static List<Violation> refusals(RealApiServer.Answer answer) {
        List<Violation> refusals = new ArrayList<>();
        if (!answer.isGood()) {
            assertThat(answer.status()).as("%s", answer.body()).isEqualTo(422);
            StreamSupport.stream(answer.body().at("/details/causes").spliterator(), false)
                    // No refusal, but a remark beside those of the structure.
                    .filter(cause -> !cause.path("message").asText().contains("some validation rules were not checked"))
                    .forEach(cause -> refusals.add(new Violation(
                            cause.path("field").asText().replace("<nil>", "").replaceAll("\\[([^]]*)\\]", ".$1"),
                            cause.path("reason").asText(),
                            cause.path("message").asText())));
            assertThat(refusals).as("%s", answer.body()).isNotEmpty();
        }
        return refusals;
    }

    private static String path(Class<? extends CustomResource<?, ?>> kind) {
        String name = CustomResource.getCRDName(kind);
        return "/apis/lpm.my.domain/v1/"
                + (Namespaced.class.isAssignableFrom(kind) ? "namespaces/shop/" : "")
                + name.substring(0, name.indexOf('.'));
    }
}
