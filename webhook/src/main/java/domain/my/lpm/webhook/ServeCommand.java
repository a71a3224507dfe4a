package domain.my.lpm.webhook;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.webhook.certificate.DirectoryCertificateStore;
import domain.my.lpm.webhook.certificate.Rotation;
import domain.my.lpm.webhook.certificate.SecretCertificateStore;
import domain.my.lpm.webhook.configuration.AuthorityWriter;
import domain.my.lpm.webhook.rewrite.Settings;
import domain.my.lpm.webhook.server.ServerOptions;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves until it is told to stop by SIGTERM. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = "Serves admission reviews until SIGTERM. Durations are written as in PT5S, P90D (ISO 8601).")
final class ServeCommand implements Callable<Integer> {
    private static final Duration CERTIFICATE_TIMEOUT = Duration.ofSeconds(20);
    private static final int CERTIFICATE_ATTEMPTS = 5;

    /** Who renews the certificates, and where they are. */
    enum Certificates {
        /** We do, with an authority of our own, in a Secret that all replicas share. */
        SECRET("secret"),
        /** We do, with an authority of our own, in a directory. */
        DIRECTORY("directory"),
        /** Somebody else, cert-manager for one; they are only read. */
        MOUNTED("mounted");

        private final String word;

        Certificates(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    @Mixin
    ServiceOptions where = new ServiceOptions();

    @Option(
            names = "--settings",
            required = true,
            paramLabel = "FILE",
            description = "By what pods are rewritten, as YAML; toolkitImage must stand there.")
    Path settings = Path.of("");

    @Option(
            names = "--bind-address",
            paramLabel = "ADDRESS",
            defaultValue = "0.0.0.0",
            description = "Where to listen. Default: ${DEFAULT-VALUE}")
    String address = "";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8443",
            description = "The port to listen on. Default: ${DEFAULT-VALUE}")
    int port;

    @Option(
            names = "--threads",
            paramLabel = "COUNT",
            defaultValue = "16",
            description = "How many requests are worked on at once. Default: ${DEFAULT-VALUE}")
    int threads;

    @Option(
            names = "--body-limit",
            paramLabel = "BYTES",
            defaultValue = "8388608",
            description = "The largest request. Default: ${DEFAULT-VALUE}")
    int bodyLimit;

    @Option(
            names = "--drain",
            paramLabel = "DURATION",
            defaultValue = "PT5S",
            description = "How long to serve on after SIGTERM, not ready, until the Service sends no more requests."
                    + " Default: ${DEFAULT-VALUE}")
    Duration drain = Duration.ZERO;

    @Option(
            names = "--stop-timeout",
            paramLabel = "DURATION",
            defaultValue = "PT10S",
            description = "How long requests may take that run at the end of the drain. Default: ${DEFAULT-VALUE}")
    Duration stopTimeout = Duration.ZERO;

    @Option(
            names = "--certificates",
            paramLabel = "WHO",
            defaultValue = "secret",
            description =
                    "Where certificates are, one of ${COMPLETION-CANDIDATES}; those that are mounted are only read, the others"
                            + " built in: issued and renewed by the webhook. Default: ${DEFAULT-VALUE}")
    Certificates certificates = Certificates.SECRET;

    @Option(
            names = "--certificate-secret",
            paramLabel = "NAME",
            defaultValue = "lpm-webhook-certificates",
            description = "The Secret, in the webhook's namespace. Default: ${DEFAULT-VALUE}")
    String certificateSecret = "";

    @Option(
            names = "--configuration",
            paramLabel = "NAME",
            defaultValue = "live-pod-migration",
            description =
                    "Built in: the MutatingWebhookConfiguration and ValidatingWebhookConfiguration whose caBundle is kept up to"
                            + " date; empty: none. Default: ${DEFAULT-VALUE}")
    String configuration = "";

    @Option(
            names = "--api-timeout",
            paramLabel = "DURATION",
            defaultValue = "PT3S",
            description =
                    "How long all that is looked up for one PodMigration may take; shorter than --request-timeout. Default:"
                            + " ${DEFAULT-VALUE}")
    Duration apiTimeout = Duration.ZERO;

    @Option(
            names = "--certificate-directory",
            paramLabel = "DIRECTORY",
            defaultValue = "/var/lib/lpm-webhook/certificates",
            description = "The directory: tls.crt, tls.key, ca.crt and, built in, ca.key. Default: ${DEFAULT-VALUE}")
    Path certificateDirectory = Path.of("");

