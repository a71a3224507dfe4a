package domain.my.lpm.webhook.certificate;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A Secret with {@code tls.crt}, {@code tls.key}, {@code ca.crt} and {@code ca.key}, for all replicas of a cluster. Of several that
 * write at once one succeeds: a Secret is created once, and replaced only as it was seen.
 */
public final class SecretCertificateStore implements CertificateStore {
    private static final String TYPE = "kubernetes.io/tls";

    private final KubernetesClient client;
    private final String namespace;
    private final String name;

    /**
     * @param client not closed by this
     */
    public SecretCertificateStore(KubernetesClient client, String namespace, String name) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
    }

    @Override
    public Optional<Credentials> load() throws IOException {
        return credentials(secret());
    }

    @Override
    public boolean replace(Optional<Credentials> seen, Credentials made) throws IOException {
        @Nullable Secret stored = secret();
        if (!credentials(stored).equals(seen)) {
            return false;
        }
        try {
            if (stored == null) {
                client.resource(new SecretBuilder()
                                .withNewMetadata()
                                .withNamespace(namespace)
                                .withName(name)
                                .addToLabels("app.kubernetes.io/part-of", "live-pod-migration")
                                .endMetadata()
                                .withType(TYPE)
                                .withData(encoded(made))
                                .build())
                        .create();
            } else {
                // With the resourceVersion that was read, so that the API server refuses it once another has written.
                client.resource(new SecretBuilder(stored)
                                .withData(encoded(made))
                                .build())
                        .update();
            }
            return true;
        } catch (KubernetesClientException failed) {
            if (failed.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                return false;
            }
            throw failure("written", failed);
        }
    }

    private @Nullable Secret secret() throws IOException {
        try {
            return client.secrets().inNamespace(namespace).withName(name).get();
        } catch (KubernetesClientException failed) {
            throw failure("read", failed);
        }
    }

    private IOException failure(String what, KubernetesClientException failed) {
        return new IOException(
                failed.getCode() == HttpURLConnection.HTTP_FORBIDDEN
                        ? "the Secret '%s/%s' may not be %s by the webhook; give its ServiceAccount the Role of docs/webhook.md"
                                .formatted(namespace, name, what)
                        : "the Secret '%s/%s' could not be %s: %s; see whether the API server works"
                                .formatted(namespace, name, what, failed.getMessage()),
                failed);
    }

    private Optional<Credentials> credentials(@Nullable Secret secret) throws IOException {
        if (secret == null || secret.getData() == null) {
            return Optional.empty();
        }
        Map<String, String> texts = new HashMap<>();
        for (Map.Entry<String, String> text : secret.getData().entrySet()) {
            // The API server refuses a Secret whose data are no Base64. An empty text stands for none, so that an empty
            // Secret
            // of the type for TLS can be made for the webhook to fill.
            String decoded = new String(Base64.getDecoder().decode(text.getValue()), StandardCharsets.UTF_8);
            if (!decoded.isEmpty()) {
                texts.put(text.getKey(), decoded);
            }
        }
        return PemFiles.read(texts, entry -> "'%s' of the Secret '%s/%s'".formatted(entry, namespace, name));
    }

    private static Map<String, String> encoded(Credentials credentials) {
        Map<String, String> data = new HashMap<>();
        PemFiles.of(credentials)
                .forEach((name, text) ->
                        data.put(name, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8))));
        return data;
    }
}
