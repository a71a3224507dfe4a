package domain.my.lpm.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageRegistryTest {
    private static final String MANIFEST = "{\"schemaVersion\": 2}";

    private final Path layout;
    private final HttpClient client = HttpClient.newHttpClient();
    private ImageRegistry registry;

    ImageRegistryTest(@TempDir Path layout) {
        this.layout = layout;
    }

    @BeforeEach
    void serve() throws IOException {
        Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
        Files.writeString(blobs.resolve("aa"), MANIFEST);
        Files.write(blobs.resolve("bb"), new byte[3_000_000]);
        Files.writeString(layout.resolve("index.json"), """
                {"manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:aa"}]}
                """);
        registry = ImageRegistry.serve(
                ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                layout,
                "lpm-checkpoint/main",
                "0123",
                "crio",
                "secret");
    }

    @AfterEach
    void close() throws IOException {
        registry.close();
    }

    private HttpResponse<byte[]> ask(String method, String path, String password) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + registry.port() + path))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .header(
                                "authorization",
                                "Basic "
                                        + Base64.getEncoder()
                                                .encodeToString(("crio:" + password).getBytes(StandardCharsets.UTF_8)))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    @Test
    void aPull() throws Exception {
        assertThat(ask("GET", "/v2/", "secret").statusCode()).isEqualTo(200);
        HttpResponse<byte[]> manifest = ask("GET", "/v2/lpm-checkpoint/main/manifests/0123", "secret");
        assertThat(new String(manifest.body(), StandardCharsets.UTF_8)).isEqualTo(MANIFEST);
        assertThat(manifest.headers().firstValue("content-type"))
                .contains("application/vnd.oci.image.manifest.v1+json");
        assertThat(manifest.headers().firstValue("docker-content-digest")).contains("sha256:aa");
        assertThat(ask("GET", "/v2/lpm-checkpoint/main/manifests/sha256:aa", "secret")
                        .body())
                .isEqualTo(manifest.body());
        assertThat(ask("GET", "/v2/lpm-checkpoint/main/blobs/sha256:bb", "secret")
                        .body())
                .isEqualTo(new byte[3_000_000]);
        HttpResponse<byte[]> head = ask("HEAD", "/v2/lpm-checkpoint/main/blobs/sha256:bb", "secret");
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().firstValueAsLong("content-length")).hasValue(3_000_000);
    }

    @Test
    void whoDoesNotKnowThePasswordGetsNothing() throws Exception {
        for (String path : new String[] {"/v2/", "/v2/lpm-checkpoint/main/manifests/0123", "/nothing"}) {
            HttpResponse<byte[]> refused = ask("GET", path, "guessed");
            assertThat(refused.statusCode()).as(path).isEqualTo(401);
            assertThat(refused.body()).isEmpty();
            assertThat(refused.headers().firstValue("www-authenticate")).contains("Basic realm=\"checkpoint images\"");
        }
    }

    @Test
    void nothingElseIsServed() throws Exception {
        for (String path : new String[] {
            "/v2/lpm-checkpoint/main/manifests/other",
            "/v2/lpm-checkpoint/main/blobs/sha256:cc",
            "/v2/lpm-checkpoint/main/blobs/../../index.json",
            "/v2/other/manifests/0123"
        }) {
            assertThat(ask("GET", path, "secret").statusCode()).as(path).isEqualTo(404);
        }
        assertThat(ask("PUT", "/v2/lpm-checkpoint/main/manifests/0123", "secret")
                        .statusCode())
                .isEqualTo(405);
    }

    @Test
    void whoTriesTlsIsToldNoAtOnce() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), registry.port())) {
            // The beginning of a handshake, which says that 512 bytes come.
            socket.getOutputStream().write(new byte[] {0x16, 3, 1, 2, 0});
            assertThat(hasEnded(socket)).isTrue();
        }
    }

    @Test
    void itEndsWhenItIsClosed() throws Exception {
        int port = registry.port();
        try (Socket open = new Socket(InetAddress.getLoopbackAddress(), port)) {
            registry.close();
            assertThat(hasEnded(open)).isTrue();
        }
        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                .isInstanceOf(ConnectException.class);
    }

    /** Whether the other side has ended the connection, which this waits for. */
    private static boolean hasEnded(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() == -1;
        } catch (SocketException reset) {
            return true;
        }
    }
}
