package domain.my.lpm.webhook.configuration;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfig;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfigBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * Where the API server calls the webhook, and whom it trusts there.
 *
 * @param name of both configurations
 * @param namespace of the webhook's Service
 * @param service the name of the Service
 * @param port of the Service
 * @param timeoutSeconds how long the API server waits, 1 to 30
 * @param requestTimeout how long the webhook takes at most, shorter than that
 * @param authorities whom the API server trusts, as PEM; empty when somebody else fills it in
 * @param certificate the cert-manager Certificate, in {@code namespace}, from which cert-manager fills in the authorities
 */
public record Callee(
        String name,
        String namespace,
        String service,
        int port,
        int timeoutSeconds,
        Duration requestTimeout,
        Optional<String> authorities,
        Optional<String> certificate) {
    /**
     * @throws IllegalArgumentException when {@code timeoutSeconds} is out of its range or too short
     */
    public Callee {
        if (timeoutSeconds < 1 || timeoutSeconds > 30) {
            throw new IllegalArgumentException(
                    "the timeout of the webhook is %d seconds; allowed are 1 to 30".formatted(timeoutSeconds));
        }
        if (Duration.ofSeconds(timeoutSeconds).compareTo(requestTimeout) <= 0) {
            throw new IllegalArgumentException(
                    "the API server waits %d seconds and a request may take %s; lengthen the first or shorten the second"
                            .formatted(timeoutSeconds, requestTimeout));
        }
    }

    ObjectMeta metadata() {
        return new ObjectMetaBuilder()
                .withName(name)
                .withLabels(Map.of("app.kubernetes.io/part-of", "live-pod-migration"))
                .withAnnotations(certificate
                        .map(of -> Map.of("cert-manager.io/inject-ca-from", namespace + "/" + of))
                        .orElse(Map.of()))
                .build();
    }

    WebhookClientConfig at(String path) {
        return new WebhookClientConfigBuilder()
                .withCaBundle(authorities.map(Callee::bundle).orElse(null))
                .withNewService()
                .withNamespace(namespace)
                .withName(service)
                .withPort(port)
                .withPath(path)
                .endService()
                .build();
    }

    /** PEM as a {@code caBundle} holds it. */
    static String bundle(String pem) {
        return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8));
    }
}
