package domain.my.lpm.controller.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import domain.my.lpm.api.SchedulingGates;
import domain.my.lpm.apiserver.RealApiServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A webhook of a real API server that prepares pods in one respect: it takes their gate away. */
final class GateWebhook {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<RealApiServer, GateWebhook> RUNNING = new LinkedHashMap<>();

    private volatile boolean prepares = true;

    private GateWebhook() {}

    /** The one of this server; it goes on until the process ends. */
    static GateWebhook of(RealApiServer server) {
        synchronized (RUNNING) {
            return RUNNING.computeIfAbsent(server, GateWebhook::start);
        }
    }

    /** Whether pods are prepared from now on. */
    void prepare(boolean prepare) {
        prepares = prepare;
    }

    private static GateWebhook start(RealApiServer server) {
        GateWebhook webhook = new GateWebhook();
        Authority authority = new Authority("webhook");
        try {
            HttpsServer https = HttpsServer.create(new InetSocketAddress(InetAddress.getByName("localhost"), 0), 0);
            https.setHttpsConfigurator(new HttpsConfigurator(identity(authority.issue("localhost"))));
            https.setExecutor(Executors.newCachedThreadPool(task -> {
                Thread thread = new Thread(task, "webhook");
                thread.setDaemon(true);
                return thread;
            }));
            https.createContext("/", webhook::answer);
            https.start();
            JsonNode configuration = JSON.readTree("""
                    {"metadata": {"name": "gates"}, "webhooks": [{"name": "gates.example.com", "sideEffects": "None",
                    "admissionReviewVersions": ["v1"],
                    "clientConfig": {"url": "https://localhost:%d/", "caBundle": "%s"},
                    "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]}]}
                    """.formatted(
                    https.getAddress().getPort(),
                    Base64.getEncoder().encodeToString(authority.certificate().getBytes(StandardCharsets.UTF_8))));
            RealApiServer.Answer made = server.call(
                    "POST", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", configuration);
            if (!made.isGood()) {
                throw new IllegalStateException(made.body().toString());
            }
            // It is known a little later.
            JsonNode gated = JSON.readTree("""
                    {"metadata": {"name": "gated"}, "spec": {"schedulingGates": [{"name": "%s"}],
                    "containers": [{"name": "app", "image": "app"}]}}
                    """.formatted(SchedulingGates.UNPREPARED));
            server.await(() -> {
                RealApiServer.Answer tried = server.call("POST", "/api/v1/namespaces/default/pods?dryRun=All", gated);
                return tried.isGood()
                        && tried.body().at("/spec/schedulingGates").isEmpty();
            });
            return webhook;
        } catch (IOException | GeneralSecurityException failed) {
            throw new IllegalStateException("the webhook could not be started", failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            JsonNode request = JSON.readTree(exchange.getRequestBody()).path("request");
            ArrayNode patch = JSON.createArrayNode();
            ArrayNode kept = JSON.createArrayNode();
            JsonNode gates = request.at("/object/spec/schedulingGates");
            gates.forEach(gate -> {
                if (!gate.path("name").asText().equals(SchedulingGates.UNPREPARED)) {
                    kept.add(gate);
                }
            });
            if (prepares && kept.size() < gates.size()) {
                patch.addObject()
                        .put("op", "replace")
                        .put("path", "/spec/schedulingGates")
                        .set("value", kept);
            }
            ObjectNode review = JSON.createObjectNode();
            review.put("apiVersion", "admission.k8s.io/v1").put("kind", "AdmissionReview");
            ObjectNode response = review.putObject("response").put("allowed", true);
            response.set("uid", request.path("uid"));
            response.put("patchType", "JSONPatch")
                    .put("patch", Base64.getEncoder().encodeToString(JSON.writeValueAsBytes(patch)));
            byte[] body = JSON.writeValueAsBytes(review);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static SSLContext identity(Authority.Issued issued) throws IOException, GeneralSecurityException {
        Certificate certificate = CertificateFactory.getInstance("X.509")
                .generateCertificate(
                        new ByteArrayInputStream(issued.certificate().getBytes(StandardCharsets.US_ASCII)));
        byte[] key = Base64.getMimeDecoder().decode(issued.key().replaceAll("-----[A-Z ]+-----", ""));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "webhook",
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)),
                new char[0],
                new Certificate[] {certificate});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