    @Option(
            names = "--certificate-refresh",
            paramLabel = "DURATION",
            defaultValue = "PT10S",
            description = "How often to look for new certificates, and whether some are due. Default: ${DEFAULT-VALUE}")
    Duration refresh = Duration.ZERO;

    @Option(
            names = "--dns-names",
            split = ",",
            paramLabel = "NAME",
            description = "Built in: what certificates are issued for. Default: SERVICE.NAMESPACE.svc")
    Set<String> dnsNames = new TreeSet<>();

    @Option(
            names = "--serving-validity",
            paramLabel = "DURATION",
            defaultValue = "P90D",
            description = "Built in: of the server's certificate; renewed after two thirds. Default: ${DEFAULT-VALUE}")
    Duration servingValidity = Duration.ZERO;

    @Option(
            names = "--authority-validity",
            paramLabel = "DURATION",
            defaultValue = "P365D",
            description = "Built in: of the authority's certificate. Default: ${DEFAULT-VALUE}")
    Duration authorityValidity = Duration.ZERO;

    @Option(
            names = "--authority-overlap",
            paramLabel = "DURATION",
            defaultValue = "PT1H",
            description =
                    "Built in: how long a new authority is trusted before it signs; longer than it takes until the API"
                            + " server has it in the caBundle. Default: ${DEFAULT-VALUE}")
    Duration authorityOverlap = Duration.ZERO;

    @Override
    public Integer call() throws IOException, InterruptedException {
        // The API server's client keeps connections for 90 s; if it closes them, none breaks off under a request.
        System.getProperties().putIfAbsent("sun.net.httpserver.idleInterval", "120");
        // Otherwise the end of an answer waits for the acknowledgement of its beginning.
        System.getProperties().putIfAbsent("sun.net.httpserver.nodelay", "true");
        // Nobody waits for its certificates: on a busy node an answer may take long, and a start that failed would take
        // longer.
        Webhook webhook =
                start(client(apiTimeout, 0), client(CERTIFICATE_TIMEOUT, CERTIFICATE_ATTEMPTS), InstantSource.system());
        Runtime.getRuntime().addShutdownHook(new Thread(webhook::close, "stop"));
        new CountDownLatch(1).await();
        return 0;
    }

    /** For the cluster that the program runs in, or the one of the kubeconfig; it connects when it is asked. */
    private static KubernetesClient client(Duration timeout, int retries) {
        int millis = Math.toIntExact(timeout.toMillis());
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(Config.autoConfigure(null))
                        .withRequestTimeout(millis)
                        .withConnectionTimeout(millis)
                        .withRequestRetryBackoffLimit(retries)
                        .build())
                .build();
    }

    Webhook start(KubernetesClient client, InstantSource clock) throws IOException {
        return start(client, client, clock);
    }

    /**
     * Starts it.
     *
     * @param client answers requests, in their time
     * @param patient keeps the certificates
     */
    private Webhook start(KubernetesClient client, KubernetesClient patient, InstantSource clock) throws IOException {
        Set<String> names = dnsNames.isEmpty() ? Set.of(where.service + "." + where.namespace + ".svc") : dnsNames;
        boolean ours = certificates != Certificates.MOUNTED;
        AuthorityWriter writer = new AuthorityWriter(patient, configuration);
        return Webhook.start(
                new Webhook.Parts(
                        client,
                        apiTimeout,
                        readSettings(),
                        where.untouched(),
                        new ServerOptions(
                                new InetSocketAddress(address, port),
                                threads,
                                bodyLimit,
                                where.requestTimeout,
                                drain,
                                stopTimeout),
                        switch (certificates) {
                            case SECRET -> new SecretCertificateStore(patient, where.namespace, certificateSecret);
                            case DIRECTORY, MOUNTED -> new DirectoryCertificateStore(certificateDirectory);
                        },
                        ours
                                ? Optional.of(new Rotation(names, servingValidity, authorityValidity, authorityOverlap))
                                : Optional.empty(),
                        ours && !configuration.isEmpty()
                                ? credentials -> writer.write(credentials.trustedAsPem())
                                : nobody -> {},
                        refresh),
                clock);
    }

    private Settings readSettings() throws IOException {
        try {
            return new YAMLMapper().readValue(settings.toFile(), Settings.class);
        } catch (JacksonException wrong) {
            throw new IOException(
                    "the settings in %s cannot be used: %s".formatted(settings, wrong.getOriginalMessage()), wrong);
        }
    }
}
