package domain.my.lpm.webhook.metrics;

import domain.my.lpm.webhook.admission.Admission;
import domain.my.lpm.webhook.admission.BadRequestException;
import domain.my.lpm.webhook.certificate.Credentials;
import io.fabric8.kubernetes.api.model.admission.v1.AdmissionResponse;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The webhook's metrics:
 *
 * <ul>
 *   <li>{@code lpm_webhook_review_seconds}: a histogram of how long decisions took, by {@code kind} of the object and {@code decision},
 *       the word that stands in the audit log, {@code bad-request} or {@code error}.
 *   <li>{@code lpm_webhook_certificate_expiry_seconds}: until when the server's certificate is valid, in seconds since 1970; 0: there is
 *       none.
 *   <li>{@code lpm_webhook_authority_expiry_seconds}: the same of the newest authority that the API server is to trust.
 * </ul>
 */
public final class Metrics implements AutoCloseable {
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10)
    };

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final AtomicLong certificateExpiry = new AtomicLong();
    private final AtomicLong authorityExpiry = new AtomicLong();

    /** Begins to count. */
    public Metrics() {
        expiry("lpm.webhook.certificate.expiry", "Until when the server's certificate is valid", certificateExpiry);
        expiry("lpm.webhook.authority.expiry", "Until when the newest trusted authority is valid", authorityExpiry);
    }

    private void expiry(String name, String what, AtomicLong seconds) {
        Gauge.builder(name, seconds, AtomicLong::get)
                .description(what + ", in seconds since 1970; 0: there is none")
                .baseUnit("seconds")
                .register(registry);
    }

    /** Decides as {@code admission} does, and measures it as a review of {@code kind}. */
    public Admission measured(String kind, Admission admission) {
        return request -> {
            String decision = "error";
            Timer.Sample started = Timer.start(registry);
            try {
                AdmissionResponse response = admission.decide(request);
                decision = word(response);
                return response;
            } catch (BadRequestException bad) {
                decision = "bad-request";
                throw bad;
            } finally {
                started.stop(timer(registry, kind, decision));
            }
        };
    }

    private static String word(AdmissionResponse response) {
        Map<String, String> audited = response.getAuditAnnotations();
        return audited == null ? "none" : audited.getOrDefault("decision", "none");
    }

    private static Timer timer(MeterRegistry registry, String kind, String decision) {
        return Timer.builder("lpm.webhook.review")
                .description("How long decisions took")
                .tag("kind", kind)
                .tag("decision", decision)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    /** Takes note of the certificates in use. */
    public void using(Credentials credentials) {
        certificateExpiry.set(end(credentials.serving().certificate()));
        authorityExpiry.set(credentials.trusted().stream()
                .map(Metrics::end)
                .max(Comparator.naturalOrder())
                .orElse(0L));
    }

    private static long end(X509Certificate certificate) {
        return TimeUnit.MILLISECONDS.toSeconds(certificate.getNotAfter().getTime());
    }

    /** All of them in Prometheus' text format, version 0.0.4. */
    public String text() {
        return registry.scrape();
    }

    @Override
    public void close() {
        registry.close();
    }
}
