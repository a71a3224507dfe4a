package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cel.runtime.CelEvaluationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Calls the webhooks of the configurations in the store, over HTTPS with AdmissionReview v1. A webhook is found by its
 * {@code url} alone, and each is called once, whatever its reinvocationPolicy.
 */
final class Admission {
    private static final Cel CONDITIONS = new Cel("object", "oldObject", "request");
    private static final int DEFAULT_TIMEOUT_SECONDS = 10;

    private final ObjectStore store;
    private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

    Admission(ObjectStore store) {
        this.store = store;
    }

    /**
     * What is asked.
     *
     * @param operation {@code CREATE}, {@code UPDATE} or {@code DELETE}
     * @param subresource empty for the object itself
     */
    record Question(
            ResourceKind kind,
            String namespace,
            String name,
            String subresource,
            String operation,
            boolean dryRun,
            @Nullable ObjectNode object,
            @Nullable ObjectNode old) {
        private Question with(ObjectNode changed) {
            return new Question(kind, namespace, name, subresource, operation, dryRun, changed, old);
        }

        private ObjectNode selected() {
            ObjectNode present = object == null ? old : object;
            if (present == null) {
                throw new IllegalStateException("an admission without an object");
            }
            return present;
        }
    }

    /** Lets the mutating webhooks change the object; returns it as they leave it. */
    ObjectNode mutate(Question question, List<String> warnings) {
        Question asked = question;
        for (JsonNode webhook : webhooks(ResourceKinds.MUTATING)) {
            JsonNode response = call(webhook, asked, warnings);
            if (response != null && response.hasNonNull("patch")) {
                byte[] patch = Base64.getDecoder().decode(response.get("patch").asText());
                asked = asked.with(Patches.json(asked.kind, asked.selected(), patch));
            }
        }
        return asked.selected();
    }

    /** Asks the validating webhooks. */
    void validate(Question question, List<String> warnings) {
        for (JsonNode webhook : webhooks(ResourceKinds.VALIDATING)) {
            call(webhook, question, warnings);
        }
    }

    private List<JsonNode> webhooks(ResourceKind configurations) {
        List<JsonNode> webhooks = new ArrayList<>();
        for (ObjectNode configuration : store.list(configurations, "").objects()) {
            configuration.path("webhooks").forEach(webhooks::add);
        }
        return webhooks;
    }

    /** The response; null when the webhook is not concerned, or failed and may be ignored. */
    private @Nullable JsonNode call(JsonNode webhook, Question question, List<String> warnings) {
        if (!concerns(webhook, question)) {
            return null;
        }
        String name = webhook.path("name").asText();
        JsonNode response;
        try {
            ObjectNode review = review(question);
            if (!conditionsHold(webhook, question, review.get("request"))) {
                return null;
            }
            response = send(webhook, review);
        } catch (IOException | CelEvaluationException failed) {
            if (webhook.path("failurePolicy").asText("Fail").equals("Ignore")) {
                return null;
            }
            throw ApiException.internal("failed calling webhook \"" + name + "\": " + failed.getMessage());
        }
        response.path("warnings").forEach(warning -> warnings.add(warning.asText()));
        if (!response.path("allowed").asBoolean()) {
            JsonNode status = response.path("status");
            throw ApiException.denied(
                    status.path("code").asInt(403),
                    status.path("reason").asText("Forbidden"),
                    "admission webhook \"" + name + "\" denied the request: "
                            + status.path("message").asText("without explanation"));
        }
        return response;
    }

    private boolean concerns(JsonNode webhook, Question question) {
        boolean ruled = false;
        for (JsonNode rule : webhook.path("rules")) {
            String resource =
                    question.kind.plural() + (question.subresource.isEmpty() ? "" : "/" + question.subresource);
            String scope = rule.path("scope").asText("*");
            ruled |= has(rule.path("operations"), question.operation)
                    && has(rule.path("apiGroups"), question.kind.group())
                    && has(rule.path("apiVersions"), question.kind.version())
                    && has(rule.path("resources"), resource)
                    && (scope.equals("*") || scope.equals(question.kind.namespaced() ? "Namespaced" : "Cluster"));
        }
        if (!ruled) {
            return false;
        }
        if (!Selectors.matches(webhook.path("objectSelector"), Json.labels(question.selected()))) {
            return false;
        }
        if (!question.kind.namespaced()) {
            return true;
        }
        Map<String, String> labels = store.get(new ObjectStore.Key(ResourceKinds.NAMESPACE, "", question.namespace))
                .map(namespace -> Json.labels(namespace.object()))
                .orElse(Map.of());
        return Selectors.matches(webhook.path("namespaceSelector"), labels);
    }

