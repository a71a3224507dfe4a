package domain.my.lpm.controller.fake;

import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationSpec;
import domain.my.lpm.api.migration.TargetPod;
import domain.my.lpm.api.node.Capability;
import domain.my.lpm.api.node.CapabilityStatus;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.api.node.MigrationNodeStatus;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.controller.Controller;
import domain.my.lpm.controller.Settings;
import domain.my.lpm.controller.agent.AgentClients;
import domain.my.lpm.controller.agent.GrpcAgentClients;
import domain.my.lpm.controller.fake.World.Processes;
import domain.my.lpm.controller.step.StepListener;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** An API server, nodes with agents and kubelets, and a controller that can be killed and started again. */
public final class FakeCluster implements AutoCloseable {
    public static final String NAMESPACE = "shop";
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final ApiServer api;
    private final NamespacedKubernetesClient client;
    private final World world = new World();
    private final Map<String, PodArtifact> storage = new ConcurrentHashMap<>();
    private final Map<String, FakeAgent> agents = new HashMap<>();
    private final List<Server> servers = new ArrayList<>();
    private final String run = UUID.randomUUID().toString().substring(0, 8);
    private final SharedIndexInformer<Pod> kubelet;
    private final List<String> notStarted = new ArrayList<>();
    private final MutableClock clock = new MutableClock();
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private @Nullable Controller controller;
    private @Nullable AgentClients clients;

    /** A cluster with these nodes and no controller. */
    public FakeCluster(ApiServerKind kind, String... nodes) {
        api = ApiServer.of(kind);
        client = api.client();
        Arrays.stream(nodes).forEach(this::addNode);
        kubelet = client.pods().inAnyNamespace().inform(new ResourceEventHandler<>() {
            @Override
            public void onAdd(Pod pod) {
                start(pod);
            }

            @Override
            public void onUpdate(Pod before, Pod after) {
                start(after);
            }

            @Override
            public void onDelete(Pod pod, boolean unknown) {
                world.set(pod.getMetadata().getUid(), Processes.NONE);
            }
        });
    }

    private void addNode(String name) {
        FakeAgent agent = new FakeAgent(world, storage);
        agents.put(name, agent);
        try {
            servers.add(InProcessServerBuilder.forName(run + "." + name)
                    .addService(agent)
                    .build()
                    .start());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        client.resource(new NodeBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .withNewStatus()
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("True")
                        .endCondition()
                        .endStatus()
                        .build())
                .create();
        MigrationNode node = new MigrationNode();
        node.setMetadata(new ObjectMetaBuilder().withName(name).build());
        client.resource(node).create();
        changeNode(name, status -> {
            status.setAgentEndpoint(run + "." + name + ":1");
            status.setArchitecture("amd64");
            status.setKernel("6.12.48");
            status.setCriuVersion("4.2.1");
            status.setCgroupVersion(2);
            status.setCapabilities(Arrays.stream(Capability.values())
                    .map(capability -> new CapabilityStatus(capability, true, null))
                    .toList());
        });
        ready(name, true);
    }

    /** Says whether the agent of a node is ready. */
    public void ready(String node, boolean ready) {
        changeNode(
                node,
                status -> status.setConditions(Conditions.with(
                        List.of(),
                        ConditionTypes.READY,
                        ready,
                        ready ? "Answers" : "Silent",
                        "",
                        null,
                        clock.instant())));
    }

    /** Changes what an agent says of its node. */
    public void changeNode(String name, Consumer<MigrationNodeStatus> change) {
        // Whole, as the agents write it: there may be no status to change.
        MigrationNode node = Objects.requireNonNull(
                client.resources(MigrationNode.class).withName(name).get());
        if (node.getStatus() == null) {
            node.setStatus(new MigrationNodeStatus());
        }
        change.accept(node.getStatus());
        client.resource(node).updateStatus();
    }

    private void start(Pod pod) {
        String name = pod.getMetadata().getName();
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            end(pod);
            return;
        }
        if (pod.getSpec().getNodeName() == null
                || (pod.getStatus() != null && pod.getStatus().getPhase() != null && !isNew(pod.getStatus()))
                || notStarted.contains(name)) {
            return;
        }
        List<ContainerStatus> sidecars = running(pod.getSpec().getInitContainers());
        List<ContainerStatus> containers = running(pod.getSpec().getContainers());
        client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(name)
                .editStatus(found -> new PodBuilder(found)
                        .withNewStatus()
                        .withPhase("Running")
                        .withInitContainerStatuses(sidecars)
                        .withContainerStatuses(containers)
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("True")
                        .endCondition()
                        .endStatus()
                        .build());
        boolean copy = pod.getMetadata().getAnnotations() != null
                && pod.getMetadata().getAnnotations().containsKey("migration.checkpoint-path")
                && !"cri-o".equals(pod.getMetadata().getAnnotations().get("migration.restore-mode"));
        if (!copy) {
            world.set(pod.getMetadata().getUid(), Processes.RUNNING);
        }
    }

