package domain.my.lpm.bench;

import domain.my.lpm.controller.Controller;
import domain.my.lpm.controller.Settings;
import domain.my.lpm.controller.agent.AgentTls;
import domain.my.lpm.controller.agent.GrpcAgentClients;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.cluster.Certificates;
import domain.my.lpm.sandbox.cluster.Component;
import domain.my.lpm.sandbox.cluster.ControlPlane;
import domain.my.lpm.sandbox.cluster.NodeAgent;
import domain.my.lpm.sandbox.cluster.NodeLaunchers;
import domain.my.lpm.sandbox.cluster.SandboxCluster;
import domain.my.lpm.sandbox.cluster.node.KubeletAccess.Right;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/** The agents and the controller of a cluster, with a clock beside each of their steps. */
final class MeasuredPlane implements Component {
    private final SandboxCluster cluster;
    private final Timeline timeline;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    MeasuredPlane(SandboxCluster cluster, Timeline timeline) {
        this.cluster = cluster;
        this.timeline = timeline;
    }

    @Override
    public void start() {
        ControlPlane.installKeys(cluster);
        for (Node node : cluster.nodes()) {
            String name = "agent-" + node.name();
            cluster.access().grant(name, Set.of(Right.CHECKPOINT));
            NodeAgent agent = new NodeAgent(new NodeAgent.Parts(
                    node.name(),
                    NodeLaunchers.of(node),
                    Certificates.writeOfAgent(
                            cluster.authority(), name, cluster.directory().resolve(name)),
                    cluster.client(),
                    cluster.kubelet(node.name()).uri(),
                    timeline.ofAgents()));
            parts.push(agent);
            agent.start();
        }
        try {
            AgentTls tls = new AgentTls(
                    Certificates.writeOfController(
                            cluster.authority(), cluster.directory().resolve("controller")),
                    Duration.ofMinutes(1));
            parts.push(tls);
            GrpcAgentClients agents = GrpcAgentClients.over(tls.credentials(), Certificates.AGENT);
            parts.push(agents);
            parts.push(Controller.start(
                    cluster.client(),
                    Settings.defaults(),
                    agents,
                    new SimpleMeterRegistry(),
                    InstantSource.system(),
                    timeline.ofController()));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot start the controller", error);
        }
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception failed) {
                throw new SandboxException("the controller or an agent was not closed in order", failed);
            }
        }
    }
}
