package domain.my.lpm.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.webhook.admission.Injection;
import domain.my.lpm.webhook.admission.MigrationAdmission;
import domain.my.lpm.webhook.certificate.SecretCertificateStore;
import domain.my.lpm.webhook.rewrite.Settings;
import domain.my.lpm.webhook.server.Client;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The webhook within another program. */
@EnableKubernetesMockClient(crud = true)
class WebhookTest {
    private static final Settings SETTINGS =
            Settings.builder().toolkitImage("registry.example/toolkit:1").build();

    @SuppressWarnings("NullAway.Init")
    KubernetesClient client;

    @Test
    void servesReviewsOfBothKindsAndCountsThem() throws Exception {
        Webhook.Parts parts = Webhook.Parts.onLoopback(client, SETTINGS, "lpm-system");
        try (Webhook webhook = Webhook.start(parts, InstantSource.system())) {
            assertThat(webhook.address().getAddress().isLoopbackAddress()).isTrue();
            Client caller =
                    new Client(webhook.address(), () -> certificates(webhook.authorities()), InstantSource.system());

            HttpResponse<String> pod = caller.post(Injection.ENABLED.path(), """
                    {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                     "request": {"uid": "a", "operation": "CREATE", "namespace": "shop",
                      "resource": {"group": "", "version": "v1", "resource": "pods"},
                      "object": {"metadata": {"name": "app"}, "spec": {"containers": [{"name": "app", "command": ["/app"]}]}}}}""");
            assertThat(new ObjectMapper()
                            .readTree(pod.body())
                            .at("/response/patchType")
                            .asText())
                    .isEqualTo("JSONPatch");
            HttpResponse<String> migration = caller.post(MigrationAdmission.PATH, """
                    {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                     "request": {"uid": "b", "operation": "CREATE", "namespace": "shop",
                      "resource": {"group": "lpm.my.domain", "version": "v1", "resource": "podmigrations"},
                      "object": {"metadata": {"name": "move"}, "spec": {"podName": "app"}}}}""");
            assertThat(new ObjectMapper()
                            .readTree(migration.body())
                            .at("/response/status/message")
                            .asText())
                    .isEqualTo(
                            "PodMigration 'move' cannot begin: there is no pod 'app' in namespace 'shop', so that nothing can be moved;"
                                    + " name a pod that runs");
            assertThat(caller.post(MigrationAdmission.PATH, """
                    {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                     "request": {"uid": "c", "operation": "CREATE",
                      "resource": {"group": "lpm.my.domain", "version": "v1", "resource": "podmigrations"}}}""").statusCode()).isEqualTo(400);

            HttpResponse<String> metrics = caller.get("/metrics");
            assertThat(metrics.headers().firstValue("Content-Type"))
                    .contains("text/plain; version=0.0.4; charset=utf-8");
            Instant end = new SecretCertificateStore(client, "lpm-system", "lpm-webhook-certificates")
                    .load()
                    .orElseThrow()
                    .serving()
                    .certificate()
                    .getNotAfter()
                    .toInstant();
            assertThat(metrics.body().lines())
                    .contains(
                            "lpm_webhook_review_seconds_count{decision=\"inject\",kind=\"Pod\"} 1",
                            "lpm_webhook_review_seconds_count{decision=\"refused\",kind=\"PodMigration\"} 1",
                            "lpm_webhook_review_seconds_count{decision=\"bad-request\",kind=\"PodMigration\"} 1",
                            "lpm_webhook_review_seconds_bucket{decision=\"inject\",kind=\"Pod\",le=\"+Inf\"} 1")
                    .anyMatch(line -> line.startsWith("lpm_webhook_authority_expiry_seconds "))
                    .anyMatch(line -> line.startsWith("lpm_webhook_certificate_expiry_seconds ")
                            && Double.parseDouble(line.split(" ")[1]) == end.getEpochSecond());
        }
    }

    @Test
    void replicasShareTheCertificatesOfTheSecret() throws Exception {
        Webhook.Parts parts = Webhook.Parts.onLoopback(client, SETTINGS, "lpm-system");
        try (Webhook one = Webhook.start(parts, InstantSource.system());
                Webhook other = Webhook.start(parts, InstantSource.system())) {
            assertThat(other.authorities()).isEqualTo(one.authorities()).startsWith("-----BEGIN CERTIFICATE-----");
        }
    }

    @Test
    void refusesToLookUpLongerThanARequestMayTake() {
        Webhook.Parts parts = Webhook.Parts.onLoopback(client, SETTINGS, "lpm-system");

        assertThatThrownBy(() -> new Webhook.Parts(
                        client,
                        Duration.ofSeconds(10),
                        SETTINGS,
                        parts.systemNamespaces(),
                        parts.server(),
                        parts.certificates(),
                        parts.rotation(),
                        parts.followers(),
                        parts.refresh()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "look-ups may take PT10S and a request PT10S; shorten the option --api-timeout or lengthen --request-timeout");
    }

    private static List<X509Certificate> certificates(String pem) {
        try {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
                    .stream()
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (CertificateException damaged) {
            throw new IllegalStateException(damaged);
        }
    }
}