    /** What an API server says of a pod that no kubelet has said anything about. */
    private static boolean isNew(PodStatus status) {
        return status.getPhase().equals("Pending")
                && status.getContainerStatuses().isEmpty();
    }

    /** A pod that has been on a node is there until its kubelet has ended it. */
    private void end(Pod pod) {
        if (pod.getSpec().getNodeName() == null) {
            return;
        }
        world.set(pod.getMetadata().getUid(), Processes.NONE);
        try {
            client.resource(pod).withGracePeriod(0).delete();
        } catch (KubernetesClientException interrupted) {
            // The cluster is being closed, which ends all that is in it.
            if (!Thread.currentThread().isInterrupted()
                    && !(interrupted.getCause() instanceof InterruptedIOException)) {
                throw interrupted;
            }
        }
    }

    /** Changes what the kubelet says of a pod. */
    public void changePodStatus(String pod, UnaryOperator<PodStatusBuilder> change) {
        client.pods()
                .inNamespace(NAMESPACE)
                .withName(pod)
                .editStatus(found -> new PodBuilder(found)
                        .withStatus(change.apply(new PodStatusBuilder(found.getStatus()))
                                .build())
                        .build());
    }

    /** From now on no webhook prepares pods. */
    public void loseWebhook() {
        api.loseWebhook();
    }

    private static List<ContainerStatus> running(List<Container> containers) {
        return containers.stream()
                .map(container -> new ContainerStatusBuilder()
                        .withName(container.getName())
                        .withContainerID("cri-o://" + UUID.randomUUID())
                        .withReady(true)
                        .withStarted(true)
                        .withRestartCount(0)
                        .withNewState()
                        .withNewRunning()
                        .endRunning()
                        .endState()
                        .build())
                .toList();
    }

    /** From now on the kubelets do not start pods of this name. */
    public void doNotStart(String pod) {
        notStarted.add(pod);
    }

    /** Kubelets start it after all. */
    public void startAfterAll(String pod) {
        notStarted.remove(pod);
        start(client.pods().inNamespace(NAMESPACE).withName(pod).get());
    }

    /** Creates a pod with these containers, of which those named {@code sidecar-…} are sidecars, and waits until it runs. */
    public Pod pod(String name, String node, String... containers) {
        PodBuilder builder = new PodBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(name)
                .addToLabels("app", "counter")
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .endSpec();
        for (String container : containers.length == 0 ? new String[] {"app"} : containers) {
            boolean sidecar = container.startsWith("sidecar-");
            Container made = new ContainerBuilder()
                    .withName(container)
                    .withImage("registry.example/counter:1")
                    .withCommand("/counter")
                    .withRestartPolicy(sidecar ? "Always" : null)
                    .build();
            if (sidecar) {
                builder.editSpec().addToInitContainers(made).endSpec();
            } else {
                builder.editSpec().addToContainers(made).endSpec();
            }
        }
        client.resource(builder.build()).create();
        return awaitRunning(name);
    }

    /** Waits until a pod runs. */
    public Pod awaitRunning(String name) {
        await("pod %s runs".formatted(name), () -> {
            Pod pod = find(name);
            return pod != null
                    && pod.getStatus() != null
                    && "Running".equals(pod.getStatus().getPhase());
        });
        return Objects.requireNonNull(find(name));
    }

    /** Creates a migration. */
    public PodMigration migrate(String name, String pod, @Nullable String node, Consumer<PodMigrationSpec> change) {
        PodMigrationSpec spec = new PodMigrationSpec();
        spec.setPodName(pod);
        spec.setTargetNode(node);
        change.accept(spec);
        PodMigration migration = new PodMigration();
        migration.setMetadata(
                new ObjectMetaBuilder().withNamespace(NAMESPACE).withName(name).build());
        migration.setSpec(spec);
        migration.setStatus(null);
        return client.resource(migration).create();
    }

