package domain.my.lpm.controller.fake;

import domain.my.lpm.apiserver.RealApiServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;

/** The real API server of this process, without the objects of the test before. */
final class SharedApiServer implements ApiServer {
    private static final String OURS = "/apis/lpm.my.domain/v1/";
    private static final String[] COLLECTIONS = {
        // What is made for others, first: their controller is no more.
        OURS + "podmigrations",
        OURS + "podcheckpoints",
        OURS + "containercheckpoints",
        OURS + "podcheckpointcontents",
        OURS + "containercheckpointcontents",
        OURS + "migrationnodes",
        "/api/v1/pods",
        "/api/v1/nodes"
    };

    private final RealApiServer server = RealApiServer.shared();
    private final GateWebhook webhook = GateWebhook.of(server);
    private final AtomicInteger writes = new AtomicInteger();

    SharedApiServer() {
        server.makeNamespace(FakeCluster.NAMESPACE);
        server.clear(COLLECTIONS);
        webhook.prepare(true);
    }

    @Override
    public NamespacedKubernetesClient client() {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(Config.empty())
                        .withMasterUrl(server.address().toString())
                        .withOauthToken(server.token())
                        .withCaCertData(Base64.getEncoder()
                                .encodeToString(server.authority().getBytes(StandardCharsets.UTF_8)))
                        .withNamespace("default")
                        .build())
                .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("writes", new Interceptor() {
                    @Override
                    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
                        if (!request.method().equals("GET")) {
                            writes.incrementAndGet();
                        }
                    }
                }))
                .build()
                .adapt(NamespacedKubernetesClient.class);
    }

    @Override
    public void loseWebhook() {
        webhook.prepare(false);
    }

    @Override
    public int writes() {
        return writes.get();
    }

    @Override
    public void close() {
        server.clear(COLLECTIONS);
    }
}
