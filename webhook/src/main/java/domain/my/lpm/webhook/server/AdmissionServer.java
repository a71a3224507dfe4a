package domain.my.lpm.webhook.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import domain.my.lpm.webhook.admission.Admission;
import domain.my.lpm.webhook.admission.BadRequestException;
import domain.my.lpm.webhook.admission.Request;
import domain.my.lpm.webhook.admission.Reviews;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedKeyManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves admission reviews over HTTPS, with {@code /healthz}, {@code /readyz} and {@code /metrics} beside them.
 *
 * <p>It answers 200 with a review to what is a review, whatever the decision; a 4xx with a sentence to what is none; and 500
 * when a decision failed unexpectedly. What the API server makes of other answers than 200 stands in the webhook's
 * configuration as {@code failurePolicy}.
 */
public final class AdmissionServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AdmissionServer.class);
    private static final int BACKLOG = 256;
    private static final String PLAIN = "text/plain; charset=utf-8";
    private static final String JSON = "application/json";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final HttpsServer server;
    private final ServerOptions options;
    private final BooleanSupplier ready;
    private final ExecutorService workers;
    private final Deadlines deadlines;
    private final AtomicInteger running = new AtomicInteger();
    private boolean closed;
    private volatile boolean stopping;

    private AdmissionServer(
            HttpsServer server,
            ServerOptions options,
            Map<String, Admission> admissions,
            BooleanSupplier ready,
            Supplier<String> metrics) {
        this.server = server;
        this.options = options;
        this.ready = ready;
        AtomicInteger number = new AtomicInteger();
        workers = Executors.newFixedThreadPool(
                options.threads(), task -> new Thread(task, "admission-" + number.incrementAndGet()));
        deadlines = new Deadlines(options.requestTimeout());
        // One task is one request of a connection, with the TLS handshake if it is the first.
        server.setExecutor(task -> workers.execute(() -> deadlines.run(task)));
        admissions.forEach((path, admission) -> server.createContext(path, counted(path, review(admission))));
        server.createContext("/healthz", exact("/healthz", exchange -> answer(exchange, 200, PLAIN, "ok\n")));
        server.createContext("/readyz", exact("/readyz", this::readiness));
        server.createContext(
                "/metrics", exact("/metrics", exchange -> answer(exchange, 200, PROMETHEUS, metrics.get())));
        server.createContext("/", exchange -> answer(exchange, 404, PLAIN, "there is nothing at this path\n"));
    }

    /**
     * Starts a server.
     *
     * @param keys what it shows to clients
     * @param admissions who decides, by the path of the request
     * @param ready whether requests should be sent here, apart from the server itself
     * @param metrics in Prometheus' text format
     * @throws IOException when it cannot listen
     */
    public static AdmissionServer start(
            ServerOptions options,
            X509ExtendedKeyManager keys,
            Map<String, Admission> admissions,
            BooleanSupplier ready,
            Supplier<String> metrics)
            throws IOException {
        HttpsServer server = HttpsServer.create(options.address(), BACKLOG);
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new X509ExtendedKeyManager[] {keys}, null, null);
            server.setHttpsConfigurator(new HttpsConfigurator(context));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java has no TLS", impossible);
        }
        AdmissionServer started = new AdmissionServer(server, options, admissions, ready, metrics);
        server.start();
        LOG.info("Listening on {}", started.address());
        return started;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    /**
     * Stops: is not ready from now on, serves until {@code drain} is over, then takes no more connections and waits for
     * running requests at most {@code stopTimeout}. Returns when all is done; a second call returns at once.
     */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        stopping = true;
        LOG.info("Stopping in {}", options.drain());
        sleep(options.drain());
        int left = running.get();
        // HttpServer waits in whole seconds, all of them when nothing runs; after a drain, one lets a request pass that
        // has just
        // begun.
        int idle = options.drain().isZero() ? 0 : 1;
        server.stop(left == 0 ? idle : (int) Math.max(1, options.stopTimeout().toSeconds()));
        workers.shutdownNow();
        deadlines.close();
        LOG.info("Stopped; {} requests were running at the end of the drain, {} were cut off", left, running.get());
    }

    private HttpHandler review(Admission admission) {
        return exchange -> {
            if (!exchange.getRequestMethod().equals("POST")) {
                exchange.getResponseHeaders().set("Allow", "POST");
                answer(exchange, 405, PLAIN, "an admission review is sent by POST\n");
                return;
            }
            String type = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Content-Type"))
                    .orElse("")
                    .toLowerCase(Locale.ROOT);
            if (!type.equals(JSON) && !type.startsWith(JSON + ";")) {
                answer(exchange, 415, PLAIN, "the Content-Type is '%s'; send %s\n".formatted(type, JSON));
                return;
            }
            byte[] body = exchange.getRequestBody().readNBytes(options.bodyLimit() + 1);
            if (body.length > options.bodyLimit()) {
                // A client that is still sending would not see the answer.
                exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
                answer(
                        exchange,
                        413,
                        PLAIN,
                        "the body is larger than %d bytes; raise the option --body-limit if reviews are\n"
                                .formatted(options.bodyLimit()));
                return;
            }
            byte[] reply;
            try {
                Request request = Reviews.read(body);
                reply = Reviews.write(admission.decide(request));
            } catch (BadRequestException bad) {
                LOG.warn("Bad request from {}: {}", exchange.getRemoteAddress(), bad.getMessage());
                answer(exchange, 400, PLAIN, bad.getMessage() + "\n");
                return;
            }
            answer(exchange, 200, JSON, reply);
        };
    }

    private void readiness(HttpExchange exchange) throws IOException {
        if (stopping) {
            answer(exchange, 503, PLAIN, "stopping\n");
        } else if (ready.getAsBoolean()) {
            answer(exchange, 200, PLAIN, "ok\n");
        } else {
            answer(exchange, 503, PLAIN, "there is no valid certificate\n");
        }
    }

    private HttpHandler counted(String path, HttpHandler handler) {
        HttpHandler exact = exact(path, handler);
        return exchange -> {
            running.incrementAndGet();
            try {
                exact.handle(exchange);
            } catch (IOException broken) {
                LOG.warn("The request of {} broke off: {}", exchange.getRemoteAddress(), broken.toString());
                throw broken;
            } catch (RuntimeException | StackOverflowError failed) {
                LOG.error("A request to {} failed", path, failed);
                answer(exchange, 500, PLAIN, "an internal error, see the webhook's log: " + failed + "\n");
            } finally {
                running.decrementAndGet();
            }
        };
    }

    /** A context of the JDK's server takes all paths that begin with its own. */
    private HttpHandler exact(String path, HttpHandler handler) {
        return exchange -> {
            if (exchange.getRequestURI().getPath().equals(path)) {
                handler.handle(exchange);
            } else {
                answer(exchange, 404, PLAIN, "there is nothing at this path\n");
            }
        };
    }

    private void answer(HttpExchange exchange, int status, String type, String text) throws IOException {
        answer(exchange, status, type, text.getBytes(StandardCharsets.UTF_8));
    }

    private void answer(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        if (stopping || status == 413) {
            exchange.getResponseHeaders().set("Connection", "close");
        }
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static void sleep(Duration duration) {
        try {
            TimeUnit.MILLISECONDS.sleep(duration.toMillis());
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