    /** Creates a migration with what holds where nothing is said. */
    public PodMigration migrate(String name, String pod, @Nullable String node) {
        return migrate(name, pod, node, spec -> {});
    }

    /** The migration as stored; null: it is gone. */
    public @Nullable PodMigration migration(String name) {
        return client.resources(PodMigration.class)
                .inNamespace(NAMESPACE)
                .withName(name)
                .get();
    }

    /** Waits until the migration is in a phase. */
    public PodMigration awaitPhase(String name, MigrationPhase phase) {
        return awaitMigration(
                name,
                phase.value(),
                migration ->
                        migration.getStatus() != null && migration.getStatus().getPhase() == phase);
    }

    /** Waits until the migration is over. */
    public PodMigration awaitEnd(String name) {
        return awaitMigration(
                name,
                "over",
                migration -> migration.getStatus() != null
                        && migration.getStatus().getPhase() != null
                        && migration.getStatus().getPhase().isFinal());
    }

    /** Waits until something holds of the migration. */
    public PodMigration awaitMigration(String name, String what, Predicate<PodMigration> holds) {
        AtomicReference<@Nullable PodMigration> last = new AtomicReference<>();
        Awaitility.await(name + " is " + what)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(
                        () -> {
                            PodMigration found = migration(name);
                            last.set(found);
                            return found;
                        },
                        found -> found != null && holds.test(found));
        return Objects.requireNonNull(last.get());
    }

    /** The uid of the copy; empty: it is not created yet. */
    public static String copyOf(PodMigration migration) {
        TargetPod target =
                migration.getStatus() == null ? null : migration.getStatus().getTargetPod();
        return target == null || target.uid() == null ? "" : target.uid();
    }

    /** Waits until something holds. */
    public void await(String what, java.util.concurrent.Callable<Boolean> holds) {
        Awaitility.await(what)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(holds);
    }

    /** Starts a controller, in place of the one that may be there. */
    public void startController(Settings settings, StepListener steps) {
        stopController();
        GrpcAgentClients channels = new GrpcAgentClients(
                endpoint -> InProcessChannelBuilder.forName(endpoint.substring(0, endpoint.indexOf(':')))
                        .build());
        clients = channels;
        controller = Controller.start(client, settings, channels, registry, clock, steps);
    }

    /** Starts a controller with a short lease. */
    public void startController() {
        startController(settings(), StepListener.NONE);
    }

    /** What tests take, where they do not care. */
    public static Settings settings() {
        Settings defaults = Settings.defaults();
        return new Settings(
                defaults.migrationsInCluster(),
                defaults.migrationsOutOfNode(),
                Duration.ofSeconds(5),
                defaults.checkpointTimeout(),
                4,
                Duration.ofSeconds(1),
                defaults.leaderElection());
    }

    /** Stops the controller; what it knew is lost. */
    public void stopController() {
        if (controller != null) {
            controller.close();
            controller = null;
        }
        if (clients != null) {
            clients.close();
            clients = null;
        }
    }

    /** The pod of this name as the API has it; null when there is none. */
    public @Nullable Pod find(String name) {
        return client.pods().inNamespace(NAMESPACE).withName(name).get();
    }

    public NamespacedKubernetesClient client() {
        return client;
    }

    public FakeAgent agent(String node) {
        FakeAgent agent = agents.get(node);
        if (agent == null) {
            throw new IllegalArgumentException("there is no node " + node);
        }
        return agent;
    }

    public World world() {
        return world;
    }

    public ApiServer api() {
        return api;
    }

    public MeterRegistry registry() {
        return registry;
    }

    public MutableClock clock() {
        return clock;
    }

    /** The checkpoints on the shared storage, by pod uid and checkpoint id. */
    public Map<String, PodArtifact> storage() {
        return storage;
    }

    @Override
    public void close() {
        stopController();
        kubelet.close();
        servers.forEach(Server::shutdownNow);
        client.close();
        api.close();
    }

    /** A clock that can be put forward. */
    public static final class MutableClock implements InstantSource {
        private volatile Duration ahead = Duration.ZERO;

        /** Puts it forward. */
        public void forward(Duration duration) {
            ahead = ahead.plus(duration);
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(ahead);
        }
    }
}
