package domain.my.lpm.agent.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Answers the kubelet's probes over plain HTTP, as they have no client certificate: {@code /livez} and {@code /readyz}. */
public final class HealthServer implements AutoCloseable {
    private final HttpServer server;
    private volatile boolean ready;

    private HealthServer(HttpServer server) {
        this.server = server;
        server.createContext("/livez", exchange -> answer(exchange, 200, "ok"));
        server.createContext("/readyz", exchange -> answer(exchange, ready ? 200 : 503, ready ? "ok" : "starting"));
    }

    /**
     * Starts it.
     *
     * @param port 0 chooses one
     */
    public static HealthServer start(String address, int port) {
        try {
            HealthServer health = new HealthServer(HttpServer.create(new InetSocketAddress(address, port), 0));
            health.server.start();
            return health;
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot answer probes at " + address + ":" + port, problem);
        }
    }

    /** What the program is for is done at this port from now on. */
    public void ready(int agentPort) {
        ready = agentPort > 0;
    }

    /** Where it listens. */
    public int port() {
        return server.getAddress().getPort();
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        try (exchange) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
