package domain.my.lpm.sandbox.cluster;

import domain.my.lpm.agent.Agent;
import domain.my.lpm.agent.AgentEdges;
import domain.my.lpm.agent.AgentSettings;
import domain.my.lpm.agent.ImageImport;
import domain.my.lpm.agent.hold.ApiCommits;
import domain.my.lpm.agent.hold.LauncherHeldProcesses;
import domain.my.lpm.agent.kubelet.Backoff;
import domain.my.lpm.agent.kubelet.KubeletApi;
import domain.my.lpm.agent.kubelet.KubeletClient;
import domain.my.lpm.agent.node.KubernetesApi;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.sandbox.CheckpointImages;
import domain.my.lpm.sandbox.migration.AgentKey;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The production agent of a node of the sandbox. */
public final class NodeAgent implements Component {
    private static final String LOOPBACK = "127.0.0.1";
    private static final Duration LEASE_CHECK = Duration.ofSeconds(1);

    private final Parts parts;
    private @Nullable Agent agent;

    /**
     * What it is made of.
     *
     * @param node its name
     * @param launchers how launchers run there; the keys of the agents have to be installed on the node
     * @param certificates a directory with its own, see {@link Certificates}
     * @param client of the API; not closed with the agent
     * @param kubelet where the API of the node's kubelet is, which grants its checkpoints to the name in the certificates
     * @param steps is told of every act
     */
    public record Parts(
            String node,
            NodeLaunchers launchers,
            Path certificates,
            KubernetesClient client,
            URI kubelet,
            StepListener steps) {}

    /** Nothing happens before {@link #start}. */
    public NodeAgent(Parts parts) {
        this.parts = parts;
    }

    @Override
    public void start() {
        NodeLaunchers launchers = parts.launchers();
        InstantSource clock = InstantSource.system();
        agent = Agent.start(
                new AgentSettings(
                        parts.node(),
                        LOOPBACK,
                        0,
                        "",
                        new AgentSettings.Tls(
                                parts.certificates().resolve("tls.crt"),
                                parts.certificates().resolve("tls.key"),
                                parts.certificates().resolve("ca.crt"),
                                Set.of(Certificates.CONTROLLER),
                                Duration.ofMinutes(1)),
                        new Places(
                                Path.of("/work/launchers"),
                                Path.of("/repository"),
                                Path.of("/staging"),
                                Path.of(AgentKey.TRUSTED_KEYS),
                                Path.of(AgentKey.SIGNING_KEY)),
                        Path.of("/work/agent"),
                        Duration.ofSeconds(20),
                        LEASE_CHECK,
                        Duration.ofMinutes(1),
                        new ImageImport.Command(CheckpointImages.IMPORT_COMMAND),
                        Path.of("/usr/sbin/criu")),
                new AgentEdges(
                        launchers,
                        new KubernetesApi(parts.client()),
                        new ApiCommits(parts.client(), clock, parts.steps()),
                        Optional.of(kubelet()),
                        new LauncherHeldProcesses(launchers, parts.steps()),
                        clock,
                        parts.steps()));
    }

    private KubeletApi kubelet() {
        return new KubeletClient(
                new KubeletClient.Access(
                        parts.kubelet(),
                        parts.certificates().resolve("ca.crt"),
                        Optional.empty(),
                        Optional.of(parts.certificates().resolve("tls.crt")),
                        Optional.of(parts.certificates().resolve("tls.key"))),
                Backoff.real());
    }

    @Override
    public void close() {
        if (agent != null) {
            agent.close();
        }
    }
}
