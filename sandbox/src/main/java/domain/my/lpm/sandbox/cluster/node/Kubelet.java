package domain.my.lpm.sandbox.cluster.node;

import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.cluster.Component;
import domain.my.lpm.sandbox.cluster.tls.Authority;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.NodeStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the pods that are bound to a node of the sandbox, and reports what became of them, as kubelet and CRI-O do: init
 * containers, native sidecars, exec probes, restarts with their waits, the end with its grace. A kubelet that is closed leaves
 * its pods running; another one for the same node takes them up.
 */
public final class Kubelet implements Component {
    private static final Logger LOG = LoggerFactory.getLogger(Kubelet.class);
    private static final PatchContext JSON = PatchContext.of(PatchType.JSON);
    private static final int LAST_HOST = 254;
    private static final String RUNTIME = "cri-o://1.34.0-sandbox";

    private final Node node;
    private final KubernetesClient client;
    private final String podNetwork;
    private final KubeletServer server;
    private final Map<String, PodWorker> workers = new ConcurrentHashMap<>();
    private final Set<String> finished = ConcurrentHashMap.newKeySet();
    private final ExecutorService executor;
    private final Surroundings surroundings = new Surroundings();
    private @Nullable SharedIndexInformer<Pod> informer;
    private @Nullable WatchService exits;
    private volatile boolean closed;

    /**
     * @param client is not closed with the kubelet
     * @param podNetwork the first three bytes of the addresses of the node's pods, such as {@code 10.244.1}
     * @param authority issues the certificate of the kubelet's API
     * @param access who may use it
     */
    public Kubelet(Node node, KubernetesClient client, String podNetwork, Authority authority, KubeletAccess access) {
        this.node = node;
        this.client = client;
        this.podNetwork = podNetwork;
        this.server = new KubeletServer(this, authority, access);
        AtomicInteger number = new AtomicInteger();
        executor = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "kubelet-" + node.name() + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Registers the node and takes up its pods. */
    @Override
    public void start() {
        server.start();
        register();
        try {
            watchExits();
        } catch (IOException error) {
            throw new SandboxException("the ends of containers on '" + node.name() + "' cannot be watched", error);
        }
        informer = client.pods()
                .inAnyNamespace()
                .withField("spec.nodeName", node.name())
                .inform(new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(Pod pod) {
                        seen(pod);
                    }

                    @Override
                    public void onUpdate(Pod before, Pod pod) {
                        if (!before.getMetadata()
                                .getUid()
                                .equals(pod.getMetadata().getUid())) {
                            gone(before);
                        }
                        seen(pod);
                    }

                    @Override
                    public void onDelete(Pod pod, boolean unknown) {
                        gone(pod);
                    }
                });
        removeForgotten(informer.getStore().list());
    }

    /** Where its API is served: checkpoints, logs and commands. */
    public URI uri() {
        return server.uri();
    }

    /** The node it runs on. */
    public Node node() {
        return node;
    }

    /** What runs of a pod here, by the namespace and name of the latest that has them. */
    Optional<PodWorker> find(String namespace, String name) {
        return workers.values().stream()
                .filter(worker -> worker.pod().getMetadata().getNamespace().equals(namespace)
                        && worker.pod().getMetadata().getName().equals(name))
                .findFirst();
    }

    @Override
    public void close() {
        closed = true;
        server.close();
        if (informer != null) {
            informer.close();
        }
        workers.values().forEach(PodWorker::abandon);
        executor.shutdownNow();
        if (exits != null) {
            try {
                exits.close();
            } catch (IOException error) {
                LOG.debug("The watch of {} was not closed", node.name(), error);
            }
        }
    }

    private synchronized void seen(Pod pod) {
        String uid = pod.getMetadata().getUid();
        if (closed || finished.contains(uid)) {
            return;
        }
        PodWorker worker = workers.get(uid);
        if (worker != null) {
            worker.changed(pod);
            return;
        }
        String phase = pod.getStatus() == null ? "" : pod.getStatus().getPhase();
        boolean over = "Succeeded".equals(phase) || "Failed".equals(phase);
        if (over && !node.pods().containsKey(uid) && pod.getMetadata().getDeletionTimestamp() == null) {
            return;
        }
        PodWorker fresh = new PodWorker(surroundings, pod);
        workers.put(uid, fresh);
        executor.execute(fresh);
    }

    private synchronized void gone(Pod pod) {
        PodWorker worker = workers.get(pod.getMetadata().getUid());
        if (worker != null) {
            worker.vanished();
        }
        finished.remove(pod.getMetadata().getUid());
    }

    /** Pods that an earlier kubelet ran, and that were taken out of the API meanwhile. */
    private void removeForgotten(List<Pod> present) {
        List<String> known =
                present.stream().map(pod -> pod.getMetadata().getUid()).toList();
        for (RunningPod pod : List.copyOf(node.pods().values())) {
            boolean fromApi = pod.pod().getMetadata().getResourceVersion() != null;
            if (fromApi && !known.contains(pod.uid())) {
                pod.remove();
            }
        }
    }

