package domain.my.lpm.sandbox.cluster.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpsServer;
import domain.my.lpm.api.Labels;
import domain.my.lpm.sandbox.cluster.Webhook;
import domain.my.lpm.sandbox.cluster.tls.Authority;
import domain.my.lpm.sandbox.cluster.tls.Servers;
import domain.my.lpm.webhook.rewrite.Settings;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static final String MIGRATIONS = "/apis/lpm.my.domain/v1/namespaces/default/podmigrations";

    private final Authority serverAuthority = new Authority();
    private final Authority authority = new Authority();

    @AutoClose
    private final ApiServer server = ApiServer.start(serverAuthority, "secret", InstantSource.system());

    @AutoClose
    private final KubernetesClient client =
            // A client tries a 500 again for half a minute.
            new KubernetesClientBuilder()
                    .withConfig(new ConfigBuilder(server.clientConfig())
                            .withRequestRetryBackoffLimit(0)
                            .build())
                    .build();

    @AutoClose("shutdownNow")
    private final ExecutorService workers = Executors.newCachedThreadPool();

    private final HttpsServer webhook = Servers.create(authority, workers);
    private final Queue<JsonNode> requests = new ConcurrentLinkedQueue<>();
    private Consumer<ObjectNode> decision = response -> {};

    @BeforeEach
    void start() {
        server.load(Path.of("../crds"));
        webhook.createContext("/review", exchange -> {
            JsonNode request = Json.MAPPER.readTree(exchange.getRequestBody()).path("request");
            requests.add(request);
            ObjectNode review = Json.object();
            ObjectNode response = review.put("apiVersion", "admission.k8s.io/v1")
                    .put("kind", "AdmissionReview")
                    .putObject("response")
                    .put("uid", request.path("uid").asText())
                    .put("allowed", true);
            decision.accept(response);
            byte[] body = Json.bytes(review);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        webhook.start();
    }

    @AfterEach
    void stop() {
        webhook.stop(0);
    }

    private void register(String kind, String rule, String further) {
        String plural = kind.equals("Mutating") ? "mutatingwebhookconfigurations" : "validatingwebhookconfigurations";
        client.raw("/apis/admissionregistration.k8s.io/v1/" + plural, "POST", Json.readYaml("""
                        metadata: {name: test}
                        webhooks:
                        - name: test.lpm.my.domain
                          admissionReviewVersions: [v1]
                          sideEffects: None
                          clientConfig: {url: "%s/review", caBundle: %s}
                          rules: [{apiGroups: ["%s"], apiVersions: [v1], operations: [CREATE], resources: [%s]}]
                          %s
                        """.formatted(
                        Servers.uri(webhook),
                        Base64.getEncoder().encodeToString(authority.pem().getBytes(StandardCharsets.UTF_8)),
                        rule.equals("pods") ? "" : "lpm.my.domain",
                        rule,
                        further)
                .getBytes(StandardCharsets.UTF_8)));
    }

    private static Map<String, Object> migration(String name) {
        return Map.of(
                "apiVersion",
                "lpm.my.domain/v1",
                "kind",
                "PodMigration",
                "metadata",
                Map.of("name", name),
                "spec",
                Map.of("podName", "counter"));
    }

    private static Pod pod(String name, Map<String, String> annotations, Map<String, String> labels) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .withAnnotations(annotations)
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("busybox")
                .withCommand("sleep", "1000")
                .endContainer()
                .endSpec()
                .build();
    }

    private static void refused(int code, String message, Runnable act) {
        assertThatThrownBy(act::run)
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        refused -> assertThat(refused.getCode()).isEqualTo(code))
                .hasMessageContaining(message);
    }

    @Test
    void aPatchOfAMutatingWebhookIsAppliedAndItsWarningPassedOn() throws Exception {
        register("Mutating", "pods", "");
        decision = response -> response.put("patchType", "JSONPatch")
                .put(
                        "patch",
                        Base64.getEncoder()
                                .encodeToString(
                                        "[{\"op\": \"add\", \"path\": \"/metadata/labels\", \"value\": {\"a\": \"b\"}}]"
                                                .getBytes(StandardCharsets.UTF_8)))
                .putArray("warnings")
                .add("take \"care\"");
        HttpResponse<String> created = post("/api/v1/namespaces/default/pods", pod("p", Map.of(), Map.of()));
        assertThat(created.headers().allValues("Warning")).containsExactly("299 - \"take \\\"care\\\"\"");
        assertThat(client.pods().withName("p").get().getMetadata().getLabels()).containsEntry("a", "b");
        JsonNode asked = requests.remove();
        assertThat(asked.path("operation").asText()).isEqualTo("CREATE");
        assertThat(asked.at("/resource/resource").asText()).isEqualTo("pods");
        assertThat(asked.path("namespace").asText()).isEqualTo("default");
        assertThat(asked.at("/object/spec/restartPolicy").asText())
                .as("a default")
                .isEqualTo("Always");
    }

    private HttpResponse<String> post(String path, Object body) throws Exception {
        return HttpClient.newBuilder()
                .sslContext(serverAuthority.context(serverAuthority.issue("client")))
                .build()
                .send(
                        HttpRequest.newBuilder(server.uri().resolve(path))
                                .header("Authorization", "Bearer secret")
                                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(body)))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aValidatingWebhookRefusesAndSeesTheDryRun() {
        register("Validating", "podmigrations", "");
        decision = response -> response.put("allowed", false)
                .putObject("status")
                .put("code", 422)
                .put("message", "two blockers");
        refused(
                422,
                "admission webhook \"test.lpm.my.domain\" denied the request: two blockers",
                () -> client.raw(MIGRATIONS, "POST", migration("m")));
        decision = response -> {};
        client.raw(MIGRATIONS + "?dryRun=All", "POST", migration("m"));
        assertThat(requests).hasSize(2);
        requests.remove();
        assertThat(requests.remove().path("dryRun").asBoolean()).isTrue();
        refused(404, "not found", () -> client.raw(MIGRATIONS + "/m", "DELETE", Map.of()));
        client.raw(MIGRATIONS, "POST", migration("m"));
    }

    @Test
    void selectorsAndConditionsSayWhetherAWebhookIsAsked() {
        register("Mutating", "pods", """
                objectSelector: {matchLabels: {asks: "yes"}}
                  namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}
                  matchConditions: [{name: named, expression: "object.metadata.name != 'left'"}]""");
        client.resource(pod("unlabelled", Map.of(), Map.of())).create();
        client.resource(pod("left", Map.of(), Map.of("asks", "yes"))).create();
        client.resource(new PodBuilder(pod("system", Map.of(), Map.of("asks", "yes")))
                        .editMetadata()
                        .withNamespace("kube-system")
                        .endMetadata()
                        .build())
                .create();
        assertThat(requests).isEmpty();
        client.resource(pod("asked", Map.of(), Map.of("asks", "yes"))).create();
        assertThat(requests).hasSize(1);
    }

    @Test
    void aWebhookThatDoesNotAnswerIsIgnoredOnlyIfItsPolicySaysSo() {
        register("Mutating", "pods", "timeoutSeconds: 1");
        webhook.stop(0);
        refused(
                500,
                "failed calling webhook \"test.lpm.my.domain\"",
                () -> client.resource(pod("p", Map.of(), Map.of())).create());
        client.raw("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/test", "DELETE", Map.of());
        register("Mutating", "pods", "failurePolicy: Ignore");
        client.resource(pod("p", Map.of(), Map.of())).create();
    }

    @Test
    void aWebhookOfAnotherAuthorityIsNotTrusted() {
        HttpsServer impostor = Servers.create(new Authority(), workers);
        impostor.start();
        try {
            register("Mutating", "pods", "");
            client.raw("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/test", "DELETE", Map.of());
            client.raw(
                    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
                    "POST",
                    Json.readYaml("""
                            metadata: {name: test}
                            webhooks:
                            - name: test.lpm.my.domain
                              clientConfig: {url: "%s/review", caBundle: %s}
                              rules: [{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [pods]}]
                            """.formatted(
                                    Servers.uri(impostor),
                                    Base64.getEncoder()
                                            .encodeToString(authority.pem().getBytes(StandardCharsets.UTF_8)))
                            .getBytes(StandardCharsets.UTF_8)));
            refused(
                    500,
                    "PKIX path",
                    () -> client.resource(pod("p", Map.of(), Map.of())).create());
        } finally {
            impostor.stop(0);
        }
    }

    @Test
    void ourWebhookPreparesWhoAsksAndIsMissedByThemAlone() {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("shop")
                        .addToLabels(Labels.INJECTION, Labels.INJECTION_ENABLED)
                        .endMetadata()
                        .build())
                .create();
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("lpm-system")
                        .endMetadata()
                        .build())
                .create();
        Map<String, String> asking = Map.of("migration.restore-mode", "self-restore");
        try (Webhook ours = new Webhook(
                client, Settings.builder().toolkitImage("toolkit").build(), "lpm-system", Set.of("kube-system"))) {
            ours.start();
            assertThat(client.resource(pod("asks", asking, Map.of()))
                            .create()
                            .getSpec()
                            .getInitContainers())
                    .hasSize(1);
            assertThat(client.resource(pod("silent", Map.of(), Map.of()))
                            .create()
                            .getSpec()
                            .getInitContainers())
                    .isEmpty();
            assertThat(client.resource(in("shop", pod("enabled", Map.of(), Map.of())))
                            .create()
                            .getSpec()
                            .getInitContainers())
                    .hasSize(1);
        }
        refused(
                500,
                "failed calling webhook \"asking.pods.lpm.my.domain\"",
                () -> client.resource(pod("late", asking, Map.of())).create());
        client.resource(pod("silent-late", Map.of(), Map.of())).create();
        assertThat(client.resource(in("shop", pod("enabled-late", Map.of(), Map.of())))
                        .create()
                        .getSpec()
                        .getInitContainers())
                .isEmpty();
    }

    private static Pod in(String namespace, Pod pod) {
        return new PodBuilder(pod)
                .editMetadata()
                .withNamespace(namespace)
                .endMetadata()
                .build();
    }
}
