package domain.my.lpm.sandbox.cluster;

import domain.my.lpm.sandbox.CheckpointImages;
import domain.my.lpm.sandbox.Node;
import java.util.List;

/** Nodes whose runtime restores checkpoint images. To be started before their agents, which look at what a node can do. */
public final class RestoringNodes implements Component {
    private final SandboxCluster cluster;
    private final List<String> nodes;

    /**
     * Nothing happens before {@link #start}.
     *
     * @param nodes their names
     */
    public RestoringNodes(SandboxCluster cluster, String... nodes) {
        this.cluster = cluster;
        this.nodes = List.of(nodes);
    }

    /** All nodes of a cluster. */
    public static RestoringNodes all(SandboxCluster cluster) {
        return new RestoringNodes(
                cluster, cluster.nodes().stream().map(Node::name).toArray(String[]::new));
    }

    @Override
    public void start() {
        nodes.forEach(node -> CheckpointImages.of(cluster.node(node)).letRestore());
    }

    @Override
    public void close() {
        // It is gone with the node.
    }
}
