package domain.my.lpm.webhook.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.api.validation.MigrationFacts;
import domain.my.lpm.webhook.server.Serving;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MigrationAdmissionTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final String POD = """
            metadata: {name: counter, namespace: shop, uid: u1}
            spec:
              nodeName: node-a
              containers: [{name: app, command: [/app], livenessProbe: {periodSeconds: 5}}]
              volumes: [{name: data, persistentVolumeClaim: {claimName: orders}}]
            status:
              phase: Running
              containerStatuses: [{name: app, started: true, state: {running: {}}}]
            """;
    private static final String NODE = """
            metadata: {name: node-b}
            spec: {}
            status: {conditions: [{type: Ready, status: 'True'}]}
            """;
    private static final String AGENT = """
            metadata: {name: node}
            status:
              architecture: amd64
              criuVersion: 4.2.1
              capabilities:
              - {name: hold, available: true}
              - {name: self-restore, available: true}
            """;

    @Test
    void admitsWhatCanBeginWithWarnings() throws Exception {
        JsonNode response = ask(request("shop"), facts(POD, NODE));

        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.at("/auditAnnotations/decision").asText()).isEqualTo("admitted");
        assertThat(response.path("warnings"))
                .extracting(JsonNode::asText)
                .containsExactly(
                        "the liveness probe of container 'app' fails after 15 s, and the checkpoint may take 300 s: the kubelet would restart"
                                + " it; lengthen the former, or shorten timeouts.checkpointSeconds",
                        "PersistentVolumeClaim 'orders' is mounted on both nodes at once for a time, which ReadWriteOnce does not allow; make"
                                + " sure that its access mode is ReadWriteMany");
    }

    @Test
    void refusesWithEverythingThatStandsInTheWay() throws Exception {
        JsonNode response = ask(
                request("shop"),
                facts(POD.replace("Running", "Pending"), NODE.replace("spec: {}", "spec: {unschedulable: true}")));

        String notRunning =
                "pod 'counter' does not run as a whole, so that there is nothing complete to take a checkpoint of: its"
                        + " phase is Pending; wait until all of it runs";
        String cordoned = "node 'node-b' is cordoned, so that it is to take no more pods; uncordon it, or name another";
        assertThat(response.path("allowed").asBoolean()).isFalse();
        assertThat(response.at("/auditAnnotations/decision").asText()).isEqualTo("refused");
        assertThat(response.at("/status/code").asInt()).isEqualTo(422);
        assertThat(response.at("/status/reason").asText()).isEqualTo("Invalid");
        assertThat(response.at("/status/message").asText())
                .isEqualTo("PodMigration 'move' cannot begin: \n- " + notRunning + "\n- " + cordoned);
        ObjectNode details = (ObjectNode) YAML.readTree("""
                group: lpm.my.domain
                kind: PodMigration
                name: move
                causes:
                - {field: spec, reason: PodNotRunning}
                - {field: spec, reason: TargetNodeUnschedulable}
                """);
        ((ObjectNode) details.at("/causes/0")).put("message", notRunning);
        ((ObjectNode) details.at("/causes/1")).put("message", cordoned);
        assertThat(response.at("/status/details")).isEqualTo(details);
    }

    @Test
    void refusesWithOneReasonInOneLine() throws Exception {
        JsonNode response = ask(request("shop"), facts(POD, NODE.replace("'True'", "'False'")));

        assertThat(response.at("/status/message").asText())
                .isEqualTo(
                        "PodMigration 'move' cannot begin: node 'node-b' is not ready, so that the copy would not start; wait until it"
                                + " is, or name another");
    }

    @Test
    void refusesInSystemNamespaces() throws Exception {
        JsonNode response = ask(request("kube-system"), facts(POD, NODE));

        assertThat(response.path("allowed").asBoolean()).isFalse();
        assertThat(response.at("/status/message").asText())
                .isEqualTo(
                        "PodMigration 'move' cannot begin: pods of the system namespace 'kube-system' are never prepared for migration;"
                                + " create the pod in another namespace");
        assertThat(response.at("/status/details/causes/0/reason").asText()).isEqualTo("SystemNamespace");
    }

    /** As the API server sends it: with a time, in whole seconds, and a uid, although it is not stored yet. */
    @Test
    void refusesTheSecondMigrationOfAPodWithinASecond() throws Exception {
        PodMigration stored = new PodMigration();
        stored.getMetadata().setName("first");
        stored.getMetadata().setCreationTimestamp("2026-01-31T12:00:00Z");
        stored.getMetadata().setUid("b");
        stored.getSpec().setPodName("counter");
        ObjectNode request = request("shop");
        request.withObject("/request/object/metadata")
                .put("creationTimestamp", "2026-01-31T12:00:00Z")
                .put("uid", "a");
        MigrationFacts alone = facts(POD, NODE).of(stored);

        JsonNode response = ask(
                request,
                migration -> new MigrationFacts(
                        alone.pod(),
                        alone.targetNode(),
                        alone.sourceMigrationNode(),
                        alone.targetMigrationNode(),
                        List.of(stored)));

        assertThat(response.at("/status/message").asText())
                .isEqualTo(
                        "PodMigration 'move' cannot begin: pod 'counter' is moved by PodMigration 'first', and one pod is moved by one at a"
                                + " time; wait for its end or delete it, which cancels it");
    }

    @Test
    void refusesWhatItCannotLookUp() throws Exception {
        JsonNode response = ask(request("shop"), migration -> {
            throw new IOException("the webhook may not read pod 'shop/counter'; give it the role");
        });

        assertThat(response.path("allowed").asBoolean()).isFalse();
        assertThat(response.at("/status/code").asInt()).isEqualTo(503);
        assertThat(response.at("/status/message").asText())
                .isEqualTo(
                        "whether PodMigration 'move' can begin is not known: the webhook may not read pod 'shop/counter'; give it the role");
        assertThat(response.at("/auditAnnotations/decision").asText()).isEqualTo("failed");
    }

    @ParameterizedTest
    @CsvSource({"operation, UPDATE", "operation, DELETE", "subResource, status"})
    void looksAtNothingButCreation(String field, String value) throws Exception {
        ObjectNode request = request("shop");
        request.withObject("/request").put(field, value);

        JsonNode response = ask(request, migration -> {
            throw new IllegalStateException("asked");
        });

        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.at("/auditAnnotations/decision").asText()).isEqualTo("not-a-new-migration");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1 | the request to create a PodMigration has no object; send the PodMigration
            {metadata: {name: move}, spec: {timeouts: 3}} | the PodMigration is malformed: Cannot construct instance
            {metadata: {name: move}, spec: null} | the PodMigration has no spec or no metadata; send both
            """)
    void tellsWhatIsWrongWithARequest(String object, String message) throws Exception {
        ObjectNode request = request("shop");
        request.withObject("/request").set("object", YAML.readTree(object));
        try (Serving serving = serving(facts(POD, NODE))) {
            HttpResponse<String> response = serving.client().post(MigrationAdmission.PATH, request.toString());

            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(response.body()).startsWith(message);
        }
    }

    @Test
    void takesFieldsOfANewerSchema() throws Exception {
        ObjectNode request = request("shop");
        request.withObject("/request/object/spec").put("warp", 9);

        assertThat(ask(request, facts(POD, NODE)).path("allowed").asBoolean()).isTrue();
    }

    private static FactsSource facts(String pod, String node) throws IOException {
        MigrationNode agent = YAML.readValue(AGENT, MigrationNode.class);
        MigrationFacts facts = new MigrationFacts(
                Optional.of(YAML.readValue(pod, Pod.class)),
                Optional.of(YAML.readValue(node, Node.class)),
                Optional.of(agent),
                Optional.of(agent),
                List.of());
        return migration -> facts;
    }

    private static Serving serving(FactsSource facts) throws IOException {
        return Serving.start(
                Serving.OPTIONS,
                Map.of(MigrationAdmission.PATH, new MigrationAdmission(facts, Set.of("kube-system", "lpm-system"))));
    }

    private static JsonNode ask(ObjectNode request, FactsSource facts) throws Exception {
        try (Serving serving = serving(facts)) {
            HttpResponse<String> response = serving.client().post(MigrationAdmission.PATH, request.toString());
            assertThat(response.statusCode()).isEqualTo(200);
            return Reviews.MAPPER.readTree(response.body()).path("response");
        }
    }

    private static ObjectNode request(String namespace) throws IOException {
        return (ObjectNode) YAML.readTree("""
                apiVersion: admission.k8s.io/v1
                kind: AdmissionReview
                request:
                  uid: request-1
                  operation: CREATE
                  namespace: %s
                  resource: {group: lpm.my.domain, version: v1, resource: podmigrations}
                  object:
                    apiVersion: lpm.my.domain/v1
                    kind: PodMigration
                    metadata: {name: move}
                    spec: {podName: counter, targetNode: node-b}
                """.formatted(namespace));
    }
}