    private static boolean has(JsonNode list, String wanted) {
        for (JsonNode entry : list) {
            if (entry.asText().equals("*") || entry.asText().equals(wanted)) {
                return true;
            }
        }
        return false;
    }

    private static boolean conditionsHold(JsonNode webhook, Question question, JsonNode request)
            throws CelEvaluationException {
        for (JsonNode condition : webhook.path("matchConditions")) {
            Map<String, JsonNode> variables = new HashMap<>();
            variables.put("object", question.object == null ? Json.object() : question.object);
            variables.put("oldObject", question.old == null ? Json.object() : question.old);
            variables.put("request", request);
            if (!CONDITIONS.holds(condition.path("expression").asText(), variables)) {
                return false;
            }
        }
        return true;
    }

    private static ObjectNode review(Question question) {
        ObjectNode review = Json.object();
        review.put("apiVersion", "admission.k8s.io/v1").put("kind", "AdmissionReview");
        ObjectNode request = review.putObject("request");
        ResourceKind kind = question.kind;
        request.put("uid", UUID.randomUUID().toString());
        for (String field : List.of("kind", "requestKind")) {
            request.putObject(field)
                    .put("group", kind.group())
                    .put("version", kind.version())
                    .put("kind", kind.kind());
        }
        for (String field : List.of("resource", "requestResource")) {
            request.putObject(field)
                    .put("group", kind.group())
                    .put("version", kind.version())
                    .put("resource", kind.plural());
        }
        if (!question.subresource.isEmpty()) {
            request.put("subResource", question.subresource).put("requestSubResource", question.subresource);
        }
        request.put("name", question.name);
        if (kind.namespaced()) {
            request.put("namespace", question.namespace);
        }
        request.put("operation", question.operation);
        request.putObject("userInfo")
                .put("username", ApiServer.USER)
                .putArray("groups")
                .add("system:masters");
        request.set("object", question.object);
        request.set("oldObject", question.old);
        request.put("dryRun", question.dryRun);
        return review;
    }

    private JsonNode send(JsonNode webhook, ObjectNode review) throws IOException {
        JsonNode where = webhook.path("clientConfig");
        if (!where.hasNonNull("url")) {
            throw new IOException("there are no Services in a sandbox; give its clientConfig a url");
        }
        Duration timeout = Duration.ofSeconds(webhook.path("timeoutSeconds").asInt(DEFAULT_TIMEOUT_SECONDS));
        URI uri = URI.create(where.get("url").asText());
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(timeout)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(review)))
                .build();
        String authorities = where.path("caBundle").asText("");
        HttpClient client = clients.get(authorities);
        if (client == null) {
            client = client(authorities);
            clients.put(authorities, client);
        }
        HttpResponse<byte[]> answer;
        try {
            answer = exchange(client, request);
        } catch (IOException failed) {
            throw new IOException("Post \"" + uri + "\": " + failed, failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("Post \"" + uri + "\": interrupted", interrupted);
        }
        if (answer.statusCode() != 200) {
            throw new IOException("Post \"" + uri + "\": it answered " + answer.statusCode());
        }
        JsonNode response = Json.MAPPER.readTree(answer.body()).path("response");
        if (!response.path("uid").equals(review.at("/request/uid"))) {
            throw new IOException("Post \"" + uri + "\": the answer is no review of this request");
        }
        return response;
    }

    /** Once more if a connection broke that was kept from before: the webhook may have closed it at the same moment. */
    private static HttpResponse<byte[]> exchange(HttpClient client, HttpRequest request)
            throws IOException, InterruptedException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        } catch (HttpTimeoutException | ConnectException | SSLException certain) {
            throw certain;
        } catch (IOException broken) {
            return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        }
    }

    private static HttpClient client(String authorities) throws IOException {
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(5));
        if (authorities.isEmpty()) {
            return builder.build();
        }
        try {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int number = 0;
            for (Certificate authority : CertificateFactory.getInstance("X.509")
                    .generateCertificates(
                            new ByteArrayInputStream(Base64.getDecoder().decode(authorities)))) {
                trusted.setCertificateEntry("authority" + number++, authority);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return builder.sslContext(context).build();
        } catch (GeneralSecurityException | IllegalArgumentException wrong) {
            throw new IOException("its caBundle cannot be used: " + wrong.getMessage(), wrong);
        }
    }
}
