package domain.my.lpm.e2e;

import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.node.MigrationNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assertions;

/** The cluster that {@code KUBECONFIG} names: one for all scenarios, with the product installed and at least two nodes. */
final class Cluster implements AutoCloseable {
    /** For what happens on a machine that others use, too. No test asserts how long anything takes by it. */
    static final Duration PATIENCE = Duration.ofSeconds(Long.getLong("lpm.e2e.patienceSeconds", 240));

    /** Where the product is installed. */
    static final String SYSTEM = "lpm-system";

    private final KubernetesClient client;
    private final List<String> nodes;
    private final NodeShells shells;
    private final Report report = new Report();

    private Cluster(KubernetesClient client) {
        this.client = client;
        nodes = readyNodes(client);
        if (nodes.size() < 2) {
            client.close();
            Assertions.fail("pods can be moved between two nodes at least, and these have an agent that is ready: "
                    + nodes + "; see 'kubectl get migrationnodes', and install the product: ./lpm cluster install");
        }
        shells = NodeShells.start(client, nodes);
    }

    /** Connects. */
    static Cluster connect() {
        String file = System.getenv("KUBECONFIG");
        if (file == null || !Files.isReadable(Path.of(file))) {
            Assertions.fail("KUBECONFIG is '" + file + "', and must name a cluster with the product installed;"
                    + " './lpm test --cluster' makes one");
        }
        Config config = Config.fromKubeconfig(Path.of(file).toFile());
        return new Cluster(new KubernetesClientBuilder().withConfig(config).build());
    }

    private static List<String> readyNodes(KubernetesClient client) {
        List<String> ready = new ArrayList<>();
        for (MigrationNode node : client.resources(MigrationNode.class).list().getItems()) {
            Node real = client.nodes().withName(node.getMetadata().getName()).get();
            if (real != null
                    && !Boolean.TRUE.equals(real.getSpec().getUnschedulable())
                    && node.getStatus() != null
                    && Conditions.isTrue(node.getStatus().getConditions(), "Ready")) {
                ready.add(real.getMetadata().getName());
            }
        }
        return List.copyOf(ready);
    }

    KubernetesClient client() {
        return client;
    }

    /** Those that pods can be moved between, by their names. */
    List<String> nodes() {
        return nodes;
    }

    /** Another one. */
    String nodeOtherThan(String node) {
        return nodes.stream().filter(each -> !each.equals(node)).findFirst().orElseThrow();
    }

    NodeShells shells() {
        return shells;
    }

    Report report() {
        return report;
    }

    @Override
    public void close() {
        try {
            shells.close();
        } finally {
            client.close();
            report.write();
        }
    }
}
