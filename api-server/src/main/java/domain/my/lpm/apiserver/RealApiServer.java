package domain.my.lpm.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A real API server with its etcd, on the loopback interface; and, where its program is there too, the controllers that collect
 * garbage and end namespaces.
 */
public final class RealApiServer implements AutoCloseable {
    /** The system property that names the directory with the programs. */
    public static final String PROPERTY = "lpm.apiServer";

    /**
     * An answer of it.
     *
     * @param status the HTTP status
     * @param body the object, or the Status that says why not
     */
    public record Answer(int status, JsonNode body) {
        /** Whether it did what it was asked for. */
        public boolean isGood() {
            return status < 300;
        }
    }

    /** Something that becomes true when the server is up, and may fail until then. */
    public interface Condition {
        /** Whether it is true. */
        boolean holds() throws IOException, InterruptedException;
    }

    /** What other programs write while this one is away. */
    public interface Writes {
        /** Writes it, by {@link RealApiServer#call}. */
        void write() throws IOException, InterruptedException;
    }

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final YAMLMapper YAML = new YAMLMapper();

    /** Started by the first who asks. */
    private static final class Shared {
        private static final RealApiServer SERVER = startShared(Path.of(System.getProperty(PROPERTY)));
    }

    private final String token = UUID.randomUUID().toString();
    private final Map<String, Process> processes = new LinkedHashMap<>();
    private final Path programs;
    private final Path directory;
    private final String store;
    private final int port;
    private final HttpClient client;
    private int servingAt;

    /**
     * Starts it and waits until it is ready.
     *
     * @param programs where {@code etcd} and {@code kube-apiserver} are, and maybe {@code kube-controller-manager}
     * @param directory an empty one, for all their files
     */
    public RealApiServer(Path programs, Path directory)
            throws IOException, GeneralSecurityException, InterruptedException {
        this.programs = programs;
        this.directory = directory;
        port = freePort();
        servingAt = port;
        store = "http://127.0.0.1:" + freePort();
        String peers = "http://127.0.0.1:" + freePort();
        try {
            start(
                    "etcd",
                    "--data-dir=" + directory.resolve("etcd"),
                    // It is removed with this process.
                    "--unsafe-no-fsync",
                    "--listen-client-urls=" + store,
                    "--advertise-client-urls=" + store,
                    "--listen-peer-urls=" + peers,
                    "--initial-advertise-peer-urls=" + peers,
                    "--initial-cluster=default=" + peers);
            writeServiceAccountKey();
            Files.writeString(directory.resolve("tokens"), token + ",admin,admin,system:masters\n");
            serve(port);
            Path certificate = certificate();
            await(() -> Files.exists(certificate) && Files.size(certificate) > 0);
            client = HttpClient.newBuilder().sslContext(trusting(certificate)).build();
            await(this::isReady);
            if (Files.exists(programs.resolve("kube-controller-manager"))) {
                start(
                        "kube-controller-manager",
                        "--kubeconfig=" + Files.writeString(directory.resolve("kubeconfig"), kubeconfig()),
                        "--controllers=garbage-collector-controller,namespace-controller",
                        "--leader-elect=false",
                        "--bind-address=127.0.0.1",
                        "--secure-port=" + freePort(),
                        "--cert-dir=" + directory.resolve("certificates-of-controllers"));
            }
        } catch (IOException | GeneralSecurityException | InterruptedException | RuntimeException failed) {
            close();
            throw failed;
        }
    }

    /** Whether there are programs to start it from. */
    public static boolean isThere() {
        return !System.getProperty(PROPERTY, "").isEmpty();
    }

    /** The one that all tests of this process share, with the CRDs; ended when the process ends. */
    public static RealApiServer shared() {
        // One that could not be started is not tried again for each test.
        return Shared.SERVER;
    }

