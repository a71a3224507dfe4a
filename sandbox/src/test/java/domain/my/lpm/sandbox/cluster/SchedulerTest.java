package domain.my.lpm.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import domain.my.lpm.sandbox.cluster.server.ApiServer;
import domain.my.lpm.sandbox.cluster.tls.Authority;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final Node A = node("a").build();
    private static final Node B = node("b").build();

    private static NodeBuilder node(String name) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("kubernetes.io/hostname", name)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus();
    }

    private static PodBuilder pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("busybox")
                .endContainer()
                .endSpec();
    }

    private static Optional<String> choose(Pod pod, Node... nodes) {
        return Scheduler.choose(pod, List.of(nodes), Map.of());
    }

    @Test
    void theNodeWithTheFewestPodsIsTaken() {
        assertThat(Scheduler.choose(pod("p").build(), List.of(A, B), Map.of("a", 2, "b", 1)))
                .hasValue("b");
    }

    @Test
    void cordonedTaintedAndUnreadyNodesAreLeftOut() {
        Node cordoned = node("a").editSpec().withUnschedulable(true).endSpec().build();
        Node tainted = node("a")
                .editSpec()
                .addNewTaint()
                .withKey("only")
                .withValue("batch")
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec()
                .build();
        Node unready = node("a")
                .editStatus()
                .editFirstCondition()
                .withStatus("Unknown")
                .endCondition()
                .endStatus()
                .build();
        for (Node unfit : List.of(cordoned, tainted, unready)) {
            assertThat(choose(pod("p").build(), unfit)).isEmpty();
            assertThat(choose(pod("p").build(), unfit, B)).hasValue("b");
        }
        Pod tolerant = pod("p").editSpec()
                .addNewToleration()
                .withKey("only")
                .withOperator("Equal")
                .withValue("batch")
                .endToleration()
                .endSpec()
                .build();
        assertThat(choose(tolerant, tainted)).hasValue("a");
        assertThat(choose(tolerant, cordoned)).isEmpty();
    }

    @Test
    void selectorAndRequiredAffinityAreHeld() {
        Pod selecting = pod("p").editSpec()
                .addToNodeSelector("kubernetes.io/hostname", "b")
                .endSpec()
                .build();
        assertThat(choose(selecting, A)).isEmpty();
        assertThat(choose(selecting, A, B)).hasValue("b");
        Pod away = pod("p").editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addNewMatchField()
                .withKey("metadata.name")
                .withOperator("NotIn")
                .withValues("a")
                .endMatchField()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec()
                .build();
        assertThat(choose(away, A)).isEmpty();
        assertThat(choose(away, A, B)).hasValue("b");
    }

    @Test
    void aPodWaitsUntilANodeFits() {
        try (ApiServer server = ApiServer.start(new Authority(), "secret", InstantSource.system());
                KubernetesClient client = new KubernetesClientBuilder()
                        .withConfig(server.clientConfig())
                        .build();
                Scheduler scheduler = new Scheduler(client)) {
            scheduler.start();
            Pod first = client.resource(pod("first").build()).create();
            await().untilAsserted(() -> assertThat(
                            client.resource(first).get().getStatus().getConditions())
                    .anyMatch(condition -> "Unschedulable".equals(condition.getReason())
                            && condition.getMessage().startsWith("0/0 nodes are available")));
            client.resource(A).create();
            client.resource(B).create();
            client.resource(pod("second").build()).create();
            await().untilAsserted(() -> assertThat(client.pods().list().getItems())
                    .extracting(pod -> pod.getSpec().getNodeName())
                    .containsExactlyInAnyOrder("a", "b"));
        }
    }
}
