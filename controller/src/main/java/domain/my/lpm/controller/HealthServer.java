package domain.my.lpm.controller;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;

/** Answers {@code /healthz}, {@code /readyz} and {@code /metrics} over plain HTTP. */
final class HealthServer implements AutoCloseable {
    private static final int UNAVAILABLE = 503;

    private final HttpServer server;
    private final ExecutorService workers;

    /**
     * Begins to answer.
     *
     * @param healthy whether the process is worth keeping
     * @param ready whether it has taken up its work, or waits to be the leader
     * @throws IOException when it cannot listen there, naming the address
     */
    HealthServer(
            InetSocketAddress address, BooleanSupplier healthy, BooleanSupplier ready, PrometheusMeterRegistry registry)
            throws IOException {
        try {
            server = HttpServer.create(address, 0);
        } catch (IOException refused) {
            throw new IOException(
                    "cannot listen on %s: %s; set --bind-address and --port".formatted(address, refused.getMessage()),
                    refused);
        }
        workers = Executors.newFixedThreadPool(2, task -> {
            Thread thread = new Thread(task, "health");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(workers);
        server.createContext(
                "/healthz",
                exchange -> answer(exchange, healthy.getAsBoolean(), "a watch of the API server is broken"));
        server.createContext("/readyz", exchange -> answer(exchange, ready.getAsBoolean(), "it starts or stops"));
        server.createContext("/metrics", exchange -> write(exchange, 200, registry.scrape()));
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    private static void answer(HttpExchange exchange, boolean good, String otherwise) throws IOException {
        write(exchange, good ? 200 : UNAVAILABLE, good ? "ok\n" : otherwise + "\n");
    }

    private static void write(HttpExchange exchange, int code, String text) throws IOException {
        try (exchange) {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
            exchange.sendResponseHeaders(code, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        workers.shutdownNow();
    }
}
