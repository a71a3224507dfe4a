package domain.my.lpm.controller;

import domain.my.lpm.controller.Settings.LeaderElection;
import domain.my.lpm.controller.agent.AgentClients;
import domain.my.lpm.controller.agent.AgentTls;
import domain.my.lpm.controller.agent.GrpcAgentClients;
import domain.my.lpm.controller.step.StepListener;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Works until it is told to stop by SIGTERM. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description =
                "Works until SIGTERM. The cluster is found as kubectl finds it, or by the pod's service account. Durations are"
                        + " written as in PT5S, P90D (ISO 8601).")
final class ServeCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec command;

    @Option(
            names = "--migrations-in-cluster",
            paramLabel = "COUNT",
            defaultValue = "5",
            description = "How many migrations may be under way at once. Default: ${DEFAULT-VALUE}")
    int migrationsInCluster;

    @Option(
            names = "--migrations-out-of-node",
            paramLabel = "COUNT",
            defaultValue = "2",
            description = "How many migrations may be under way at once from one node. Default: ${DEFAULT-VALUE}")
    int migrationsOutOfNode;

    @Option(
            names = "--hold-lease",
            paramLabel = "DURATION",
            defaultValue = "PT30S",
            description =
                    "After which a stopped source goes on by itself when the controller is silent; it renews after every"
                            + " third. PT5S to PT10M. Default: ${DEFAULT-VALUE}")
    Duration holdLease = Duration.ZERO;

    @Option(
            names = "--checkpoint-timeout",
            paramLabel = "DURATION",
            defaultValue = "PT10M",
            description = "For a checkpoint that belongs to no migration. Default: ${DEFAULT-VALUE}")
    Duration checkpointTimeout = Duration.ZERO;

    @Option(
            names = "--reconcile-threads",
            paramLabel = "COUNT",
            defaultValue = "10",
            description = "How many objects are worked on at once; none waits for an agent. Default: ${DEFAULT-VALUE}")
    int reconcileThreads;

    @Option(
            names = "--agent-certificates",
            paramLabel = "DIRECTORY",
            defaultValue = "/var/run/secrets/lpm-controller",
            description =
                    "tls.crt, tls.key and ca.crt, by which agents and controller know each other. Default: ${DEFAULT-VALUE}")
    Path agentCertificates = Path.of("");

    @Option(
            names = "--agent-name",
            paramLabel = "NAME",
            defaultValue = "lpm-agent",
            description = "The DNS name that the certificate of every agent must have. Default: ${DEFAULT-VALUE}")
    String agentName = "";

    @Option(
            names = "--agent-certificate-refresh",
            paramLabel = "DURATION",
            defaultValue = "PT10S",
            description = "How often to look for new ones. Default: ${DEFAULT-VALUE}")
    Duration certificateRefresh = Duration.ZERO;

    @Option(
            names = "--leader-election",
            arity = "1",
            paramLabel = "true|false",
            defaultValue = "true",
            description = "Whether others share the work with this one: one of them works. Default: ${DEFAULT-VALUE}")
    boolean leaderElection;

    @Option(
            names = "--leader-election-namespace",
            paramLabel = "NAME",
            description = "Of the Lease. Default: the namespace of the pod")
    @Nullable
    String leaderElectionNamespace;

    @Option(
            names = "--leader-election-lease",
            paramLabel = "NAME",
            defaultValue = "lpm-controller",
            description = "The Lease. Default: ${DEFAULT-VALUE}")
    String leaderElectionLease = "";

    @Option(
            names = "--leader-election-identity",
            paramLabel = "NAME",
            description = "Of this one among those that share the Lease. Default: the host name")
    @Nullable
    String leaderElectionIdentity;

    @Option(
            names = "--leader-election-duration",
            paramLabel = "DURATION",
            defaultValue = "PT15S",
            description = "After which another one may take over. Default: ${DEFAULT-VALUE}")
    Duration leaderElectionDuration = Duration.ZERO;

    @Option(
            names = "--leader-election-renew-deadline",
            paramLabel = "DURATION",
            defaultValue = "PT10S",
            description = "After which this one ends when it could not renew. Default: ${DEFAULT-VALUE}")
    Duration leaderElectionRenewDeadline = Duration.ZERO;

    @Option(
            names = "--leader-election-retry",
            paramLabel = "DURATION",
            defaultValue = "PT2S",
            description = "Between attempts. Default: ${DEFAULT-VALUE}")
    Duration leaderElectionRetry = Duration.ZERO;

    @Option(
            names = "--bind-address",
            paramLabel = "ADDRESS",
            defaultValue = "0.0.0.0",
            description = "Where to answer /healthz, /readyz and /metrics. Default: ${DEFAULT-VALUE}")
    String address = "";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "The port for them; 0: any. Default: ${DEFAULT-VALUE}")
    int port;

    @Option(
            names = "--stop-timeout",
            paramLabel = "DURATION",
            defaultValue = "PT10S",
            description = "How long work under way may take after SIGTERM. Default: ${DEFAULT-VALUE}")
    Duration stopTimeout = Duration.ZERO;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Settings settings = settings(namespaceOfPod());
        KubernetesClient client = new KubernetesClientBuilder().build();
        AgentTls tls = new AgentTls(agentCertificates, certificateRefresh);
        Started started = start(client, settings, GrpcAgentClients.over(tls.credentials(), agentName));
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            started.close();
                            tls.close();
                            client.close();
                        },
                        "stop"));
        new CountDownLatch(1).await();
        return 0;
    }

    /** What was started. */
    record Started(HealthServer health, AtomicReference<@Nullable Controller> controller, AgentClients agents)
            implements AutoCloseable {
        @Override
        public void close() {
            // Not ready from here on.
            Controller stopping = controller.getAndSet(null);
            if (stopping != null) {
                stopping.close();
            }
            agents.close();
            health.close();
        }
    }

    Started start(KubernetesClient client, Settings settings, AgentClients agents) throws IOException {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        AtomicReference<@Nullable Controller> working = new AtomicReference<>();
        HealthServer health = new HealthServer(
                new InetSocketAddress(address, port),
                () -> {
                    Controller controller = working.get();
                    return controller == null || controller.isHealthy();
                },
                () -> working.get() != null,
                registry);
        try {
            working.set(
                    Controller.start(client, settings, agents, registry, InstantSource.system(), StepListener.NONE));
        } catch (RuntimeException failed) {
            health.close();
            throw failed;
        }
        return new Started(health, working, agents);
    }

    Settings settings(Optional<String> namespaceOfPod) {
        try {
            return new Settings(
                    migrationsInCluster,
                    migrationsOutOfNode,
                    holdLease,
                    checkpointTimeout,
                    reconcileThreads,
                    stopTimeout,
                    leaderElection ? Optional.of(election(namespaceOfPod)) : Optional.empty());
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(command.commandLine(), "--" + wrong.getMessage());
        }
    }

    private LeaderElection election(Optional<String> namespaceOfPod) {
        String namespace = Optional.ofNullable(leaderElectionNamespace)
                .or(() -> namespaceOfPod)
                .orElseThrow(() -> new IllegalArgumentException(
                        "leader-election-namespace is not set, and there is no pod whose namespace could be taken; set it, or"
                                + " --leader-election=false"));
        return new LeaderElection(
                namespace,
                leaderElectionLease,
                Optional.ofNullable(leaderElectionIdentity).orElseGet(ServeCommand::hostName),
                leaderElectionDuration,
                leaderElectionRenewDeadline,
                leaderElectionRetry,
                true);
    }

    private static Optional<String> namespaceOfPod() {
        Path file = Path.of("/var/run/secrets/kubernetes.io/serviceaccount/namespace");
        try {
            return Optional.of(Files.readString(file).strip());
        } catch (IOException noPod) {
            return Optional.empty();
        }
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException unknown) {
            throw new IllegalArgumentException(
                    "leader-election-identity is not set, and the host has no name", unknown);
        }
    }
}
