package domain.my.lpm.sandbox.cluster;

import domain.my.lpm.webhook.admission.Admission;
import domain.my.lpm.webhook.admission.Injection;
import domain.my.lpm.webhook.admission.PodAdmission;
import domain.my.lpm.webhook.certificate.CertificateKeeper;
import domain.my.lpm.webhook.certificate.CertificateStore;
import domain.my.lpm.webhook.certificate.DirectoryCertificateStore;
import domain.my.lpm.webhook.certificate.ReloadingKeyManager;
import domain.my.lpm.webhook.certificate.Rotation;
import domain.my.lpm.webhook.configuration.MutatingConfiguration;
import domain.my.lpm.webhook.rewrite.Settings;
import domain.my.lpm.webhook.server.AdmissionServer;
import domain.my.lpm.webhook.server.ServerOptions;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The production webhook at a port on loopback, and its configuration in the API, with a URL in the place of a Service. */
public final class Webhook implements Component {
    private static final String NAME = "live-pod-migration";
    private static final Duration REQUEST = Duration.ofSeconds(5);
    private static final int TIMEOUT_SECONDS = 10;
    private static final int THREADS = 4;
    private static final int BODY_LIMIT = 8 << 20;

    private final KubernetesClient client;
    private final Settings settings;
    private final Path certificates;
    private final Set<String> systemNamespaces;
    private final ReloadingKeyManager keys = new ReloadingKeyManager();
    private @Nullable AdmissionServer server;
    private @Nullable CertificateKeeper keeper;

    /**
     * @param client is not closed with the webhook
     * @param certificates a directory of its own
     * @param systemNamespaces whose pods it leaves alone
     */
    public Webhook(KubernetesClient client, Settings settings, Path certificates, Set<String> systemNamespaces) {
        this.client = client;
        this.settings = settings;
        this.certificates = certificates;
        this.systemNamespaces = systemNamespaces;
    }

    @Override
    public void start() {
        Map<String, Admission> admissions = new HashMap<>();
        for (Injection injection : Injection.values()) {
            admissions.put(injection.path(), new PodAdmission(settings, systemNamespaces, injection));
        }
        Clock clock = Clock.systemUTC();
        try {
            AdmissionServer started = AdmissionServer.start(
                    new ServerOptions(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            THREADS,
                            BODY_LIMIT,
                            REQUEST,
                            Duration.ZERO,
                            Duration.ofSeconds(1)),
                    keys,
                    admissions,
                    () -> keys.canServe(clock.instant()));
            server = started;
            CertificateStore store = new DirectoryCertificateStore(certificates);
            keeper = new CertificateKeeper(
                    store,
                    Optional.of(new Rotation(
                            Set.of("localhost"), Duration.ofDays(90), Duration.ofDays(365), Duration.ofHours(1))),
                    keys,
                    trusted -> register(started.address().getPort(), store),
                    clock);
            keeper.refresh();
        } catch (IOException error) {
            throw new UncheckedIOException("the webhook cannot start", error);
        }
    }

    private void register(int port, CertificateStore store) {
        String authorities;
        try {
            authorities = store.load().orElseThrow().trustedAsPem();
        } catch (IOException error) {
            throw new UncheckedIOException("the webhook's certificates cannot be read", error);
        }
        MutatingWebhookConfiguration configuration = new MutatingConfiguration(
                        NAME,
                        "lpm-system",
                        "lpm-webhook",
                        port,
                        systemNamespaces,
                        TIMEOUT_SECONDS,
                        REQUEST,
                        Optional.of(authorities),
                        Optional.empty())
                .generate();
        configuration.getWebhooks().forEach(webhook -> {
            var where = webhook.getClientConfig();
            where.setUrl("https://localhost:" + port + where.getService().getPath());
            where.setService(null);
        });
        client.resource(configuration)
                .fieldManager("lpm-webhook")
                .forceConflicts()
                .serverSideApply();
    }

    /** Ends it; its configuration stays, as it does when a real one dies. */
    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
        if (keeper != null) {
            keeper.close();
        }
    }
}
