package domain.my.lpm.sandbox.cluster.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsServer;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeArchive;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.cluster.node.KubeletAccess.Right;
import domain.my.lpm.sandbox.cluster.tls.Authority;
import domain.my.lpm.sandbox.cluster.tls.Servers;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Principal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a kubelet serves itself, over TLS, to whoever shows a token or a certificate: {@code POST
 * /checkpoint/NAMESPACE/POD/CONTAINER} and {@code GET /containerLogs/NAMESPACE/POD/CONTAINER} as the kubelet does, and {@code
 * POST /exec/NAMESPACE/POD/CONTAINER} in a form of our own, see {@link ExecFrames}.
 *
 * <p>Source of the former: pkg/kubelet/server/server.go of Kubernetes 1.34.
 */
final class KubeletServer {
    private static final Logger LOG = LoggerFactory.getLogger(KubeletServer.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int BUFFER = 8192;
    private static final long FOLLOW_MILLIS = 200;

    private final Kubelet kubelet;
    private final KubeletAccess access;
    private final HttpsServer server;
    private final ExecutorService workers = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "kubelet-api");
        thread.setDaemon(true);
        return thread;
    });
    private final Set<String> beingCheckpointed = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    KubeletServer(Kubelet kubelet, Authority authority, KubeletAccess access) {
        this.kubelet = kubelet;
        this.access = access;
        server = Servers.create(authority, workers);
        handle("/checkpoint/", "POST", Right.CHECKPOINT, this::checkpoint);
        handle("/containerLogs/", "GET", Right.LOGS, this::logs);
        handle("/exec/", "POST", Right.EXEC, this::exec);
    }

    void start() {
        server.start();
    }

    URI uri() {
        return Servers.uri(server);
    }

    void close() {
        closed = true;
        server.stop(0);
        workers.shutdownNow();
    }

    /** Which container is meant. */
    private record Place(PodWorker pod, String namespace, String name, String container) {}

    private interface Handler {
        void handle(HttpExchange exchange, Place place) throws IOException;
    }

    private void handle(String path, String method, Right right, Handler handler) {
        server.createContext(path, exchange -> {
            try (exchange) {
                Optional<String> caller = caller(exchange);
                if (caller.isEmpty()) {
                    answer(exchange, 401, "Unauthorized");
                } else if (!access.may(caller.get(), right)) {
                    answer(
                            exchange,
                            403,
                            "Forbidden (user=%s, verb=create, resource=nodes, subresource=%s)"
                                    .formatted(caller.get(), path.substring(1, path.length() - 1)));
                } else if (!exchange.getRequestMethod().equals(method)) {
                    answer(exchange, 405, "405: Method Not Allowed");
                } else {
                    find(exchange, path, handler);
                }
            } catch (IOException broken) {
                LOG.debug(
                        "A request to the kubelet of {} broke off: {}",
                        kubelet.node().name(),
                        broken.toString());
            } catch (RuntimeException failed) {
                LOG.error(
                        "A request to the kubelet of {} failed", kubelet.node().name(), failed);
            }
        });
    }

    private Optional<String> caller(HttpExchange exchange) {
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        if (header != null && header.startsWith("Bearer ")) {
            return access.nameOf(header.substring("Bearer ".length()));
        }
        try {
            Principal subject = ((HttpsExchange) exchange).getSSLSession().getPeerPrincipal();
            return Optional.of(subject.getName().replaceFirst("^CN=([^,]*).*", "$1"));
        } catch (SSLPeerUnverifiedException none) {
            return Optional.empty();
        }
    }

    private void find(HttpExchange exchange, String path, Handler handler) throws IOException {
        List<String> names = Arrays.stream(exchange.getRequestURI()
                        .getPath()
                        .substring(path.length())
                        .split("/", -1))
                .toList();
        Optional<PodWorker> pod = names.size() == 3 ? kubelet.find(names.get(0), names.get(1)) : Optional.empty();
        if (pod.isEmpty()) {
            answer(exchange, 404, "pod does not exist");
            return;
        }
        var spec = pod.get().pod().getSpec();
        boolean has = spec.getContainers().stream()
                        .anyMatch(container -> container.getName().equals(names.get(2)))
                || spec.getInitContainers().stream()
                        .anyMatch(container -> container.getName().equals(names.get(2)));
        if (!has) {
            answer(exchange, 404, "container " + names.get(2) + " does not exist");
            return;
        }
        handler.handle(exchange, new Place(pod.get(), names.get(0), names.get(1), names.get(2)));
    }

    private static Optional<RunningContainer> running(Place place) {
        return place.pod.running().flatMap(pod -> pod.latest(place.container));
    }

    // --- checkpoints

    private void checkpoint(HttpExchange exchange, Place place) throws IOException {
        for (String parameter : parameters(exchange)) {
            if (parameter.startsWith("timeout=") && !parameter.matches("timeout=-?\\d{1,18}")) {
                answer(exchange, 404, "cannot parse value of timeout parameter");
                return;
            }
        }
        Optional<RunningContainer> container = running(place).filter(RunningContainer::isRunning);
        String what = "checkpointing of %s/%s/%s failed (".formatted(place.namespace, place.name, place.container);
        if (container.isEmpty()) {
            answer(exchange, 500, what + "container " + place.container + " not running)");
            return;
        }
        String id = container.get().id();
        if (!beingCheckpointed.add(id)) {
            answer(
                    exchange,
                    500,
                    what + "rpc error: code = Unknown desc = failed to pause container \"" + id
                            + "\" before checkpointing: cannot pause a paused container)");
            return;
        }
        try {
            Path archive = RuntimeArchive.take(container.get());
            String onNode = RuntimeArchive.DIRECTORY + "/" + archive.getFileName();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            answer(
                    exchange,
                    200,
                    JSON.createObjectNode()
                            .set("items", JSON.createArrayNode().add(onNode))
                            .toString());
        } catch (SandboxException | UncheckedIOException failed) {
            answer(
                    exchange,
                    500,
                    what + "rpc error: code = Unknown desc = failed to checkpoint container " + id + ": "
                            + failed.getMessage() + ")");
        } finally {
            beingCheckpointed.remove(id);
        }
    }

    // --- logs

    private void logs(HttpExchange exchange, Place place) throws IOException {
        Optional<RunningContainer> container = running(place);
        if (container.isEmpty()) {
            answer(
                    exchange,
                    400,
                    "container \"%s\" in pod \"%s\" is waiting to start".formatted(place.container, place.name));
            return;
        }
        boolean follow = parameters(exchange).contains("follow=true");
        exchange.getResponseHeaders().set("Content-Type", "text/plain");
        exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
        exchange.sendResponseHeaders(200, 0);
        try (LogReader reader = new LogReader(container.get().logFile(), exchange.getResponseBody())) {
            boolean ended;
            do {
                RunningPod pod = container.get().pod();
                ended = closed
                        || container.get().exitCode().isPresent()
                        || pod.node().pods().get(pod.uid()) != pod;
                reader.copy();
                if (follow && !ended) {
                    TimeUnit.MILLISECONDS.sleep(FOLLOW_MILLIS);
                }
            } while (follow && !ended);
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    // --- commands

    private void exec(HttpExchange exchange, Place place) throws IOException {
        List<String> command = new ArrayList<>();
        try {
            JsonNode wanted = JSON.readTree(exchange.getRequestBody());
            wanted.path("command").forEach(word -> command.add(word.asText()));
        } catch (JsonProcessingException wrong) {
            answer(exchange, 400, "the body is no JSON");
            return;
        }
        Optional<RunningContainer> container = running(place).filter(RunningContainer::isRunning);
        if (container.isEmpty() || command.isEmpty()) {
            answer(exchange, 400, container.isEmpty() ? "the container does not run" : "there is no command");
            return;
        }
        exchange.sendResponseHeaders(200, 0);
        Process process = container.get().start(command);
        try (DataOutputStream out = new DataOutputStream(exchange.getResponseBody())) {
            process.getOutputStream().close();
            Thread errors = new Thread(() -> copy(process.getErrorStream(), ExecFrames.ERROR, out), "exec-error");
            errors.setDaemon(true);
            errors.start();
            copy(process.getInputStream(), ExecFrames.OUTPUT, out);
            errors.join();
            ExecFrames.writeEnd(out, process.waitFor());
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }

    private static void copy(InputStream from, int stream, DataOutputStream to) {
        byte[] buffer = new byte[BUFFER];
        try (from) {
            for (int count; (count = from.read(buffer)) >= 0; ) {
                synchronized (to) {
                    ExecFrames.write(to, stream, buffer, count);
                }
            }
        } catch (IOException gone) {
            LOG.debug("Whoever asked for a command is gone: {}", gone.toString());
        }
    }

    private static List<String> parameters(HttpExchange exchange) {
        String query = exchange.getRequestURI().getQuery();
        return query == null ? List.of() : List.of(query.split("&"));
    }

    private static void answer(HttpExchange exchange, int code, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
        exchange.sendResponseHeaders(code, body.length);
        exchange.getResponseBody().write(body);
    }

    /** Copies what a container printed, without what the CRI's log format puts before it. */
    private static final class LogReader implements AutoCloseable {
        private final InputStream log;
        private final OutputStream out;
        private byte[] rest = new byte[0];

        LogReader(Path file, OutputStream out) throws IOException {
            this.log = Files.newInputStream(file);
            this.out = out;
        }

        void copy() throws IOException {
            byte[] fresh = log.readAllBytes();
            byte[] all = Arrays.copyOf(rest, rest.length + fresh.length);
            System.arraycopy(fresh, 0, all, rest.length, fresh.length);
            int start = 0;
            for (int index = rest.length; index < all.length; index++) {
                if (all[index] == '\n') {
                    line(new String(all, start, index - start, StandardCharsets.ISO_8859_1));
                    start = index + 1;
                }
            }
            rest = Arrays.copyOfRange(all, start, all.length);
            out.flush();
        }

        private void line(String entry) throws IOException {
            // Time, stream, and P for a part of a line or F for its end.
            String[] fields = entry.split(" ", 4);
            if (fields.length == 4) {
                out.write(fields[3].getBytes(StandardCharsets.ISO_8859_1));
                if (fields[2].equals("F")) {
                    out.write('\n');
                }
            }
        }

        @Override
        public void close() throws IOException {
            log.close();
        }
    }
}
