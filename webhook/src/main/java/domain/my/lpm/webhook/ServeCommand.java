package domain.my.lpm.webhook;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.webhook.admission.Admission;
import domain.my.lpm.webhook.admission.Injection;
import domain.my.lpm.webhook.admission.PodAdmission;
import domain.my.lpm.webhook.certificate.CertificateKeeper;
import domain.my.lpm.webhook.certificate.DirectoryCertificateStore;
import domain.my.lpm.webhook.certificate.ReloadingKeyManager;
import domain.my.lpm.webhook.certificate.Rotation;
import domain.my.lpm.webhook.rewrite.Settings;
import domain.my.lpm.webhook.server.AdmissionServer;
import domain.my.lpm.webhook.server.ServerOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
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
    /** Who renews the certificates. */
    enum Certificates {
        /** We do, with an authority of our own. */
        BUILT_IN("built-in"),
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
            defaultValue = "built-in",
            description = "Who renews the certificates: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
    Certificates certificates = Certificates.BUILT_IN;

    @Option(
            names = "--certificate-directory",
            paramLabel = "DIRECTORY",
            defaultValue = "/var/lib/lpm-webhook/certificates",
            description = "tls.crt, tls.key, ca.crt and, built in, ca.key. Default: ${DEFAULT-VALUE}")
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
        AutoCloseable serving = start(InstantSource.system()).stop();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(serving), "stop"));
        new CountDownLatch(1).await();
        return 0;
    }

    /**
     * What was started.
     *
     * @param server the server
     * @param stop stops all of it
     */
    record Started(AdmissionServer server, AutoCloseable stop) {}

    Started start(InstantSource clock) throws IOException {
        Settings rewriting = readSettings();
        Set<String> names = dnsNames.isEmpty() ? Set.of(where.service + "." + where.namespace + ".svc") : dnsNames;
        Optional<Rotation> rotation = switch (certificates) {
            case BUILT_IN -> Optional.of(new Rotation(names, servingValidity, authorityValidity, authorityOverlap));
            case MOUNTED -> Optional.empty();
        };
        ReloadingKeyManager keys = new ReloadingKeyManager();
        CertificateKeeper keeper = new CertificateKeeper(
                new DirectoryCertificateStore(certificateDirectory), rotation, keys, trusted -> {}, clock);
        keeper.refresh();
        Map<String, Admission> admissions = new HashMap<>();
        for (Injection injection : Injection.values()) {
            admissions.put(injection.path(), new PodAdmission(rewriting, where.untouched(), injection));
        }
        AdmissionServer server = AdmissionServer.start(
                new ServerOptions(
                        new InetSocketAddress(address, port),
                        threads,
                        bodyLimit,
                        where.requestTimeout,
                        drain,
                        stopTimeout),
                keys,
                admissions,
                () -> keys.canServe(clock.instant()));
        keeper.start(refresh);
        return new Started(server, () -> {
            server.close();
            keeper.close();
        });
    }

    private Settings readSettings() throws IOException {
        try {
            return new YAMLMapper().readValue(settings.toFile(), Settings.class);
        } catch (JacksonException wrong) {
            throw new IOException(
                    "the settings in %s cannot be used: %s".formatted(settings, wrong.getOriginalMessage()), wrong);
        }
    }

    private static void close(AutoCloseable serving) {
        try {
            serving.close();
        } catch (Exception failed) {
            throw new IllegalStateException("the webhook did not stop in order: " + failed.getMessage(), failed);
        }
    }
}
