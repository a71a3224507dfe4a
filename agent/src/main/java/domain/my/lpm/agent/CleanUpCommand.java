package domain.my.lpm.agent;

import domain.my.lpm.agent.hold.ApiCommits;
import domain.my.lpm.agent.hold.HeldProcesses;
import domain.my.lpm.agent.node.KubernetesApi;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.node.ToolkitLaunchers;
import domain.my.lpm.agent.server.HealthServer;
import domain.my.lpm.agent.step.StepListener;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Runs on every node in the agent's place when all is to be removed. Ready means clean; it then waits to be ended, as the pod of a
 * DaemonSet must. Not final fields: picocli fills them.
 */
@Command(
        name = "clean-up",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Undoes what agents have done to this node, in their place: held pods go on unless their copies have"
                        + " taken over, launchers end, nothing of ours is left on the disk. Then answers that it is ready, until SIGTERM.")
final class CleanUpCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(CleanUpCommand.class);

    @Mixin
    NodeOptions at = new NodeOptions();

    @Option(
            names = "--node-directory",
            paramLabel = "DIR",
            defaultValue = "/var/lib/lpm",
            description =
                    "What has both of these on the node, and nothing else; it is removed. Default: ${DEFAULT-VALUE}")
    Path directory = Path.of("");

    @Option(
            names = "--again",
            paramLabel = "DURATION",
            defaultValue = "PT2S",
            description = "How often it is tried again what cannot be undone yet. Default: ${DEFAULT-VALUE}")
    Duration again = Duration.ZERO;

    @Override
    public Integer call() throws InterruptedException {
        CountDownLatch told = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(told::countDown, "stop"));
        InstantSource clock = InstantSource.system();
        ToolkitLaunchers launchers = new ToolkitLaunchers(at.launcher, at.nodeRoot);
        try (KubernetesClient client = new KubernetesClientBuilder().build();
                HealthServer health = HealthServer.start(at.address, at.healthPort)) {
            NodeCleanUp cleanUp = new NodeCleanUp(
                    settings(),
                    new AgentEdges(
                            launchers,
                            new KubernetesApi(client),
                            new ApiCommits(client, clock, StepListener.NONE),
                            Optional.empty(),
                            HeldProcesses.REAL,
                            clock,
                            StepListener.NONE),
                    launchers,
                    at.nodeRoot.resolve(directory.toString().substring(1)));
            List<String> before = List.of();
            for (List<String> left = cleanUp.run(); !left.isEmpty(); left = cleanUp.run()) {
                if (!left.equals(before)) {
                    left.forEach(what -> LOG.warn("the node {} is not clean yet: {}", at.node, what));
                    before = left;
                }
                if (told.await(again.toMillis(), TimeUnit.MILLISECONDS)) {
                    return 1;
                }
            }
            LOG.info("the node {} is clean: nothing of live pod migration is left on it", at.node);
            health.ready(at.healthPort);
            told.await();
        }
        return 0;
    }

    private AgentSettings settings() {
        // The share, keys and certificates are not needed: what would need them is not done any more.
        Path none = Path.of("/nonexistent");
        return new AgentSettings(
                at.node,
                at.address,
                at.healthPort,
                "",
                new AgentSettings.Tls(none, none, none, Set.of("nobody"), again),
                new Places(at.state.resolve("launchers"), none, at.staging, none, none),
                at.state,
                Duration.ofSeconds(10),
                again,
                again,
                new ImageImport.None(),
                none);
    }
}
