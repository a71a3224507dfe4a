package domain.my.lpm.controller;

import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.api.node.MigrationNodeStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.Optional;

/** What the agents say of their nodes, as last seen. */
public final class NodeDirectory implements AutoCloseable {
    private final SharedIndexInformer<MigrationNode> nodes;

    /** Begins to watch the MigrationNodes, and returns when all are known. */
    public NodeDirectory(KubernetesClient client) {
        nodes = client.resources(MigrationNode.class).inform();
    }

    /** What is known of a node. */
    public Optional<MigrationNode> node(String name) {
        return Optional.ofNullable(nodes.getStore().getByKey(name));
    }

    /** Where the agent of a node answers. */
    public Optional<String> endpoint(String node) {
        return node(node).map(MigrationNode::getStatus).map(MigrationNodeStatus::getAgentEndpoint);
    }

    /** A node whose agent answers somewhere. */
    public Optional<String> any() {
        return nodes.getStore().list().stream()
                .map(node -> node.getMetadata().getName())
                .sorted()
                .filter(name -> endpoint(name).isPresent())
                .findFirst();
    }

    @Override
    public void close() {
        nodes.close();
    }
}
