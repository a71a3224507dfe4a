package domain.my.lpm.sandbox.fault;

import domain.my.lpm.agent.Agent;
import domain.my.lpm.agent.AgentEdges;
import domain.my.lpm.agent.AgentSettings;
import domain.my.lpm.agent.ImageImport;
import domain.my.lpm.agent.hold.ApiCommits;
import domain.my.lpm.agent.hold.LauncherHeldProcesses;
import domain.my.lpm.agent.kubelet.Backoff;
import domain.my.lpm.agent.kubelet.KubeletClient;
import domain.my.lpm.agent.node.KubernetesApi;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.sandbox.CheckpointImages;
import domain.my.lpm.sandbox.cluster.Certificates;
import domain.my.lpm.sandbox.cluster.NodeLaunchers;
import domain.my.lpm.sandbox.fault.Announcements.Side;
import domain.my.lpm.sandbox.migration.AgentKey;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The production agent, announcing its steps: URL of the API, directory of certificates, the node's name and first process,
 * URL of its kubelet, the endpoint at which it is reached, and what runs a command on the node.
 */
final class AgentMain {
    private AgentMain() {}

    public static void main(String[] arguments) throws Exception {
        Announcements announcements = new Announcements();
        StepListener steps = new StepListener() {
            @Override
            public void before(Step step) {
                announcements.announce(Side.BEFORE, step);
            }

            @Override
            public void after(Step step) {
                announcements.announce(Side.AFTER, step);
            }
        };
        Path certificates = Path.of(arguments[1]);
        KubernetesClient client = ApiAccess.client(arguments[0], certificates);
        Launchers launchers = new StagedLaunchers(new NodeLaunchers(
                Arrays.asList(arguments).subList(6, arguments.length), Integer.parseInt(arguments[3])));
        InstantSource clock = InstantSource.system();
        Agent agent = Agent.start(
                new AgentSettings(
                        arguments[2],
                        "127.0.0.1",
                        0,
                        arguments[5],
                        new AgentSettings.Tls(
                                certificates.resolve("tls.crt"),
                                certificates.resolve("tls.key"),
                                certificates.resolve("ca.crt"),
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
                        Duration.ofMillis(500),
                        Duration.ofSeconds(2),
                        new ImageImport.Command(CheckpointImages.IMPORT_COMMAND),
                        Path.of("/usr/sbin/criu")),
                new AgentEdges(
                        launchers,
                        new KubernetesApi(client),
                        new ApiCommits(client, clock, steps),
                        Optional.of(new KubeletClient(
                                new KubeletClient.Access(
                                        URI.create(arguments[4]),
                                        certificates.resolve("ca.crt"),
                                        Optional.empty(),
                                        Optional.of(certificates.resolve("tls.crt")),
                                        Optional.of(certificates.resolve("tls.key"))),
                                Backoff.real())),
                        new LauncherHeldProcesses(launchers, steps),
                        clock,
                        steps));
        announcements.port(agent.port());
        Thread.sleep(Long.MAX_VALUE);
    }

    /** Launchers whose CRIU tells its stages, see {@link CriuStages}. */
    private record StagedLaunchers(Launchers all) implements Launchers {
        private static final Set<String> WITH_CRIU = Set.of("checkpoint", "restore");

        @Override
        public Process start(List<String> arguments) {
            List<String> words = new ArrayList<>(arguments);
            if (WITH_CRIU.contains(arguments.get(0))) {
                words.addAll(List.of("--criu", CriuStages.PROGRAM));
            }
            return all.start(words);
        }

        @Override
        public Process startProgram(List<String> command) {
            return all.startProgram(command);
        }

        @Override
        public Path seen(Path path) {
            return all.seen(path);
        }

        @Override
        public int pid(int process) {
            return all.pid(process);
        }

        @Override
        public Path nodeRoot() {
            return all.nodeRoot();
        }
    }
}
