package domain.my.lpm.sandbox.cluster;

import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.cluster.node.KubeletAccess.Right;
import domain.my.lpm.sandbox.migration.AgentKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Live pod migration itself, in a cluster: an agent on each node, and the controller. */
public final class ControlPlane implements Component {
    private final SandboxCluster cluster;
    private final List<Component> parts = new ArrayList<>();

    /** Nothing happens before {@link #start}. */
    public ControlPlane(SandboxCluster cluster) {
        this.cluster = cluster;
    }

    /** Gives every node the key of the agents, which is made. */
    public static void installKeys(SandboxCluster cluster) {
        AgentKey key = new AgentKey();
        for (Node node : cluster.nodes()) {
            key.install(node);
            key.publish(node);
        }
    }

    @Override
    public void start() {
        installKeys(cluster);
        for (Node node : cluster.nodes()) {
            String name = "agent-" + node.name();
            cluster.access().grant(name, Set.of(Right.CHECKPOINT));
            begin(new NodeAgent(new NodeAgent.Parts(
                    node.name(),
                    NodeLaunchers.of(node),
                    Certificates.writeOfAgent(
                            cluster.authority(), name, cluster.directory().resolve(name)),
                    cluster.client(),
                    cluster.kubelet(node.name()).uri(),
                    StepListener.NONE)));
        }
        begin(new MigrationController(
                cluster.client(),
                Certificates.writeOfController(
                        cluster.authority(), cluster.directory().resolve("controller"))));
    }

    private void begin(Component part) {
        parts.add(0, part);
        part.start();
    }

    @Override
    public void close() {
        parts.forEach(Component::close);
    }
}
