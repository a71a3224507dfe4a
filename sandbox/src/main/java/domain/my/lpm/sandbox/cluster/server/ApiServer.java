package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsServer;
import domain.my.lpm.sandbox.cluster.server.ObjectStore.Change;
import domain.my.lpm.sandbox.cluster.server.ObjectStore.Key;
import domain.my.lpm.sandbox.cluster.server.Operations.Deletion;
import domain.my.lpm.sandbox.cluster.server.Operations.Outcome;
import domain.my.lpm.sandbox.cluster.server.Operations.Request;
import domain.my.lpm.sandbox.cluster.tls.Authority;
import domain.my.lpm.sandbox.cluster.tls.Servers;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stand-in for a Kubernetes API server: objects in memory, with the semantics that controllers, admission and our CRDs
 * build on, served over HTTPS on loopback to whoever has the token. What it is not stands in docs/sandbox.md.
 */
public final class ApiServer implements AutoCloseable {
    /** Whom every request comes from, for admission webhooks. */
    static final String USER = "sandbox-admin";

    private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);
    private static final long BOOKMARK_SECONDS = 20;
    private static final long DEFAULT_WATCH_SECONDS = TimeUnit.MINUTES.toSeconds(30);

    private final ResourceKinds kinds = new ResourceKinds();
    private final ObjectStore store = new ObjectStore();
    private final Discovery discovery = new Discovery(kinds);
    private final Operations operations;
    private final Authority authority;
    private final String token;
    private final InstantSource clock;
    private final HttpsServer server;
    private final ExecutorService workers;
    private volatile Interference interference = Interference.NONE;
    private volatile boolean closed;

    private ApiServer(Authority authority, String token, InstantSource clock) {
        this.authority = authority;
        this.token = token;
        this.clock = clock;
        this.operations = new Operations(store, kinds, clock);
        AtomicInteger number = new AtomicInteger();
        workers = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "api-server-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        server = Servers.create(authority, workers);
        server.createContext("/", this::handle);
    }

    /**
     * Starts a server with the namespaces that every cluster has.
     *
     * @param authority issues its certificate
     * @param token what clients have to show
     */
    public static ApiServer start(Authority authority, String token, InstantSource clock) {
        ApiServer started = new ApiServer(authority, token, clock);
        for (String namespace : List.of("default", "kube-system", "kube-public", "kube-node-lease")) {
            ObjectNode object = Json.object();
            object.putObject("metadata").put("name", namespace);
            started.operations.create(ResourceKinds.NAMESPACE, "", object, Request.internal());
        }
        started.server.start();
        return started;
    }

    /**
     * Creates the objects in a directory's YAML files, one per file, CRDs for example.
     *
     * @throws UncheckedIOException when it cannot be read
     */
    public void load(Path directory) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.yaml")) {
            for (Path file : files) {
                ObjectNode object = Json.readYaml(Files.readAllBytes(file));
                String apiVersion = object.path("apiVersion").asText();
                ResourceKind kind = kinds.all().stream()
                        .filter(candidate -> candidate.apiVersion().equals(apiVersion))
                        .filter(candidate ->
                                candidate.kind().equals(object.path("kind").asText()))
                        .findFirst()
                        .orElseThrow(() -> ApiException.noSuchPath(apiVersion + " in " + file));
                operations.create(kind, Json.text(object, "/metadata/namespace"), object, Request.internal());
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot load the objects in " + directory, error);
        }
    }

    /** Where it serves. */
    public URI uri() {
        return Servers.uri(server);
    }

    /** By what a client reaches it. */
    public Config clientConfig() {
        return new ConfigBuilder(Config.empty())
                .withMasterUrl(uri().toString())
                .withOauthToken(token)
                .withCaCertData(
                        Base64.getEncoder().encodeToString(authority.pem().getBytes(StandardCharsets.UTF_8)))
                .withNamespace("default")
                .withOnlyHttpWatches(true)
                .build();
    }

    /** A kubeconfig with the same. */
    public String kubeconfig() {
        return """
                apiVersion: v1
                kind: Config
                clusters:
                - name: sandbox
                  cluster:
                    server: %s
                    certificate-authority-data: %s
                users:
                - name: admin
                  user:
                    token: %s
                contexts:
                - name: sandbox
                  context:
                    cluster: sandbox
                    user: admin
                current-context: sandbox
                """.formatted(
                uri(), Base64.getEncoder().encodeToString(authority.pem().getBytes(StandardCharsets.UTF_8)), token);
    }

    /** Disturbs requests from now on. */
    public void interfere(Interference by) {
        interference = by;
    }

    /** Ends all watches and takes no more requests. */
    @Override
    public void close() {
        closed = true;
        server.stop(0);
        workers.shutdownNow();
        operations.collector().close();
    }

    private void handle(HttpExchange exchange) {
        String method = exchange.getRequestMethod();
        String path = exchange.getRequestURI().getPath();
        try (exchange) {
            interference.before(method, path);
            Query query = new Query(exchange);
            try {
                if (!("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                    throw ApiException.unauthorized();
                }
                answer(exchange, query, path);
            } catch (ApiException refused) {
                send(exchange, refused.code(), refused.status(), List.of());
            }
        } catch (IOException broken) {
            LOG.debug("{} {} broke off: {}", method, path, broken.toString());
        } catch (RuntimeException failed) {
            LOG.error("{} {} failed", method, path, failed);
        }
    }

    /** The parameters and headers of a request. */
    private static final class Query {
        private final Map<String, String> parameters = new HashMap<>();
        private final String accept;
        private final String contentType;

        Query(HttpExchange exchange) {
            String raw = exchange.getRequestURI().getRawQuery();
            for (String pair : raw == null ? new String[0] : raw.split("&")) {
                int equals = pair.indexOf('=');
                String name = equals < 0 ? pair : pair.substring(0, equals);
                String value = equals < 0 ? "" : pair.substring(equals + 1);
                parameters.put(decode(name), decode(value));
            }
            accept = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Accept"))
                    .orElse("");
            contentType = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Content-Type"))
                    .orElse("")
                    .split(";")[0]
                    .strip();
        }

        private static String decode(String text) {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        }

        Optional<String> get(String name) {
            return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty());
        }

        boolean is(String name) {
            return get(name)
                    .filter(value -> value.equals("true") || value.equals("1"))
                    .isPresent();
        }

        long number(String name, long standard) {
            try {
                return get(name).map(Long::parseLong).orElse(standard);
            } catch (NumberFormatException wrong) {
                throw ApiException.badRequest(name + " is no number");
            }
        }

        boolean wantsTable() {
            return accept.contains("as=Table");
        }
    }

    private void answer(HttpExchange exchange, Query query, String path) throws IOException {
        List<String> segments = Arrays.stream(path.split("/"))
                .filter(segment -> !segment.isEmpty())
                .toList();
        String method = exchange.getRequestMethod();
        Optional<ObjectNode> document = method.equals("GET") ? discovery.at(segments) : Optional.empty();
        if (document.isPresent()) {
            send(exchange, 200, document.get(), List.of());
            return;
        }
        Place place = place(segments, path);
        if (place.name().isEmpty()) {
            collection(exchange, query, place);
        } else {
            object(exchange, query, place);
        }
    }

    /** What a path names. */
    private record Place(ResourceKind kind, String namespace, String name, String subresource, String path) {
        Key key() {
            return new Key(kind, namespace, name);
        }
    }

    private Place place(List<String> segments, String path) {
        int start = segments.isEmpty() ? 0 : segments.get(0).equals("api") ? 2 : 3;
        if (segments.size() <= start || !List.of("api", "apis").contains(segments.get(0))) {
            throw ApiException.noSuchPath(path);
        }
        String apiVersion = String.join("/", segments.subList(1, start));
        List<String> rest = new ArrayList<>(segments.subList(start, segments.size()));
        String namespace = "";
        if (rest.size() >= 3
                && rest.get(0).equals("namespaces")
                && kinds.find(apiVersion, rest.get(2)).isPresent()) {
            namespace = rest.get(1);
            rest = rest.subList(2, rest.size());
        }
        ResourceKind kind = kinds.find(apiVersion, rest.get(0)).orElseThrow(() -> ApiException.noSuchPath(path));
        String name = rest.size() > 1 ? rest.get(1) : "";
        String subresource = rest.size() > 2 ? rest.get(2) : "";
        boolean known = subresource.isEmpty()
                || (subresource.equals(Operations.STATUS) && kind.hasStatus())
                || (subresource.equals(Operations.BINDING) && kind.equals(ResourceKinds.POD));
        if (!known || rest.size() > 3 || kind.namespaced() == namespace.isEmpty() && !name.isEmpty()) {
            throw ApiException.noSuchPath(path);
        }
        return new Place(kind, namespace, name, subresource, path);
    }

    private void collection(HttpExchange exchange, Query query, Place place) throws IOException {
        ResourceKind kind = place.kind();
        String method = exchange.getRequestMethod();
        switch (method) {
            case "GET" -> {
                if (query.is("watch")) {
                    watch(exchange, query, place);
                } else {
                    list(exchange, query, place);
                }
            }
            case "POST" -> {
                if (kind.namespaced() && place.namespace().isEmpty()) {
                    throw ApiException.methodNotAllowed(method, place.path());
                }
                Request request = request(query);
                ObjectNode created = operations.create(kind, place.namespace(), Json.readYaml(body(exchange)), request);
                done(exchange, 201, created, request);
            }
            case "DELETE" -> {
                Request request = request(query);
                Predicate<JsonNode> wanted = selected(query, place);
                for (ObjectNode object : store.list(kind, place.namespace()).objects()) {
                    if (wanted.test(object)) {
                        Key key = new Key(
                                kind, Json.text(object, "/metadata/namespace"), Json.text(object, "/metadata/name"));
                        operations.delete(key, Deletion.PLAIN, request);
                    }
                }
                list(exchange, query, place);
            }
            default -> throw ApiException.methodNotAllowed(method, place.path());
        }
    }

    private static Predicate<JsonNode> selected(Query query, Place place) {
        return Selectors.labels(query.get("labelSelector"))
                .and(Selectors.fields(place.kind(), query.get("fieldSelector")))
                .and(object -> place.namespace().isEmpty()
                        || Json.text(object, "/metadata/namespace").equals(place.namespace()));
    }

    private void list(HttpExchange exchange, Query query, Place place) throws IOException {
        Predicate<JsonNode> wanted = selected(query, place);
        ObjectStore.Snapshot snapshot = store.list(place.kind(), place.namespace());
        List<ObjectNode> objects =
                snapshot.objects().stream().filter(wanted::test).toList();
        String version = Long.toString(snapshot.version());
        if (query.wantsTable()) {
            send(exchange, 200, Tables.of(place.kind(), version, objects, true, clock.instant()), List.of());
            return;
        }
        ObjectNode list = Json.object();
        list.put("kind", place.kind().kind() + "List")
                .put("apiVersion", place.kind().apiVersion());
        list.putObject("metadata").put("resourceVersion", version);
        ArrayNode items = list.putArray("items");
        objects.forEach(items::add);
        send(exchange, 200, list, List.of());
    }

    private void object(HttpExchange exchange, Query query, Place place) throws IOException {
        Key key = place.key();
        String subresource = place.subresource();
        String method = exchange.getRequestMethod();
        Request request = request(query);
        switch (method) {
            case "GET" -> {
                ObjectNode object = operations.get(key);
                String version = Json.text(object, "/metadata/resourceVersion");
                send(
                        exchange,
                        200,
                        query.wantsTable()
                                ? Tables.of(place.kind(), version, List.of(object), true, clock.instant())
                                : object,
                        List.of());
            }
            case "PUT" ->
                done(
                        exchange,
                        200,
                        operations.replace(key, subresource, Json.readYaml(body(exchange)), request),
                        request);
            case "PATCH" -> {
                if (query.contentType.equals(Patches.APPLY_PATCH)) {
                    String manager = query.get("fieldManager")
                            .orElseThrow(() -> ApiException.badRequest("fieldManager is required for apply patch"));
                    Outcome outcome = operations.apply(key, subresource, body(exchange), manager, request);
                    done(exchange, outcome.created() ? 201 : 200, outcome.object(), request);
                } else {
                    done(
                            exchange,
                            200,
                            operations.patch(key, subresource, query.contentType, body(exchange), request),
                            request);
                }
            }
            case "POST" -> {
                if (!subresource.equals(Operations.BINDING)) {
                    throw ApiException.methodNotAllowed(method, place.path());
                }
                operations.bind(key, Json.readYaml(body(exchange)), request);
                done(exchange, 201, success(), request);
            }
            case "DELETE" -> done(exchange, 200, operations.delete(key, deletion(exchange, query), request), request);
            default -> throw ApiException.methodNotAllowed(method, place.path());
        }
    }

    private static ObjectNode success() {
        ObjectNode status = Json.object();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        return status.put("status", "Success").put("code", 201);
    }

    private static Deletion deletion(HttpExchange exchange, Query query) throws IOException {
        byte[] body = body(exchange);
        JsonNode options = body.length == 0 ? Json.object() : Json.readYaml(body);
        JsonNode grace = options.path("gracePeriodSeconds");
        String policy = options.path("propagationPolicy")
                .asText(query.get("propagationPolicy").orElse(""));
        boolean orphan =
                policy.equals("Orphan") || options.path("orphanDependents").asBoolean();
        Long seconds = grace.isNumber() ? (Long) grace.asLong() : null;
        if (seconds == null && query.get("gracePeriodSeconds").isPresent()) {
            seconds = query.number("gracePeriodSeconds", 0);
        }
        return new Deletion(
                textOrNull(options.at("/preconditions/uid")),
                textOrNull(options.at("/preconditions/resourceVersion")),
                seconds,
                orphan);
    }

    private static @Nullable String textOrNull(JsonNode value) {
        return value.isTextual() ? value.asText() : null;
    }

    private static Request request(Query query) {
        return new Request(query.get("dryRun").isPresent(), new ArrayList<>());
    }

    private static byte[] body(HttpExchange exchange) throws IOException {
        return exchange.getRequestBody().readAllBytes();
    }

    private void done(HttpExchange exchange, int code, ObjectNode object, Request request) throws IOException {
        send(exchange, code, object, request.warnings());
    }

    private void send(HttpExchange exchange, int code, JsonNode answer, List<String> warnings) throws IOException {
        byte[] body = Json.bytes(answer);
        for (String warning : warnings) {
            exchange.getResponseHeaders()
                    .add("Warning", "299 - \"" + warning.replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
        }
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        // What is left of the request would stand in the way of the next on this connection.
        exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
        interference.after(exchange.getRequestMethod(), exchange.getRequestURI().getPath());
        exchange.sendResponseHeaders(code, body.length);
        exchange.getResponseBody().write(body);
    }

    private void watch(HttpExchange exchange, Query query, Place place) throws IOException {
        if (exchange.getRequestHeaders().containsKey("Upgrade")) {
            // Clients take this as: not by a web socket, but by a request that stays open.
            exchange.sendResponseHeaders(503, -1);
            return;
        }
        Predicate<JsonNode> wanted = selected(query, place);
        long from = query.number("resourceVersion", 0);
        boolean bookmarks = query.is("allowWatchBookmarks");
        long deadline =
                System.nanoTime() + TimeUnit.SECONDS.toNanos(query.number("timeoutSeconds", DEFAULT_WATCH_SECONDS));
        List<ObjectNode> present = new ArrayList<>();
        ObjectStore.Watch watch;
        try {
            watch = store.watch(place.kind(), from, place.namespace(), present);
        } catch (ApiException expired) {
            exchange.sendResponseHeaders(200, 0);
            event(exchange, "ERROR", expired.status());
            return;
        }
        try (watch) {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            interference.after(exchange.getRequestMethod(), place.path());
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().flush();
            boolean header = true;
            for (ObjectNode object : present) {
                if (wanted.test(object)) {
                    event(exchange, "ADDED", shown(query, place, object, header));
                    header = false;
                }
            }
            exchange.getResponseBody().flush();
            while (!closed && System.nanoTime() < deadline) {
                Change change = watch.changes()
                        .poll(
                                Math.min(
                                        TimeUnit.SECONDS.toNanos(BOOKMARK_SECONDS),
                                        Math.max(1, deadline - System.nanoTime())),
                                TimeUnit.NANOSECONDS);
                if (change == null) {
                    if (bookmarks && !query.wantsTable()) {
                        bookmark(exchange, place, watch);
                    }
                    continue;
                }
                Optional<String> type = type(change, wanted);
                if (type.isPresent()) {
                    event(exchange, type.get(), shown(query, place, change.latest(), header));
                    header = false;
                }
                if (watch.changes().isEmpty()) {
                    exchange.getResponseBody().flush();
                }
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whoever watches only some objects sees one appear when it becomes one of them, and vanish when it ceases to be. */
    private static Optional<String> type(Change change, Predicate<JsonNode> wanted) {
        boolean was = change.before() != null && wanted.test(change.before());
        boolean is = change.after() != null && wanted.test(change.after());
        if (is) {
            return Optional.of(was ? "MODIFIED" : "ADDED");
        }
        return was ? Optional.of("DELETED") : Optional.empty();
    }

    private JsonNode shown(Query query, Place place, ObjectNode object, boolean header) {
        return query.wantsTable()
                ? Tables.of(
                        place.kind(),
                        Json.text(object, "/metadata/resourceVersion"),
                        List.of(object),
                        header,
                        clock.instant())
                : object;
    }

    private void bookmark(HttpExchange exchange, Place place, ObjectStore.Watch watch) throws IOException {
        OptionalLong version = store.seenUpTo(watch);
        if (version.isEmpty()) {
            return;
        }
        ObjectNode bookmark = Json.object();
        bookmark.put("kind", place.kind().kind()).put("apiVersion", place.kind().apiVersion());
        bookmark.putObject("metadata").put("resourceVersion", Long.toString(version.getAsLong()));
        event(exchange, "BOOKMARK", bookmark);
        exchange.getResponseBody().flush();
    }

    private static void event(HttpExchange exchange, String type, JsonNode object) throws IOException {
        ObjectNode event = Json.object().put("type", type);
        event.set("object", object);
        exchange.getResponseBody().write(Json.bytes(event));
        exchange.getResponseBody().write('\n');
    }
}
