package domain.my.lpm.api.crd;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A real API server with its etcd, on the loopback interface. */
final class ApiServer implements AutoCloseable {
    /**
     * An answer of it.
     *
     * @param status the HTTP status
     * @param body the object, or the Status that says why not
     */
    record Answer(int status, JsonNode body) {
        boolean isGood() {
            return status < 300;
        }
    }

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String token = UUID.randomUUID().toString();
    private final List<Process> processes = new ArrayList<>();
    private final Path directory;
    private final URI address;
    private final HttpClient client;

    /**
     * Starts it and waits until it is ready.
     *
     * @param programs where {@code etcd} and {@code kube-apiserver} are
     * @param directory an empty one, for all their files
     */
    ApiServer(Path programs, Path directory) throws IOException, GeneralSecurityException, InterruptedException {
        this.directory = directory;
        int port = freePort();
        address = URI.create("https://127.0.0.1:" + port);
        String store = "http://127.0.0.1:" + freePort();
        String peers = "http://127.0.0.1:" + freePort();
        try {
            start(
                    programs.resolve("etcd"),
                    "--data-dir=" + directory.resolve("etcd"),
                    "--listen-client-urls=" + store,
                    "--advertise-client-urls=" + store,
                    "--listen-peer-urls=" + peers,
                    "--initial-advertise-peer-urls=" + peers,
                    "--initial-cluster=default=" + peers);
            Path key = serviceAccountKey();
            start(
                    programs.resolve("kube-apiserver"),
                    "--etcd-servers=" + store,
                    "--bind-address=127.0.0.1",
                    "--secure-port=" + port,
                    "--cert-dir=" + directory.resolve("certificates"),
                    "--token-auth-file="
                            + Files.writeString(directory.resolve("tokens"), token + ",admin,admin,system:masters\n"),
                    "--authorization-mode=RBAC",
                    "--service-account-issuer=https://kubernetes.default.svc",
                    "--service-account-key-file=" + key,
                    "--service-account-signing-key-file=" + key,
                    "--service-cluster-ip-range=10.0.0.0/24");
            Path certificate = directory.resolve("certificates").resolve("apiserver.crt");
            await(() -> Files.exists(certificate) && Files.size(certificate) > 0);
            client = HttpClient.newBuilder().sslContext(trusting(certificate)).build();
            await(() -> call("GET", "/readyz", null).isGood());
        } catch (IOException | GeneralSecurityException | InterruptedException | RuntimeException failed) {
            close();
            throw failed;
        }
    }

    Answer call(String method, String path, @Nullable JsonNode body) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(
                HttpRequest.newBuilder(address.resolve(path))
                        .timeout(PATIENCE)
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                body == null
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body.toString()))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        boolean json = response.headers()
                .firstValue("Content-Type")
                .filter(type -> type.startsWith("application/json"))
                .isPresent();
        return new Answer(response.statusCode(), json ? JSON.readTree(response.body()) : JSON.missingNode());
    }

    /** Something that becomes true when the server is up, and may fail until then. */
    interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    void await(Condition condition) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        @Nullable IOException last = null;
        while (System.nanoTime() < end) {
            for (Process process : processes) {
                if (!process.isAlive()) {
                    throw new IOException("a program of the API server has ended; see the logs in " + directory);
                }
            }
            try {
                if (condition.holds()) {
                    return;
                }
            } catch (IOException notYet) {
                last = notYet;
            }
            Thread.sleep(100);
        }
        throw new IOException("the API server is not ready; see the logs in " + directory, last);
    }

    private void start(Path program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        Collections.addAll(command, arguments);
        processes.add(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        directory.resolve(program.getFileName() + ".log").toFile())
                .start());
    }

    private Path serviceAccountKey() throws IOException, GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair keys = generator.generateKeyPair();
        return Files.writeString(
                directory.resolve("service-account.key"),
                "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"
                        .formatted(Base64.getMimeEncoder()
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

    @Override
    public void close() {
        // The API server before its store.
        for (int i = processes.size() - 1; i >= 0; i--) {
            Process process = processes.get(i);
            process.destroy();
            try {
                if (!process.waitFor(30, TimeUnit.SECONDS)) {
                    process.destroyForcibly().waitFor();
                }
            } catch (InterruptedException hurried) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
