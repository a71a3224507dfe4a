package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.Labels;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A namespace with the label for injection: what is created there starts by our entry, and lives as ever. */
@EndToEnd
class InjectionTest {
    private static final Map<String, String> LABELS = Map.of("app", "counters");

    private static Deployment deployment() {
        Pod counter = Scenario.counter("counter");
        return new DeploymentBuilder()
                .withNewMetadata()
                .withName("counters")
                .endMetadata()
                .withNewSpec()
                .withReplicas(2)
                .withNewSelector()
                .withMatchLabels(LABELS)
                .endSelector()
                // No annotation: the namespace asks for it.
                .withTemplate(new PodTemplateSpecBuilder()
                        .withNewMetadata()
                        .withLabels(LABELS)
                        .endMetadata()
                        .withSpec(counter.getSpec())
                        .build())
                .endSpec()
                .build();
    }

    private static List<Pod> pods(Scenario scenario) {
        return scenario.client().pods().inNamespace(scenario.namespace()).withLabels(LABELS).list().getItems().stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .toList();
    }

    private static void awaitAvailable(Scenario scenario, int replicas) {
        Awaitility.await().atMost(Cluster.PATIENCE).untilAsserted(() -> {
            Deployment now = scenario.client()
                    .apps()
                    .deployments()
                    .inNamespace(scenario.namespace())
                    .withName("counters")
                    .get();
            assertThat(now.getStatus().getObservedGeneration())
                    .isEqualTo(now.getMetadata().getGeneration());
            assertThat(now.getStatus().getUpdatedReplicas()).isEqualTo(replicas);
            assertThat(now.getStatus().getAvailableReplicas()).isEqualTo(replicas);
            assertThat(pods(scenario)).hasSize(replicas);
        });
    }

    private static String log(Scenario scenario, Pod pod) {
        return scenario.client()
                .pods()
                .inNamespace(scenario.namespace())
                .withName(pod.getMetadata().getName())
                .inContainer("counter")
                .getLog();
    }

    @Test
    void aDeploymentLivesAsEver(Scenario scenario) {
        scenario.client().namespaces().withName(scenario.namespace()).edit(namespace -> {
            namespace.getMetadata().getLabels().put(Labels.INJECTION, Labels.INJECTION_ENABLED);
            return namespace;
        });
        scenario.client()
                .resource(deployment())
                .inNamespace(scenario.namespace())
                .create();
        awaitAvailable(scenario, 2);
        for (Pod pod : pods(scenario)) {
            assertThat(pod.getSpec().getInitContainers()).extracting("name").contains("lpm-install");
            assertThat(pod.getSpec().getContainers().get(0).getCommand()).startsWith("/lpm/entry");
            Awaitility.await()
                    .atMost(Cluster.PATIENCE)
                    .untilAsserted(() -> assertThat(log(scenario, pod)).startsWith("tick 1 nonce="));
        }

        scale(scenario, 4);
        awaitAvailable(scenario, 4);
        scale(scenario, 2);
        awaitAvailable(scenario, 2);

        List<String> before = names(scenario);
        scenario.client()
                .apps()
                .deployments()
                .inNamespace(scenario.namespace())
                .withName("counters")
                .rolling()
                .restart();
        awaitAvailable(scenario, 2);
        assertThat(names(scenario)).doesNotContainAnyElementsOf(before);

        Map<String, Integer> restarts = restarts(scenario);
        Pod counter = pods(scenario).get(0);
        int ticks = log(scenario, counter).split("\n").length;
        scenario.cluster().shells().run(counter.getSpec().getNodeName(), "kill -9 $(pgrep -x kubelet)");
        Awaitility.await()
                .atMost(Cluster.PATIENCE)
                .ignoreExceptions()
                .untilAsserted(
                        () -> assertThat(log(scenario, counter).split("\n")).hasSizeGreaterThan(ticks + 20));
        assertThat(restarts(scenario)).isEqualTo(restarts);
    }

    private static void scale(Scenario scenario, int replicas) {
        scenario.client()
                .apps()
                .deployments()
                .inNamespace(scenario.namespace())
                .withName("counters")
                .scale(replicas);
    }

    private static List<String> names(Scenario scenario) {
        return pods(scenario).stream().map(pod -> pod.getMetadata().getName()).toList();
    }

    private static Map<String, Integer> restarts(Scenario scenario) {
        return pods(scenario).stream()
                .collect(Collectors.toMap(
                        pod -> pod.getMetadata().getName(),
                        pod -> pod.getStatus().getContainerStatuses().get(0).getRestartCount()));
    }
}
