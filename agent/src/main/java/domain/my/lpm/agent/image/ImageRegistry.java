package domain.my.lpm.agent.image;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A registry with one image, for who knows its password. It answers what a pull asks for (OCI distribution specification 1.1, "Pull"),
 * over plain HTTP: one request a connection.
 */
final class ImageRegistry implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ImageRegistry.class);
    private static final int LONGEST_REQUEST = 1 << 16;

    /** How a client that tries TLS first begins. It is told no at once: nothing else would come from it. */
    private static final int TLS_HANDSHAKE = 0x16;

    private final ServerSocketChannel listening;
    private final String authorization;
    private final Map<String, Content> contents;
    private final Map<SocketChannel, Boolean> connections = new ConcurrentHashMap<>();

    private record Content(Path file, String type, String digest) {}

    private ImageRegistry(ServerSocketChannel listening, String authorization, Map<String, Content> contents) {
        this.listening = listening;
        this.authorization = authorization;
        this.contents = Map.copyOf(contents);
    }

    /**
     * Serves the image of a layout until it is closed.
     *
     * @param listening where; closed with this
     */
    static ImageRegistry serve(
            ServerSocketChannel listening, Path layout, String repository, String tag, String user, String password)
            throws IOException {
        Map<String, Content> contents = new ConcurrentHashMap<>();
        String above = "/v2/" + repository;
        try (var blobs = Files.list(layout.resolve("blobs/sha256"))) {
            blobs.forEach(blob -> {
                String digest = "sha256:" + blob.getFileName();
                contents.put(above + "/blobs/" + digest, new Content(blob, "application/octet-stream", digest));
            });
        }
        var manifest = JsonMapper.builder()
                .build()
                .readTree(layout.resolve("index.json").toFile())
                .path("manifests")
                .path(0);
        String digest = manifest.path("digest").asText();
        Content content = new Content(
                layout.resolve("blobs").resolve(digest.replace(':', '/')),
                manifest.path("mediaType").asText(),
                digest);
        contents.put(above + "/manifests/" + tag, content);
        contents.put(above + "/manifests/" + digest, content);
        ImageRegistry registry = new ImageRegistry(
                listening,
                "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8)),
                contents);
        start("registry", registry::accept);
        return registry;
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** The port that it listens at. */
    int port() {
        try {
            return ((InetSocketAddress) listening.getLocalAddress()).getPort();
        } catch (IOException closed) {
            throw new UncheckedIOException(closed);
        }
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel connection = listening.accept();
                connections.put(connection, true);
                if (!listening.isOpen()) {
                    // Whoever closed it may not have seen this one.
                    connection.close();
                    return;
                }
                start("registry-connection", () -> answer(connection));
            }
        } catch (IOException closed) {
            LOG.debug("the registry is closed: {}", closed.toString());
        }
    }

    private void answer(SocketChannel connection) {
        try (connection) {
            connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
            var first = ByteBuffer.allocate(1);
            if (connection.read(first) < 0 || first.get(0) == TLS_HANDSHAKE) {
                return;
            }
            BufferedReader request = new BufferedReader(
                    new InputStreamReader(Channels.newInputStream(connection), StandardCharsets.ISO_8859_1));
            String line = (char) first.get(0) + String.valueOf(request.readLine());
            boolean known = false;
            int length = line.length();
            for (String header = request.readLine();
                    header != null && !header.isEmpty() && length <= LONGEST_REQUEST;
                    header = request.readLine()) {
                length += header.length();
                int colon = header.indexOf(':');
                if (colon > 0 && header.substring(0, colon).equalsIgnoreCase("Authorization")) {
                    known = MessageDigest.isEqual(
                            header.substring(colon + 1).strip().getBytes(StandardCharsets.UTF_8),
                            authorization.getBytes(StandardCharsets.UTF_8));
                }
            }
            respond(connection, line, known);
        } catch (IOException gone) {
            LOG.debug("a pull broke off: {}", gone.toString());
        } finally {
            connections.remove(connection);
        }
    }

    private void respond(SocketChannel connection, String line, boolean known) throws IOException {
        String[] request = line.split(" ", -1);
        boolean head = request[0].equals("HEAD");
        if (request.length != 3 || !head && !request[0].equals("GET")) {
            write(connection, "405 Method Not Allowed", "Content-Length: 0\r\n");
            return;
        }
        if (!known) {
            write(
                    connection,
                    "401 Unauthorized",
                    "WWW-Authenticate: Basic realm=\"checkpoint images\"\r\nContent-Length: 0\r\n");
            return;
        }
        if (request[1].equals("/v2/")) {
            write(connection, "200 OK", "Content-Length: 0\r\n");
            return;
        }
        Content content = contents.get(request[1]);
        if (content == null) {
            write(connection, "404 Not Found", "Content-Length: 0\r\n");
            return;
        }
        try (FileChannel file = FileChannel.open(content.file())) {
            long size = file.size();
            write(
                    connection,
                    "200 OK",
                    "Content-Type: " + content.type() + "\r\nContent-Length: " + size + "\r\nDocker-Content-Digest: "
                            + content.digest() + "\r\n");
            long sent = head ? size : 0;
            while (sent < size) {
                sent += file.transferTo(sent, size - sent, connection);
            }
        }
    }

    private static void write(SocketChannel connection, String status, String headers) throws IOException {
        ByteBuffer bytes = StandardCharsets.ISO_8859_1.encode("HTTP/1.1 " + status
                + "\r\nDocker-Distribution-Api-Version: registry/2.0\r\nConnection: close\r\n" + headers + "\r\n");
        while (bytes.hasRemaining()) {
            connection.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (SocketChannel connection : connections.keySet()) {
            connection.close();
        }
    }
}
