package domain.my.lpm.agent;

import domain.my.lpm.agent.hold.ApiCommits;
import domain.my.lpm.agent.hold.HeldProcesses;
import domain.my.lpm.agent.kubelet.Backoff;
import domain.my.lpm.agent.kubelet.KubeletApi;
import domain.my.lpm.agent.kubelet.KubeletClient;
import domain.my.lpm.agent.node.KubernetesApi;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.node.ToolkitLaunchers;
import domain.my.lpm.agent.server.HealthServer;
import domain.my.lpm.agent.step.StepListener;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves until it is told to stop by SIGTERM. Not final fields: picocli fills them. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Serves the controller's calls until SIGTERM. Durations are written as in PT5S (ISO 8601). Every option"
                        + " can be given as an environment variable: --lease-check as LPM_AGENT_LEASE_CHECK.")
final class ServeCommand implements Callable<Integer> {
    @Mixin
    NodeOptions at = new NodeOptions();

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "50051",
            description = "The port to listen on. Default: ${DEFAULT-VALUE}")
    int port;

    @Option(
            names = "--endpoint",
            required = true,
            paramLabel = "HOST:PORT",
            description = "Where the controller reaches this agent; written to the MigrationNode.")
    String endpoint = "";

    @Option(
            names = "--certificate",
            paramLabel = "FILE",
            defaultValue = "/etc/lpm/tls/tls.crt",
            description = "The agent's certificate, as PEM; read again when it changes. Default: ${DEFAULT-VALUE}")
    Path certificate = Path.of("");

    @Option(
            names = "--key",
            paramLabel = "FILE",
            defaultValue = "/etc/lpm/tls/tls.key",
            description = "Its key, PKCS#8 as PEM. Default: ${DEFAULT-VALUE}")
    Path key = Path.of("");

    @Option(
            names = "--authorities",
            paramLabel = "FILE",
            defaultValue = "/etc/lpm/tls/ca.crt",
            description = "Whose signature on a caller's certificate counts, as PEM. Default: ${DEFAULT-VALUE}")
    Path authorities = Path.of("");

    @Option(
            names = "--caller",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "lpm-controller",
            description =
                    "A DNS or URI name, or the common name, of whom may call; repeatable. Default: ${DEFAULT-VALUE}")
    Set<String> callers = Set.of();

    @Option(
            names = "--tls-reload",
            paramLabel = "DURATION",
            defaultValue = "PT1M",
            description = "How often these files are looked at. Default: ${DEFAULT-VALUE}")
    Duration reload = Duration.ZERO;

    @Option(
            names = "--repository",
            paramLabel = "DIR",
            defaultValue = "/repository",
            description = "The shared storage. Default: ${DEFAULT-VALUE}")
    Path repository = Path.of("");

    @Option(
            names = "--signing-key",
            paramLabel = "FILE",
            defaultValue = "/etc/lpm/signing-key.pem",
            description = "The ed25519 private key that signs checkpoints. Default: ${DEFAULT-VALUE}")
    Path signingKey = Path.of("");

    @Option(
            names = "--trusted-keys",
            paramLabel = "DIR",
            defaultValue = "/etc/lpm/trusted-keys",
            description = "Public keys (*.pem) whose signatures are accepted. Default: ${DEFAULT-VALUE}")
    Path trustedKeys = Path.of("");

    @Option(
            names = "--kubelet",
            paramLabel = "URL",
            description = "The node's kubelet, such as https://10.0.0.5:10250. Default: none, and launchers alone take"
                    + " checkpoints")
    @Nullable
    URI kubelet;

    @Option(
            names = "--kubelet-authorities",
            paramLabel = "FILE",
            defaultValue = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
            description = "Who signed the kubelet's certificate, as PEM. Default: ${DEFAULT-VALUE}")
    Path kubeletAuthorities = Path.of("");

    @Option(
            names = "--kubelet-token",
            paramLabel = "FILE",
            defaultValue = "/var/run/secrets/kubernetes.io/serviceaccount/token",
            description = "The agent's token. Not used with --kubelet-certificate. Default: ${DEFAULT-VALUE}")
    Path kubeletToken = Path.of("");

    @Option(
            names = "--kubelet-certificate",
            paramLabel = "FILE",
            description = "The agent's client certificate for the kubelet, as PEM. Default: none, the token is used")
    @Nullable
    Path kubeletCertificate;

    @Option(names = "--kubelet-key", paramLabel = "FILE", description = "Its key, PKCS#8 as PEM. Default: none")
    @Nullable
    Path kubeletKey;

    @Option(
            names = "--share-patience",
            paramLabel = "DURATION",
            defaultValue = "PT10S",
            description = "How long a small thing on the shared storage may take. Default: ${DEFAULT-VALUE}")
    Duration sharePatience = Duration.ZERO;

    @Option(
            names = "--lease-check",
            paramLabel = "DURATION",
            defaultValue = "PT1S",
            description = "How often the leases of holds are looked at. Default: ${DEFAULT-VALUE}")
    Duration leaseCheck = Duration.ZERO;

    @Option(
            names = "--probe",
            paramLabel = "DURATION",
            defaultValue = "PT3M",
            description = "How often the node is looked at and its MigrationNode written. Default: ${DEFAULT-VALUE}")
    Duration probe = Duration.ZERO;

    @Option(
            names = "--runtime-socket",
            paramLabel = "FILE",
            defaultValue = "/run/crio/crio.sock",
            description =
                    "Where CRI-O answers, as the node sees it. For the cri-o mode CRI-O is asked there to pull the"
                            + " image that a checkpoint becomes, from the agent. Default: ${DEFAULT-VALUE}")
    Path runtimeSocket = Path.of("");

    @Option(
            names = "--image-command",
            paramLabel = "COMMAND",
            defaultValue = "",
            description =
                    "What puts an OCI layout into the node's image storage instead, with {layout} and {image} in its place:"
                            + " skopeo copy oci:{layout} containers-storage:{image}. {base} is the image that the container"
                            + " ran from, which the node needs, too. Default: none, and CRI-O pulls it from the agent")
    String imageCommand = "";

    @Option(
            names = "--criu",
            paramLabel = "PROGRAM",
            defaultValue = "/usr/sbin/criu",
            description = "CRIU of the toolkit. Default: ${DEFAULT-VALUE}")
    Path criu = Path.of("");

    @Override
    public Integer call() throws InterruptedException {
        AgentSettings settings = settings();
        CountDownLatch told = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            told.countDown();
                            try {
                                ended.await();
                            } catch (InterruptedException interrupted) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "stop"));
        InstantSource clock = InstantSource.system();
        try (KubernetesClient client = new KubernetesClientBuilder().build();
                Agent agent = Agent.start(
                        settings,
                        new AgentEdges(
                                new ToolkitLaunchers(at.launcher, at.nodeRoot),
                                new KubernetesApi(client),
                                new ApiCommits(client, clock, StepListener.NONE),
                                kubeletApi(),
                                HeldProcesses.REAL,
                                clock,
                                StepListener.NONE));
                HealthServer health = HealthServer.start(at.address, at.healthPort)) {
            health.ready(agent.port());
            told.await();
        } finally {
            ended.countDown();
        }
        return 0;
    }

    private AgentSettings settings() {
        return new AgentSettings(
                at.node,
                at.address,
                port,
                endpoint,
                new AgentSettings.Tls(certificate, key, authorities, callers, reload),
                new Places(at.state.resolve("launchers"), repository, at.staging, trustedKeys, signingKey),
                at.state,
                sharePatience,
                leaseCheck,
                probe,
                imageCommand.isEmpty()
                        // The agent sees the node's processes, of which the first is in the node's network.
                        ? new ImageImport.Pull(
                                at.nodeRoot.resolve(Path.of("/").relativize(runtimeSocket)), Path.of("/proc/1/ns/net"))
                        : new ImageImport.Command(imageCommand),
                criu);
    }

    private Optional<KubeletApi> kubeletApi() {
        if (kubelet == null) {
            return Optional.empty();
        }
        Optional<Path> ownCertificate = Optional.ofNullable(kubeletCertificate);
        return Optional.of(new KubeletClient(
                new KubeletClient.Access(
                        kubelet,
                        kubeletAuthorities,
                        ownCertificate.isPresent() ? Optional.empty() : Optional.of(kubeletToken),
                        ownCertificate,
                        Optional.ofNullable(kubeletKey)),
                Backoff.real()));
    }
}
