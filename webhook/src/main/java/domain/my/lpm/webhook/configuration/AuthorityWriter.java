package domain.my.lpm.webhook.configuration;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfig;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the authorities that the API server is to trust into the configurations by which it calls the webhook. */
public final class AuthorityWriter {
    private static final Logger LOG = LoggerFactory.getLogger(AuthorityWriter.class);

    private final KubernetesClient client;
    private final String name;

    /**
     * @param client not closed by this
     * @param name of both configurations
     */
    public AuthorityWriter(KubernetesClient client, String name) {
        this.client = client;
        this.name = name;
    }

    /**
     * Makes both configurations trust {@code authorities} and nobody else. One that does not exist is passed over: nobody calls the
     * webhook by it. To be called again and again, since a configuration may be made, or made anew, at any time.
     *
     * @param authorities as PEM
     * @throws IOException when one cannot be read or written, naming it, the reason and the remedy
     */
    public void write(String authorities) throws IOException {
        String bundle = Callee.bundle(authorities);
        write(
                MutatingWebhookConfiguration.class,
                configuration -> configuration.getWebhooks().stream()
                        .map(MutatingWebhook::getClientConfig)
                        .toList(),
                bundle);
        write(
                ValidatingWebhookConfiguration.class,
                configuration -> configuration.getWebhooks().stream()
                        .map(ValidatingWebhook::getClientConfig)
                        .toList(),
                bundle);
    }

    private <T extends HasMetadata> void write(
            Class<T> kind, Function<T, List<WebhookClientConfig>> callees, String bundle) throws IOException {
        try {
            T configuration = client.resources(kind).withName(name).get();
            if (configuration == null) {
                return;
            }
            List<WebhookClientConfig> stale = callees.apply(configuration).stream()
                    .filter(callee -> !bundle.equals(callee.getCaBundle()))
                    .toList();
            if (stale.isEmpty()) {
                return;
            }
            stale.forEach(callee -> callee.setCaBundle(bundle));
            // With the resourceVersion that was read, so that what somebody else changed meanwhile is not undone.
            client.resource(configuration).update();
            LOG.info("Told the API server by the {} '{}' whom to trust", kind.getSimpleName(), name);
        } catch (KubernetesClientException failed) {
            if (failed.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                // Another replica was first, or somebody else; the next call looks again.
                return;
            }
            throw new IOException(
                    failed.getCode() == HttpURLConnection.HTTP_FORBIDDEN
                            ? "the webhook may not write its authorities into the %s '%s'; give its ServiceAccount the ClusterRole of docs/webhook.md"
                                    .formatted(kind.getSimpleName(), name)
                            : "the authorities could not be written into the %s '%s': %s; see whether the API server works"
                                    .formatted(kind.getSimpleName(), name, failed.getMessage()),
                    failed);
        }
    }
}
