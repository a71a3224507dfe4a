package domain.my.lpm.webhook;

import domain.my.lpm.webhook.admission.Admission;
import domain.my.lpm.webhook.admission.Injection;
import domain.my.lpm.webhook.admission.MigrationAdmission;
import domain.my.lpm.webhook.admission.PodAdmission;
import domain.my.lpm.webhook.certificate.CertificateKeeper;
import domain.my.lpm.webhook.certificate.CertificateStore;
import domain.my.lpm.webhook.certificate.ReloadingKeyManager;
import domain.my.lpm.webhook.certificate.Rotation;
import domain.my.lpm.webhook.certificate.SecretCertificateStore;
import domain.my.lpm.webhook.cluster.ClusterFacts;
import domain.my.lpm.webhook.metrics.Metrics;
import domain.my.lpm.webhook.rewrite.Settings;
import domain.my.lpm.webhook.server.AdmissionServer;
import domain.my.lpm.webhook.server.ServerOptions;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The webhook within a program: what {@code webhook serve} runs, and the way to run the same server in another JVM:
 *
 * <pre>{@code
 * try (Webhook webhook = Webhook.start(Webhook.Parts.onLoopback(client, settings, "lpm-system"), InstantSource.system())) {
 *     int port = webhook.address().getPort(); // HTTPS, for the name localhost
 *     String trusted = webhook.authorities(); // PEM: what a client must trust
 * }
 * }</pre>
 *
 * The paths to send reviews to are {@link Injection#path()} for pods, by what their namespace says, and
 * {@link MigrationAdmission#PATH} for PodMigrations.
 */
public final class Webhook implements AutoCloseable {
    /**
     * What a webhook is made of.
     *
     * @param client of the API server, from which PodMigrations are looked up; not closed by the webhook
     * @param apiTimeout how long all look-ups for one PodMigration may take; shorter than {@code server.requestTimeout()}
     * @param settings by what pods are rewritten
     * @param systemNamespaces the namespaces whose pods are never touched, the webhook's own among them
     * @param server how it serves
     * @param certificates where certificates are kept
     * @param rotation by what certificates are renewed; empty when somebody else renews them
     * @param followers who is told the authorities that clients must trust
     * @param refresh how often to look for new certificates, and whether some are due
     */
    public record Parts(
            KubernetesClient client,
            Duration apiTimeout,
            Settings settings,
            Set<String> systemNamespaces,
            ServerOptions server,
            CertificateStore certificates,
            Optional<Rotation> rotation,
            CertificateKeeper.Followers followers,
            Duration refresh) {
        /**
         * @throws IllegalArgumentException when {@code apiTimeout} is not shorter than a request may take
         */
        public Parts {
            systemNamespaces = Set.copyOf(systemNamespaces);
            if (apiTimeout.compareTo(server.requestTimeout()) >= 0) {
                throw new IllegalArgumentException(
                        "look-ups may take %s and a request %s; shorten the option --api-timeout or lengthen --request-timeout"
                                .formatted(apiTimeout, server.requestTimeout()));
            }
        }

        /**
         * A webhook beside its only client: on a free port of the loopback interface, with an authority of its own in the Secret
         * {@code lpm-webhook-certificates} of {@code namespace}.
         *
         * @param namespace the webhook's own, which with kube-system is never touched
         */
        public static Parts onLoopback(KubernetesClient client, Settings settings, String namespace) {
            return new Parts(
                    client,
                    Duration.ofSeconds(5),
                    settings,
                    Set.of("kube-system", namespace),
                    new ServerOptions(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            4,
                            8 * 1024 * 1024,
                            Duration.ofSeconds(10),
                            Duration.ZERO,
                            Duration.ofSeconds(10)),
                    new SecretCertificateStore(client, namespace, "lpm-webhook-certificates"),
                    Optional.of(new Rotation(
                            Set.of("localhost"), Duration.ofDays(90), Duration.ofDays(365), Duration.ofHours(1))),
                    nobody -> {},
                    Duration.ofSeconds(10));
        }
    }

    private final AdmissionServer server;
    private final CertificateKeeper keeper;
    private final ClusterFacts facts;
    private final Metrics metrics;

    private Webhook(AdmissionServer server, CertificateKeeper keeper, ClusterFacts facts, Metrics metrics) {
        this.server = server;
        this.keeper = keeper;
        this.facts = facts;
        this.metrics = metrics;
    }

    /**
     * Starts a webhook; it serves when this returns.
     *
     * @throws IOException when there are no certificates, the followers cannot be told, or it cannot listen
     * @throws IllegalArgumentException when the settings are those of a standby
     */
    public static Webhook start(Parts parts, InstantSource clock) throws IOException {
        Metrics metrics = new Metrics();
        ClusterFacts facts = new ClusterFacts(parts.client(), parts.apiTimeout());
        ReloadingKeyManager keys = new ReloadingKeyManager();
        CertificateKeeper keeper = new CertificateKeeper(
                parts.certificates(),
                parts.rotation(),
                keys,
                credentials -> {
                    metrics.using(credentials);
                    parts.followers().tell(credentials);
                },
                clock);
        try {
            keeper.refresh();
            AdmissionServer server = AdmissionServer.start(
                    parts.server(),
                    keys,
                    admissions(parts, facts, metrics),
                    () -> keys.canServe(clock.instant()),
                    metrics::text);
            keeper.start(parts.refresh());
            return new Webhook(server, keeper, facts, metrics);
        } catch (IOException | RuntimeException failed) {
            keeper.close();
            facts.close();
            metrics.close();
            throw failed;
        }
    }

    private static Map<String, Admission> admissions(Parts parts, ClusterFacts facts, Metrics metrics) {
        Map<String, Admission> admissions = new HashMap<>();
        for (Injection injection : Injection.values()) {
            admissions.put(
                    injection.path(),
                    metrics.measured("Pod", new PodAdmission(parts.settings(), parts.systemNamespaces(), injection)));
        }
        admissions.put(
                MigrationAdmission.PATH,
                metrics.measured("PodMigration", new MigrationAdmission(facts, parts.systemNamespaces())));
        return admissions;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.address();
    }

    /** The authorities that a client must trust now, as PEM; empty where the certificates tell none. */
    public String authorities() {
        return keeper.authorities();
    }

    /** Stops as {@link AdmissionServer#close} says. */
    @Override
    public void close() {
        server.close();
        keeper.close();
        facts.close();
        metrics.close();
    }
}