    private void watchExits() throws IOException {
        Path directory = node.root().resolve("run/exits");
        WatchService service = FileSystems.getDefault().newWatchService();
        exits = service;
        directory.register(service, StandardWatchEventKinds.ENTRY_CREATE);
        executor.execute(() -> {
            try {
                while (!closed) {
                    WatchKey key = service.take();
                    key.pollEvents();
                    workers.values().forEach(PodWorker::wake);
                    key.reset();
                }
            } catch (ClosedWatchServiceException | InterruptedException ended) {
                LOG.debug("The ends of containers on {} are watched no more", node.name());
            }
        });
    }

    private final class Surroundings implements PodWorker.Surroundings {
        @Override
        public Node node() {
            return node;
        }

        @Override
        public synchronized void connect(RunningPod pod) {
            List<String> taken = node.pods().values().stream()
                    .flatMap(other -> other.address().stream())
                    .toList();
            for (int host = 2; host <= LAST_HOST; host++) {
                if (!taken.contains(podNetwork + "." + host)) {
                    pod.connect(podNetwork, host);
                    return;
                }
            }
            throw new SandboxException(
                    "the node '" + node.name() + "' has no address left for a pod: delete some of its pods");
        }

        @Override
        public boolean report(Pod pod, PodStatus status) {
            List<Map<String, Object>> patch = List.of(
                    Map.of(
                            "op",
                            "test",
                            "path",
                            "/metadata/uid",
                            "value",
                            pod.getMetadata().getUid()),
                    Map.of("op", "add", "path", "/status", "value", status));
            try {
                client.resource(pod)
                        .subresource("status")
                        .patch(JSON, client.getKubernetesSerialization().asJson(patch));
                return true;
            } catch (KubernetesClientException failed) {
                // Gone, or another of its name.
                return failed.getCode() == 404 || failed.getCode() == 422 || closed || unreachable(failed);
            }
        }

        @Override
        public boolean remove(Pod pod) {
            try {
                client.raw(
                        "/api/v1/namespaces/" + pod.getMetadata().getNamespace() + "/pods/"
                                + pod.getMetadata().getName(),
                        "DELETE",
                        Map.of(
                                "gracePeriodSeconds",
                                0,
                                "preconditions",
                                Map.of("uid", pod.getMetadata().getUid())));
                return true;
            } catch (KubernetesClientException failed) {
                return failed.getCode() == 404 || failed.getCode() == 409 || unreachable(failed);
            }
        }

        private boolean unreachable(KubernetesClientException failed) {
            if (!closed) {
                LOG.warn(
                        "The API server did not take what the kubelet of {} said: {}",
                        node.name(),
                        failed.getMessage());
            }
            return false;
        }

        @Override
        public Executor executor() {
            return task -> {
                try {
                    executor.execute(task);
                } catch (RejectedExecutionException ended) {
                    LOG.debug("The kubelet of {} is closed", node.name());
                }
            };
        }

        @Override
        public void finished(PodWorker worker) {
            if (!closed) {
                finished.add(worker.uid());
            }
            workers.remove(worker.uid());
        }
    }

    private void register() {
        io.fabric8.kubernetes.api.model.Node object = new NodeBuilder()
                .withNewMetadata()
                .withName(node.name())
                .withLabels(Map.of(
                        "kubernetes.io/hostname",
                        node.name(),
                        "kubernetes.io/os",
                        "linux",
                        "kubernetes.io/arch",
                        architecture()))
                .endMetadata()
                .withNewSpec()
                .withPodCIDR(podNetwork + ".0/24")
                .endSpec()
                .withStatus(status())
                .build();
        client.resource(object).createOr(NonDeletingOperation::update);
        client.resource(object).updateStatus();
    }

    private NodeStatus status() {
        String now = ContainerRecord.seconds(Instant.now());
        Map<String, Quantity> capacity = Map.of(
                "cpu",
                new Quantity(Integer.toString(Runtime.getRuntime().availableProcessors())),
                "memory",
                new Quantity(memory()),
                "pods",
                new Quantity("110"));
        return new NodeStatusBuilder()
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .withReason("KubeletReady")
                .withMessage("the sandbox's kubelet runs")
                .withLastHeartbeatTime(now)
                .withLastTransitionTime(now)
                .endCondition()
                // In the sandbox the kubelet's API is served on the machine's loopback, beside the node.
                .addNewAddress("127.0.0.1", "InternalIP")
                .addNewAddress(node.name(), "Hostname")
                .withNewDaemonEndpoints()
                .withNewKubeletEndpoint(server.uri().getPort())
                .endDaemonEndpoints()
                .withCapacity(capacity)
                .withAllocatable(capacity)
                .withNewNodeInfo()
                .withArchitecture(architecture())
                .withOperatingSystem("linux")
                .withKernelVersion(System.getProperty("os.version"))
                .withOsImage("Debian sandbox")
                .withContainerRuntimeVersion(RUNTIME)
                .withKubeletVersion("v1.34.0-sandbox")
                .withKubeProxyVersion("")
                .withMachineID(node.name())
                .withBootID("")
                .withSystemUUID("")
                .endNodeInfo()
                .build();
    }

    private static String architecture() {
        String machine = System.getProperty("os.arch");
        return machine.equals("aarch64") ? "arm64" : machine;
    }

    private static String memory() {
        try {
            return Files.readAllLines(Path.of("/proc/meminfo")).get(0).replaceAll("\\D", "") + "Ki";
        } catch (IOException error) {
            throw new SandboxException("the machine's memory is unknown", error);
        }
    }
}
