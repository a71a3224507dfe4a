import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts requests in its memory: {@code CountServer PORT [FILE]}.
 *
 * <p>{@code GET /count} answers with {@code N NONCE}, the number of this request and what was drawn when the program started; {@code GET /healthz} with
 * {@code ok}. Ten times a second it prints {@code tick N nonce=NONCE host=HOST requests=R}, and appends that to FILE.
 */
public final class CountServer {
    private static final int THREADS = 8;

    private final String nonce = UUID.randomUUID().toString();
    private final AtomicLong requests = new AtomicLong();

    private CountServer() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length < 1 || arguments.length > 2) {
            System.err.println("usage: CountServer PORT [FILE]");
            System.exit(2);
        }
        var server = new CountServer();
        server.serve(Integer.parseInt(arguments[0]));
        server.tick(arguments.length == 2 ? Optional.of(Path.of(arguments[1])) : Optional.empty());
    }

    private void serve(int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        server.createContext("/count", exchange -> answer(exchange, requests.incrementAndGet() + " " + nonce));
        server.createContext("/healthz", exchange -> answer(exchange, "ok"));
        server.setExecutor(Executors.newFixedThreadPool(THREADS));
        server.start();
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
        try (exchange) {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private void tick(Optional<Path> file) throws IOException, InterruptedException {
        for (long tick = 1; ; tick++) {
            String line = "tick %d nonce=%s host=%s requests=%d%n".formatted(tick, nonce, host(), requests.get());
            System.out.print(line);
            System.out.flush();
            if (file.isPresent()) {
                Files.writeString(file.get(), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }
            Thread.sleep(100);
        }
    }

    /** Read each time: it is the copy's after a migration. */
    private static String host() throws IOException {
        Path file = Path.of("/proc/sys/kernel/hostname");
        return Files.isReadable(file) ? Files.readString(file).strip() : InetAddress.getLocalHost().getHostName();
    }
}
