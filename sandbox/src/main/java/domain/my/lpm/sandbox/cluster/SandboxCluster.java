package domain.my.lpm.sandbox.cluster;

import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.Sandbox;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.cluster.node.Kubelet;
import domain.my.lpm.sandbox.cluster.node.KubeletAccess;
import domain.my.lpm.sandbox.cluster.node.KubeletAccess.Right;
import domain.my.lpm.sandbox.cluster.server.ApiServer;
import domain.my.lpm.sandbox.cluster.tls.Authority;
import domain.my.lpm.sandbox.migration.TargetPod;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * A small cluster on one machine, in this JVM: an API server, nodes with their kubelets, a scheduler and the production webhook,
 * and whatever else is given. Needs root. Nothing is left of it after {@link #close}.
 */
public final class SandboxCluster implements AutoCloseable {
    /** The namespace of what belongs to live pod migration itself. */
    public static final String SYSTEM_NAMESPACE = "lpm-system";

    private static final int NODE_TIMEOUT_MILLIS = 10_000;
    private static final Set<String> SYSTEM_NAMESPACES =
            Set.of(SYSTEM_NAMESPACE, "kube-system", "kube-public", "kube-node-lease");

    private final Authority authority = new Authority();
    private final String token = newToken();
    private final KubeletAccess access = new KubeletAccess();
    private final Map<String, Node> nodes = new LinkedHashMap<>();
    private final Map<String, Kubelet> kubelets = new LinkedHashMap<>();
    /** What has to be closed, the latest first. */
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    private final Path directory;
    private final Sandbox sandbox;
    private final ApiServer server;
    private final KubernetesClient client;
    /** Kubelets try again by themselves, and must not stand still meanwhile. */
    private final KubernetesClient nodeClient;

    /**
     * What a cluster is made from.
     *
     * @param settings of the sandbox
     * @param crds the directory with the CRDs
     * @param nodes the names of the nodes
     * @param rewriting by what the webhook rewrites pods
     * @param components what is started after all else, in this order, and closed before it, such as controller and agents
     */
    public record Options(
            Settings settings,
            Path crds,
            List<String> nodes,
            domain.my.lpm.webhook.rewrite.Settings rewriting,
            List<Function<SandboxCluster, Component>> components) {
        /** Two nodes, {@code node-a} and {@code node-b}, and pods that the node's agent lends the privileges. */
        public static Options of(Settings settings, Path crds) {
            return new Options(
                    settings,
                    crds,
                    List.of("node-a", "node-b"),
                    domain.my.lpm.webhook.rewrite.Settings.builder()
                            .toolkitImage(TargetPod.ENTRY_IMAGE)
                            .build(),
                    List.of());
        }

        /** The same with one more component. */
        public Options with(Function<SandboxCluster, Component> component) {
            List<Function<SandboxCluster, Component>> more = new ArrayList<>(components);
            more.add(component);
            return new Options(settings, crds, nodes, rewriting, more);
        }
    }

    /**
     * Starts a cluster; returns when its nodes are ready.
     *
     * @throws SandboxException when this machine cannot hold one
     */
    public static SandboxCluster start(Options options) {
        SandboxCluster cluster = new SandboxCluster(options);
        try {
            cluster.open(options);
            return cluster;
        } catch (RuntimeException failure) {
            throw closed(cluster, failure);
        }
    }

    private static RuntimeException closed(SandboxCluster cluster, RuntimeException failure) {
        try {
            cluster.close();
        } catch (RuntimeException another) {
            failure.addSuppressed(another);
        }
        return failure;
    }

    private SandboxCluster(Options options) {
        sandbox = Sandbox.create(options.settings());
        opened.push(sandbox);
        try {
            directory = sandbox.directory("cluster");
            server = ApiServer.start(authority, token, InstantSource.system());
            opened.push(server);
            client = newClient();
            opened.push(client);
            nodeClient = new KubernetesClientBuilder()
                    .withConfig(new ConfigBuilder(server.clientConfig())
                            .withRequestTimeout(NODE_TIMEOUT_MILLIS)
                            .withRequestRetryBackoffLimit(0)
                            .build())
                    .build();
            opened.push(nodeClient);
        } catch (RuntimeException failure) {
            throw closed(this, failure);
        }
    }

    private void open(Options options) {
        access.token(token, "sandbox-admin").grant("sandbox-admin", EnumSet.allOf(Right.class));
        // Nodes start meanwhile, which do not need the API yet.
        Webhook webhook = new Webhook(client, options.rewriting(), SYSTEM_NAMESPACE, SYSTEM_NAMESPACES);
        CompletableFuture<Void> api = CompletableFuture.runAsync(
                () -> {
                    server.load(options.crds());
                    client.resource(new NamespaceBuilder()
                                    .withNewMetadata()
                                    .withName(SYSTEM_NAMESPACE)
                                    .endMetadata()
                                    .build())
                            .create();
                    webhook.start();
                },
                task -> new Thread(task, "cluster-api").start());
        opened.push(() -> {
            api.handle((done, failed) -> true).join();
            webhook.close();
        });
        if (Files.isDirectory(options.settings().toolkit())) {
            sandbox.images().entry(TargetPod.ENTRY_IMAGE);
            sandbox.images().toolkit(TargetPod.TOOLKIT_IMAGE);
        }
        for (String name : options.nodes()) {
            nodes.put(name, sandbox.node(name));
        }
        sandbox.connectNodes();
        List<Node> all = List.copyOf(nodes.values());
        for (Node node : all) {
            for (Node other : all) {
                if (node != other) {
                    node.exec(List.of(
                                    "ip",
                                    "route",
                                    "add",
                                    podNetwork(other) + ".0/24",
                                    "via",
                                    other.address().orElseThrow()))
                            .orThrow();
                }
            }
        }
        finish(api);
        for (Node node : all) {
            Kubelet kubelet = newKubelet(node);
            kubelets.put(node.name(), kubelet);
            // The one that runs then: a kubelet may be restarted.
            opened.push(() -> kubelet(node.name()).close());
            kubelet.start();
        }
        begin(new Scheduler(client));
        for (Function<SandboxCluster, Component> component : options.components()) {
            begin(component.apply(this));
        }
    }

    private static void finish(CompletableFuture<Void> started) {
        try {
            started.join();
        } catch (CompletionException failure) {
            throw failure.getCause() instanceof RuntimeException cause ? cause : failure;
        }
    }

    private void begin(Component component) {
        opened.push(component);
        component.start();
    }

    private Kubelet newKubelet(Node node) {
        return new Kubelet(node, nodeClient, podNetwork(node), authority, access);
    }

    private String podNetwork(Node node) {
        return "10.244." + (List.copyOf(nodes.keySet()).indexOf(node.name()) + 1);
    }

    private static String newToken() {
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        return HexFormat.of().formatHex(secret);
    }

    /** The nodes with their containers, images and the share. */
    public Sandbox sandbox() {
        return sandbox;
    }

    /** Its API. */
    public ApiServer server() {
        return server;
    }

    /** A client that is closed with the cluster. */
    public KubernetesClient client() {
        return client;
    }

    /** A client of one's own, which has to be closed. */
    public KubernetesClient newClient() {
        return new KubernetesClientBuilder().withConfig(server.clientConfig()).build();
    }

    /** Issues the certificates of the cluster. */
    public Authority authority() {
        return authority;
    }

    /** Who may do what on the kubelets. */
    public KubeletAccess access() {
        return access;
    }

    /** What the API and, by default, the kubelets take from their clients. */
    public String token() {
        return token;
    }

    /** A directory for files of components, removed with the cluster. */
    public Path directory() {
        return directory;
    }

    /** The nodes, in their order. */
    public List<Node> nodes() {
        return List.copyOf(nodes.values());
    }

    /**
     * The node of this name.
     *
     * @throws SandboxException when there is none
     */
    public Node node(String name) {
        return found(nodes, name);
    }

    /**
     * The kubelet of this node.
     *
     * @throws SandboxException when there is none
     */
    public Kubelet kubelet(String name) {
        synchronized (kubelets) {
            return found(kubelets, name);
        }
    }

    /** Ends a node's kubelet and starts another one, which finds the pods of the former. */
    public void restartKubelet(String name) {
        Kubelet fresh = newKubelet(node(name));
        kubelet(name).close();
        synchronized (kubelets) {
            kubelets.put(name, fresh);
        }
        fresh.start();
    }

    private static <T> T found(Map<String, T> all, String name) {
        T found = all.get(name);
        if (found == null) {
            throw new SandboxException("there is no node '" + name + "': there are " + String.join(", ", all.keySet()));
        }
        return found;
    }

    /** Removes all of it; also what other parts need when one of them cannot be closed, and when the thread is interrupted. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        try {
            closeAll();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void closeAll() {
        SandboxException failure = null;
        while (!opened.isEmpty()) {
            AutoCloseable next = opened.pop();
            try {
                next.close();
            } catch (Exception failed) {
                if (failure == null) {
                    failure =
                            new SandboxException("the cluster was not closed in order: " + failed.getMessage(), failed);
                } else {
                    failure.addSuppressed(failed);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