    private static RealApiServer startShared(Path programs) {
        try {
            Path directory = Files.createTempDirectory("api-server-");
            RealApiServer server = new RealApiServer(programs, directory);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                server.close();
                remove(directory);
            }));
            server.load(Path.of("../crds"));
            return server;
        } catch (IOException | GeneralSecurityException failed) {
            throw new IllegalStateException("the API server of " + programs + " could not be started", failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the API server started", interrupted);
        }
    }

    /** Whether objects go with their owners, and namespaces with all that is in them. */
    public boolean collectsGarbage() {
        return processes.containsKey("kube-controller-manager");
    }

    /** Where it serves. */
    public URI address() {
        return URI.create("https://127.0.0.1:" + port);
    }

    /** What shows that a client may do everything. */
    public String token() {
        return token;
    }

    /** Whom clients have to trust, in PEM. */
    public String authority() {
        try {
            return Files.readString(certificate());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private String kubeconfig() {
        return """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "%s", certificate-authority: "%s"}}]
                users: [{name: u, user: {token: "%s"}}]
                contexts: [{name: c, context: {cluster: c, user: u}}]
                current-context: c
                """.formatted(address(), certificate(), token);
    }

    /** Sends a request with a body of JSON. */
    public Answer call(String method, String path, @Nullable JsonNode body) throws IOException, InterruptedException {
        return call(method, path, "application/json", body);
    }

    private Answer call(String method, String path, String type, @Nullable JsonNode body)
            throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(
                HttpRequest.newBuilder(
                                URI.create("https://127.0.0.1:" + servingAt).resolve(path))
                        .timeout(PATIENCE)
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", type)
                        .method(
                                method,
                                body == null
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body.toString()))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        boolean json = response.headers()
                .firstValue("Content-Type")
                .filter(given -> given.startsWith("application/json"))
                .isPresent();
        return new Answer(response.statusCode(), json ? JSON.readTree(response.body()) : JSON.missingNode());
    }

    /**
     * Creates the CRDs in a directory's YAML files, one per file, and waits until they are served.
     *
     * @throws IOException also when one is refused, which strict field validation does, or is not structural
     */
    public void load(Path crds) throws IOException, InterruptedException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(crds, "*.yaml")) {
            for (Path file : files) {
                JsonNode crd = YAML.readTree(Files.readString(file));
                require(call("POST", CRDS + "?fieldValidation=Strict", crd), file.toString());
                String name = crd.at("/metadata/name").asText();
                await(() -> isTrue(name, "Established"));
                if (isTrue(name, "NonStructuralSchema")) {
                    throw new IOException("the CRD in " + file + " is not structural");
                }
                // Served a little later than established.
                String collection = "/apis/%s/%s/%s"
                        .formatted(
                                crd.at("/spec/group").asText(),
                                crd.at("/spec/versions/0/name").asText(),
                                crd.at("/spec/names/plural").asText());
                await(() -> call("GET", collection, null).isGood());
            }
        }
    }

    private boolean isTrue(String crd, String condition) throws IOException, InterruptedException {
        for (JsonNode told : call("GET", CRDS + "/" + crd, null).body().at("/status/conditions")) {
            if (told.path("type").asText().equals(condition)) {
                return told.path("status").asText().equals("True");
            }
        }
        return false;
    }

    /** Creates a namespace, if there is none of that name. */
    public void makeNamespace(String name) {
        try {
            Answer answer = call(
                    "POST",
                    "/api/v1/namespaces",
                    JSON.createObjectNode()
                            .set("metadata", JSON.createObjectNode().put("name", name)));
            if (answer.status() != 409) {
                require(answer, "namespace " + name);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Removes every object of what {@code collections} list, whatever holds it. */
    public void clear(String... collections) {
        try {
            for (String collection : collections) {
                await(() -> isCleared(collection));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    private boolean isCleared(String collection) throws IOException, InterruptedException {
        JsonNode options = JSON.createObjectNode().put("gracePeriodSeconds", 0).put("propagationPolicy", "Background");
        boolean cleared = true;
        Answer list = call("GET", collection, null);
        require(list, collection);
        for (JsonNode object : list.body().path("items")) {
            String namespace = object.at("/metadata/namespace").asText();
            if (namespace.startsWith("kube-")) {
                continue;
            }
            cleared = false;
            String one = (namespace.isEmpty()
                            ? collection
                            : collection.replaceFirst("/([a-z]+)$", "/namespaces/" + namespace + "/$1"))
                    + "/" + object.at("/metadata/name").asText();
            call("DELETE", one, options);
            if (!object.at("/metadata/finalizers").isEmpty()) {
                call(
                        "PATCH",
                        one,
                        "application/merge-patch+json",
                        JSON.readTree("{\"metadata\": {\"finalizers\": null}}"));
            }
        }
        return cleared;
    }

    /** Kills the API server, and starts it anew at the same address. */
    public void restart() throws IOException, InterruptedException {
        stopServing();
        serve(port);
        await(this::isReady);
    }

    /**
     * Kills the API server, has others write by one that serves elsewhere, forgets what there was before, and starts it anew at the
     * same address: whoever watched has missed changes, and cannot be told of them.
     */
    public void forgetBehind(Writes writes) throws IOException, InterruptedException {
        stopServing();
        servingAt = freePort();
        serve(servingAt);
        await(this::isReady);
        writes.write();
        forget();
        stopServing();
        servingAt = port;
        restart();
    }

    /** Compacts etcd. */
    private void forget() throws IOException, InterruptedException {
        // The revision of the store is in every answer; keys and values are in base 64.
        JsonNode revision = etcd("range", "{\"key\": \"AA==\"}").at("/header/revision");
        etcd("compaction", "{\"revision\": \"" + revision.asText() + "\", \"physical\": true}");
    }

    private JsonNode etcd(String operation, String request) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(
                HttpRequest.newBuilder(URI.create(store + "/v3/kv/" + operation))
                        .POST(HttpRequest.BodyPublishers.ofString(request))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("etcd answers %s with %s".formatted(operation, response.body()));
        }
        return JSON.readTree(response.body());
    }

    private static void require(Answer answer, String what) throws IOException {
        if (!answer.isGood()) {
            throw new IOException("the API server answers '%s' with %d: %s"
                    .formatted(
                            what, answer.status(), answer.body().path("message").asText()));
        }
    }

    private boolean isReady() throws IOException, InterruptedException {
        return call("GET", "/readyz", null).isGood();
    }

    /** Waits until something is true, as long as the programs run. */
    public void await(Condition condition) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        @Nullable IOException last = null;
        while (System.nanoTime() < end) {
            for (Map.Entry<String, Process> process : processes.entrySet()) {
                // The controllers end when they lose their API server.
                if (!process.getValue().isAlive() && !process.getKey().equals("kube-controller-manager")) {
                    throw new IOException("%s of the API server has ended; see the logs in %s"
                            .formatted(process.getKey(), directory));
                }
            }
            try {
                if (condition.holds()) {
                    return;
                }
            } catch (IOException notYet) {
                last = notYet;
            }
            Thread.sleep(50);
        }
        throw new IOException("the API server does not come to what is waited for; see the logs in " + directory, last);
    }

    private void serve(int at) throws IOException {
        Path key = directory.resolve("service-account.key");
        start(
                "kube-apiserver",
                "--etcd-servers=" + store,
                "--bind-address=127.0.0.1",
                "--secure-port=" + at,
                "--cert-dir=" + directory.resolve("certificates"),
                "--token-auth-file=" + directory.resolve("tokens"),
                "--authorization-mode=RBAC",
                // Nobody makes the accounts that pods would need.
                "--disable-admission-plugins=ServiceAccount",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=" + key,
                "--service-account-signing-key-file=" + key,
                "--service-cluster-ip-range=10.0.0.0/24",
                "--shutdown-delay-duration=0s");
    }

    private void stopServing() throws InterruptedException {
        Process serving = processes.remove("kube-apiserver");
        if (serving != null) {
            serving.destroyForcibly().waitFor();
        }
    }

    private void start(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(programs.resolve(program).toString()));
        command.addAll(List.of(arguments));
        processes.put(
                program,
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(
                                directory.resolve(program + ".log").toFile()))
                        .start());
    }

    private Path certificate() {
        return directory.resolve("certificates").resolve("apiserver.crt");
    }

    private void writeServiceAccountKey() throws IOException, GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair keys = generator.generateKeyPair();
        Files.writeString(
                directory.resolve("service-account.key"),
                "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"
                        .formatted(Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                                .encodeToString(keys.getPrivate().getEncoded())));
    }

    private static SSLContext trusting(Path certificates) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream in = Files.newInputStream(certificates)) {
            int number = 0;
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry("certificate-" + number++, certificate);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void remove(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException | UncheckedIOException left) {
            // A file that a program still wrote is left to the temporary directory.
        }
    }

    @Override
    public void close() {
        // The store last.
        List<Process> newestFirst = new ArrayList<>(processes.values());
        java.util.Collections.reverse(newestFirst);
        for (Process process : newestFirst) {
            process.destroy();
            try {
                if (!process.waitFor(10, TimeUnit.SECONDS)) {
                    process.destroyForcibly().waitFor();
                }
            } catch (InterruptedException hurried) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
        processes.clear();
    }
}
