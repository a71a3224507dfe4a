package domain.my.lpm.sandbox.cluster;

import domain.my.lpm.webhook.Webhook.Parts;
import domain.my.lpm.webhook.configuration.Callee;
import domain.my.lpm.webhook.configuration.MutatingConfiguration;
import domain.my.lpm.webhook.configuration.ValidatingConfiguration;
import domain.my.lpm.webhook.rewrite.Settings;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfig;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The production webhook at a port on loopback, and its configurations in the API, with URLs in the place of a Service. */
public final class Webhook implements Component {
    private static final String NAME = "live-pod-migration";
    /** As long as it can be: the first request on a busy machine loads all the classes. */
    private static final int TIMEOUT_SECONDS = 30;

    private static final Duration REQUEST = Duration.ofSeconds(10);

    private final KubernetesClient client;
    private final Settings settings;
    private final String namespace;
    private final Set<String> systemNamespaces;
    private domain.my.lpm.webhook.@Nullable Webhook webhook;

    /**
     * @param client is not closed with the webhook
     * @param namespace its own
     * @param systemNamespaces whose pods it leaves alone
     */
    public Webhook(KubernetesClient client, Settings settings, String namespace, Set<String> systemNamespaces) {
        this.client = client;
        this.settings = settings;
        this.namespace = namespace;
        this.systemNamespaces = Set.copyOf(systemNamespaces);
    }

    @Override
    public void start() {
        try {
            webhook = domain.my.lpm.webhook.Webhook.start(
                    Parts.onLoopback(client, settings, namespace), InstantSource.system());
        } catch (IOException error) {
            throw new UncheckedIOException("the webhook cannot start", error);
        }
        int port = webhook.address().getPort();
        Callee callee = new Callee(
                NAME,
                namespace,
                "lpm-webhook",
                port,
                TIMEOUT_SECONDS,
                REQUEST,
                Optional.of(webhook.authorities()),
                Optional.empty());
        MutatingWebhookConfiguration mutating = new MutatingConfiguration(callee, systemNamespaces).generate();
        mutating.getWebhooks().forEach(each -> throughLoopback(each.getClientConfig(), port));
        apply(mutating);
        ValidatingWebhookConfiguration validating = new ValidatingConfiguration(callee).generate();
        validating.getWebhooks().forEach(each -> throughLoopback(each.getClientConfig(), port));
        apply(validating);
    }

    private static void throughLoopback(WebhookClientConfig where, int port) {
        where.setUrl("https://localhost:" + port + where.getService().getPath());
        where.setService(null);
    }

    private void apply(HasMetadata configuration) {
        client.resource(configuration)
                .fieldManager("lpm-webhook")
                .forceConflicts()
                .serverSideApply();
    }

    /** Ends it; its configurations stay, as they do when a real one dies. */
    @Override
    public void close() {
        if (webhook != null) {
            webhook.close();
        }
    }
}
