package domain.my.lpm.agent.kubelet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.kubelet.KubeletException.Cause;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManager;

/**
 * The checkpoint call of a kubelet, {@code POST /checkpoint/NAMESPACE/POD/CONTAINER} at its own port. The agent proves who it is
 * by a token or a client certificate; each is read again for every call.
 *
 * <p>Source of its answers: Kubernetes' pkg/kubelet/server/server.go and the runtimes behind it.
 */
public final class KubeletClient implements KubeletApi {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final int SHOWN = 512;

    private static final List<String> UNSUPPORTED = List.of(
            "unknown method CheckpointContainer",
            "not implemented",
            "checkpoint/restore support not available",
            "CRIU binary not found or too old");

    private final Access access;
    private final Backoff backoff;

    /**
     * How a kubelet is reached.
     *
     * @param endpoint for example {@code https://10.0.0.5:10250}
     * @param authorities who signed its certificate, as PEM
     * @param token the file with the agent's token; empty: none
     * @param certificate the agent's client certificate, as PEM; empty: none
     * @param key its key, PKCS#8 as PEM; present with {@code certificate}
     */
    public record Access(
            URI endpoint, Path authorities, Optional<Path> token, Optional<Path> certificate, Optional<Path> key) {}

    /** A kubelet. */
    public KubeletClient(Access access, Backoff backoff) {
        this.access = access;
        this.backoff = backoff;
    }

    @Override
    public Path checkpoint(PodReference pod, String container, Duration atMost) {
        return backoff.during(atMost, left -> once(pod, container, left));
    }

    private Path once(PodReference pod, String container, Duration atMost) {
        long seconds = Math.max(1, atMost.toSeconds());
        HttpRequest.Builder request = HttpRequest.newBuilder(access.endpoint()
                        .resolve("/checkpoint/" + pod.namespace() + "/" + pod.name() + "/" + container + "?timeout="
                                + seconds))
                .timeout(atMost)
                .POST(HttpRequest.BodyPublishers.noBody());
        access.token().ifPresent(file -> request.header("Authorization", "Bearer " + read(file)));
        HttpResponse<String> response;
        try {
            response = client().send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (HttpConnectTimeoutException | ConnectException unreachable) {
            throw new KubeletException(
                    Cause.UNREACHABLE,
                    "it cannot be reached at " + access.endpoint() + " (" + unreachable.getMessage()
                            + "); see whether it runs, and --kubelet",
                    unreachable);
        } catch (HttpTimeoutException slow) {
            throw new KubeletException(
                    Cause.TIMED_OUT,
                    "it did not answer within " + atMost.toMillis() + " ms; give the checkpoint longer",
                    slow);
        } catch (SSLHandshakeException untrusted) {
            throw new KubeletException(
                    Cause.UNAUTHORIZED,
                    "no trust between the agent and it (" + untrusted.getMessage()
                            + "); see --kubelet-authorities, and the agent's client certificate",
                    untrusted);
        } catch (IOException broken) {
            throw new KubeletException(
                    Cause.TIMED_OUT,
                    "the connection broke (" + broken.getMessage() + "); look at the container before another try",
                    broken);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new KubeletException(Cause.TIMED_OUT, "interrupted; look at the container", interrupted);
        }
        if (response.statusCode() != 200) {
            throw refusal(response.statusCode(), response.body());
        }
        return archive(response.body());
    }

    private static Path archive(String body) {
        try {
            JsonNode items = JSON.readTree(body).path("items");
            if (items.size() == 1 && items.get(0).isTextual()) {
                return Path.of(items.get(0).asText());
            }
        } catch (IOException noJson) {
            throw new KubeletException(
                    Cause.FAILED, "its answer is no JSON: " + shown(body) + "; see its version", noJson);
        }
        throw new KubeletException(
                Cause.FAILED, "its answer names no archive: " + shown(body) + "; see its version", null);
    }

    static KubeletException refusal(int status, String body) {
        String said = shown(body);
        if (UNSUPPORTED.stream().anyMatch(body::contains)) {
            return new KubeletException(
                    Cause.UNSUPPORTED,
                    "the node's runtime takes no checkpoints (" + said + "); let the launcher take it",
                    null);
        }
        return switch (status) {
            case 401 ->
                new KubeletException(
                        Cause.UNAUTHORIZED,
                        "it does not accept the agent's token or certificate; see --kubelet-token and"
                                + " --kubelet-certificate",
                        null);
            case 403 ->
                new KubeletException(
                        Cause.FORBIDDEN, "the agent may not (" + said + "); allow it to create nodes/checkpoint", null);
            case 404 ->
                new KubeletException(
                        Cause.NOT_FOUND,
                        "there is no such container, or its feature gate ContainerCheckpoint is off (" + said
                                + "); look at the pod, or let the launcher take it",
                        null);
            default ->
                body.contains("cannot pause a paused container")
                        ? new KubeletException(
                                Cause.PAUSED,
                                "the container is paused by somebody else (" + said + "); repeat it",
                                null)
                        : new KubeletException(
                                Cause.FAILED,
                                "it answered " + status + ": " + said + "; see the runtime's log on the node",
                                null);
        };
    }

    private static String shown(String body) {
        String line = body.strip().replace('\n', ' ');
        return line.length() > SHOWN ? line.substring(0, SHOWN) + "…" : line;
    }

    private HttpClient client() {
        try {
            AdvancedTlsX509TrustManager trust =
                    AdvancedTlsX509TrustManager.newBuilder().build();
            trust.updateTrustCredentials(access.authorities().toFile());
            KeyManager[] own = new KeyManager[0];
            if (access.certificate().isPresent() && access.key().isPresent()) {
                AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
                identity.updateIdentityCredentials(
                        access.certificate().get().toFile(), access.key().get().toFile());
                own = new KeyManager[] {identity};
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own, new TrustManager[] {trust}, null);
            return HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(CONNECT)
                    .sslContext(context)
                    .build();
        } catch (IOException | GeneralSecurityException unusable) {
            throw new KubeletException(
                    Cause.UNAUTHORIZED,
                    "the agent's files for it cannot be used (" + unusable.getMessage()
                            + "); see --kubelet-authorities, --kubelet-certificate and --kubelet-key",
                    unusable);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read the token " + file + "; see --kubelet-token", unreadable);
        }
    }
}
