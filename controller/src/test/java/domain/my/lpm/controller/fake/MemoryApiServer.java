package domain.my.lpm.controller.fake;

import domain.my.lpm.api.SchedulingGates;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointContent;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.node.MigrationNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSchedulingGate;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;

/** fabric8's API server in memory, and what of a real one the controller needs besides: answers about one's own rights. */
final class MemoryApiServer implements ApiServer {
    /** It tells of every request. */
    private static final Logger TALKATIVE = Logger.getLogger(MockWebServer.class.getName());

    private final AtomicInteger writes = new AtomicInteger();
    private final KubernetesMockServer server;
    private volatile boolean webhook = true;

    /** Begins to serve the kinds of this project, and those of Kubernetes. */
    MemoryApiServer() {
        TALKATIVE.setLevel(Level.WARNING);
        server = new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), new Dispatcher(), false);
        for (Class<? extends CustomResource<?, ?>> kind : List.<Class<? extends CustomResource<?, ?>>>of(
                PodMigration.class,
                PodCheckpoint.class,
                ContainerCheckpoint.class,
                PodCheckpointContent.class,
                ContainerCheckpointContent.class,
                MigrationNode.class)) {
            CustomResourceDefinitionContext context = CustomResourceDefinitionContext.fromCustomResourceType(kind);
            server.expectCustomResource(new CustomResourceDefinitionContext.Builder()
                    .withGroup(context.getGroup())
                    .withVersion(context.getVersion())
                    .withKind(context.getKind())
                    .withPlural(context.getPlural())
                    .withScope(context.getScope())
                    .withStatusSubresource(true)
                    .build());
        }
        server.init();
    }

    @Override
    public NamespacedKubernetesClient client() {
        return server.createClient();
    }

    @Override
    public void loseWebhook() {
        webhook = false;
    }

    @Override
    public int writes() {
        return writes.get();
    }

    @Override
    public void close() {
        try {
            server.destroy();
        } catch (IllegalStateException slow) {
            // It waits for its own event loop now and then, and gives up after 30 s. Its port is closed by then.
            if (!String.valueOf(slow.getMessage()).startsWith("Unable to close MockWebServer")) {
                throw slow;
            }
        }
    }

    private final class Dispatcher extends KubernetesCrudDispatcher {
        @Override
        public MockResponse handleCreate(RecordedRequest request) {
            writes.incrementAndGet();
            if (request.getPath().endsWith("/selfsubjectrulesreviews")) {
                return new MockResponse().setResponseCode(201).setBody("""
                                {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{},"status":{
                                "incomplete":false,"nonResourceRules":[],"resourceRules":[{"apiGroups":["*"],"resources":["*"],
                                "verbs":["*"]}]}}
                                """);
            }
            return request.getPath().endsWith("/pods") ? createPod(request) : super.handleCreate(request);
        }

        /** What the webhook and the validation of pods make of a scheduling gate. */
        private MockResponse createPod(RecordedRequest request) {
            Pod pod = Serialization.unmarshal(request.getUtf8Body(), Pod.class);
            List<PodSchedulingGate> gates = pod.getSpec().getSchedulingGates();
            if (webhook) {
                gates.removeIf(gate -> gate.getName().equals(SchedulingGates.UNPREPARED));
            }
            if (!gates.isEmpty() && pod.getSpec().getNodeName() != null) {
                return new MockResponse().setResponseCode(422).setBody("""
                                {"apiVersion":"v1","kind":"Status","status":"Failure","code":422,"reason":"Invalid",
                                "message":"spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"}
                                """);
            }
            return super.handleCreate(new RecordedRequest(
                    request.getHttpVersion(),
                    request.method(),
                    request.getPath(),
                    request.getHeaders(),
                    new Buffer(Serialization.asJson(pod).getBytes(StandardCharsets.UTF_8))));
        }

        @Override
        public MockResponse handlePatch(RecordedRequest request) {
            writes.incrementAndGet();
            MockResponse before = super.handleGet(request.getPath().replaceAll("/status$", ""));
            MockResponse answer = super.handlePatch(request);
            // A patch that takes the last finalizer ends the object, and is answered by it.
            boolean ended = answer.code() < 300
                    && (answer.getBody() == null || answer.getBody().size() == 0);
            return ended ? before : answer;
        }

        @Override
        public MockResponse handleUpdate(RecordedRequest request) {
            writes.incrementAndGet();
            return super.handleUpdate(request);
        }
    }
}
