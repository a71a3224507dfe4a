package domain.my.lpm.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.protocol.runtime.Image;
import domain.my.lpm.agent.protocol.runtime.ImageServiceGrpc;
import domain.my.lpm.agent.protocol.runtime.ImageStatusRequest;
import domain.my.lpm.agent.protocol.runtime.ImageStatusResponse;
import domain.my.lpm.agent.protocol.runtime.PullImageRequest;
import domain.my.lpm.agent.protocol.runtime.PullImageResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a runtime that pulls by HTTP, as CRI-O does. */
class PullImporterTest {
    private static final Importer.Base BASE = new Importer.Base("0123abcd", "docker.io/library/busybox:1.37");

    private final Path directory;
    private final Runtime runtime = new Runtime();
    private final EventLoopGroup events = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final PullImporter importer;
    private Server server;

    PullImporterTest(@TempDir Path directory) {
        this.directory = directory;
        this.importer = new PullImporter(directory.resolve("cri.sock"), PullImporterTest::listen);
    }

    private static ServerSocketChannel listen() throws java.io.IOException {
        return ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
    }

    /** What it has, by name and by id; what a registry elsewhere has. */
    private static final class Runtime extends ImageServiceGrpc.ImageServiceImplBase {
        final Map<String, String> images = new ConcurrentHashMap<>();
        final Map<String, String> elsewhere = new HashMap<>();

        @Override
        public void imageStatus(ImageStatusRequest request, StreamObserver<ImageStatusResponse> response) {
            String wanted = request.getImage().getImage();
            ImageStatusResponse.Builder answer = ImageStatusResponse.newBuilder();
            if (images.containsKey(wanted) || images.containsValue(wanted)) {
                answer.setImage(Image.newBuilder().setId(images.getOrDefault(wanted, wanted)));
            }
            response.onNext(answer.build());
            response.onCompleted();
        }

        @Override
        public void pullImage(PullImageRequest request, StreamObserver<PullImageResponse> response) {
            String name = request.getImage().getImage();
            try {
                if (request.hasAuth()) {
                    String[] parts = name.split("/", 2);
                    String[] repository = parts[1].split(":", 2);
                    images.put(
                            name,
                            get(
                                    "http://" + parts[0] + "/v2/" + repository[0] + "/manifests/" + repository[1],
                                    request.getAuth().getUsername() + ":"
                                            + request.getAuth().getPassword()));
                } else if (elsewhere.containsKey(name)) {
                    images.put(name, elsewhere.get(name));
                } else {
                    throw new java.io.IOException("manifest unknown");
                }
            } catch (Exception failure) {
                response.onError(
                        Status.UNKNOWN.withDescription(failure.getMessage()).asRuntimeException());
                return;
            }
            response.onNext(PullImageResponse.newBuilder().setImageRef(name).build());
            response.onCompleted();
        }

        private static String get(String url, String secret) throws Exception {
            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(url))
                                    .header(
                                            "Authorization",
                                            "Basic "
                                                    + Base64.getEncoder()
                                                            .encodeToString(secret.getBytes(StandardCharsets.UTF_8)))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new java.io.IOException("status " + answer.statusCode());
            }
            return answer.body();
        }
    }

    @BeforeEach
    void start() throws Exception {
        server = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(directory.resolve("cri.sock")))
                .channelType(NioServerDomainSocketChannel.class)
                .bossEventLoopGroup(events)
                .workerEventLoopGroup(events)
                .addService(runtime)
                .build()
                .start();
        Files.createDirectories(directory.resolve("layout/blobs/sha256"));
        Files.writeString(directory.resolve("layout/blobs/sha256/aa"), "the manifest");
        Files.writeString(
                directory.resolve("layout/index.json"),
                "{\"manifests\": [{\"mediaType\": \"m\", \"digest\": \"sha256:aa\"}]}");
    }

    @AfterEach
    void stop() {
        server.shutdownNow();
        events.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private String load(String repository) {
        return importer.load(directory.resolve("layout"), repository, "0123", BASE);
    }

    @Test
    void theRuntimePullsItFromTheAgent() {
        String image = load("lpm-checkpoint/main");

        assertThat(image).matches("127\\.0\\.0\\.1:[0-9]+/lpm-checkpoint/main:0123");
        assertThat(new TreeMap<>(runtime.images)).containsExactly(Map.entry(image, "the manifest"));
    }

    @Test
    void whatTheRuntimeSaysIsToldOn() throws Exception {
        Files.delete(directory.resolve("layout/blobs/sha256/aa"));

        assertThatThrownBy(() -> load("lpm-checkpoint/main"))
                .isInstanceOf(AgentException.class)
                .hasMessageMatching(
                        "CRI-O did not pull the image 127\\.0\\.0\\.1:[0-9]+/lpm-checkpoint/main:0123 from the"
                                + " agent: .*; see CRI-O's log, or use self-restore");
    }

    @Test
    void theImageOfTheContainerIsThere() {
        runtime.images.put(BASE.name(), BASE.id());

        importer.prepare(BASE);

        assertThat(runtime.images).hasSize(1);
    }

    @Test
    void itIsPulled() {
        runtime.elsewhere.put(BASE.name(), BASE.id());

        importer.prepare(BASE);

        assertThat(runtime.images).containsExactly(Map.entry(BASE.name(), BASE.id()));
    }

    @Test
    void itCannotBePulled() {
        assertThatThrownBy(() -> importer.prepare(BASE))
                .isInstanceOf(AgentException.class)
                .hasMessage(
                        "the image docker.io/library/busybox:1.37 with the id 0123abcd, which the container ran from, is"
                                + " not on this node and could not be pulled: manifest unknown; pull it on the node, or use"
                                + " self-restore");
    }

    @Test
    void itsNameMeansAnotherByNow() {
        runtime.elsewhere.put(BASE.name(), "4567");

        assertThatThrownBy(() -> importer.prepare(BASE))
                .isInstanceOf(AgentException.class)
                .hasMessage(
                        "the image docker.io/library/busybox:1.37 with the id 0123abcd, which the container ran from, is"
                                + " not on this node, and the registry has another by that name; pull it on the node, or use"
                                + " self-restore");
    }

    @Test
    void aRuntimeThatDoesNotAnswer() {
        server.shutdownNow();

        assertThatThrownBy(() -> load("lpm-checkpoint/main"))
                .isInstanceOf(AgentException.class)
                .hasMessageStartingWith(
                        "the container runtime does not answer at " + directory.resolve("cri.sock") + ": UNAVAILABLE")
                .hasMessageEndingWith("; see whether it runs, and --runtime-socket");
    }
}
