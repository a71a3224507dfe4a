package domain.my.lpm.controller;

import domain.my.lpm.api.Finalizers;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointContent;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.SourcePod;
import domain.my.lpm.controller.agent.AgentCalls;
import domain.my.lpm.controller.agent.AgentClients;
import domain.my.lpm.controller.checkpoint.Checkpointing;
import domain.my.lpm.controller.checkpoint.ContainerCheckpointContentReconciler;
import domain.my.lpm.controller.checkpoint.ContainerCheckpointReconciler;
import domain.my.lpm.controller.checkpoint.PodCheckpointContentReconciler;
import domain.my.lpm.controller.checkpoint.PodCheckpointReconciler;
import domain.my.lpm.controller.migration.EventRecorder;
import domain.my.lpm.controller.migration.KubernetesCluster;
import domain.my.lpm.controller.migration.MigrationEvents;
import domain.my.lpm.controller.migration.MigrationQueue;
import domain.my.lpm.controller.migration.PodMigrationReconciler;
import domain.my.lpm.controller.migration.Protocol;
import domain.my.lpm.controller.step.StepListener;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ConfigurationServiceOverrider;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetrics;
import io.javaoperatorsdk.operator.processing.event.source.informer.TransformingItemStore;
import io.javaoperatorsdk.operator.processing.retry.GenericRetry;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A controller that works, until it is closed. */
public final class Controller implements AutoCloseable {
    private static final int LONGEST_RETRY_PAUSE_MILLIS = 30_000;

    private final Operator operator;
    private final NodeDirectory nodes;
    private final EventRecorder events;

    private Controller(Operator operator, NodeDirectory nodes, EventRecorder events) {
        this.operator = operator;
        this.nodes = nodes;
        this.events = events;
    }

    /**
     * Starts a controller, and returns when it knows what there is. The CRDs must be there.
     *
     * @param client stays open when the controller is closed
     * @param agents stay open when the controller is closed
     */
    public static Controller start(KubernetesClient client, Settings settings, AgentClients agents) {
        return start(client, settings, agents, new SimpleMeterRegistry(), InstantSource.system(), StepListener.NONE);
    }

    /**
     * Starts a controller, and returns when it knows what there is.
     *
     * @param registry takes the figures
     * @param clock by which deadlines are kept
     * @param steps is told of every act
     */
    public static Controller start(
            KubernetesClient client,
            Settings settings,
            AgentClients agents,
            MeterRegistry registry,
            InstantSource clock,
            StepListener steps) {
        NodeDirectory nodes = new NodeDirectory(client);
        EventRecorder events = new EventRecorder(client, clock);
        AgentCalls calls = new AgentCalls(agents, nodes::endpoint, clock, steps);
        MigrationEvents seen = new MigrationEvents();
        Checkpointing checkpointing =
                new Checkpointing(client, calls, nodes, settings.checkpointTimeout(), clock, steps);
        PodCheckpointReconciler checkpoints = new PodCheckpointReconciler(checkpointing, seen::wake);
        MigrationQueue queue = new MigrationQueue(
                settings.migrationsInCluster(),
                settings.migrationsOutOfNode(),
                seen::unfinished,
                migration -> sourceNode(seen, migration));
        Metrics metrics = new Metrics(registry);
        metrics.gauges(queue::underWay, queue::length, calls::inFlight);
        Protocol protocol = new Protocol(
                new KubernetesCluster(client, seen, nodes, checkpoints::see, checkpoints::wake, events),
                calls,
                queue,
                settings.holdLease(),
                clock,
                steps,
                metrics,
                seen::wake);
        Operator operator = new Operator(configuration -> configure(configuration, client, settings, registry));
        operator.register(checkpoints, Controller.<PodCheckpoint>reconciled(Finalizers.CHECKPOINT));
        operator.register(
                new ContainerCheckpointReconciler(checkpointing),
                Controller.<ContainerCheckpoint>reconciled(Finalizers.CHECKPOINT));
        operator.register(
                new PodCheckpointContentReconciler(checkpointing),
                Controller.<PodCheckpointContent>reconciled(Finalizers.CONTENT));
        operator.register(
                new ContainerCheckpointContentReconciler(checkpointing),
                Controller.<ContainerCheckpointContent>reconciled(Finalizers.CONTENT, content -> {
                    // Hundreds of words that the nodes have, too.
                    content.getSpec().setCpuFeatures(new ArrayList<>());
                    return content;
                }));
        operator.register(
                new PodMigrationReconciler(protocol, seen),
                Controller.<PodMigration>reconciled(Finalizers.MIGRATION)
                        .andThen(configuration -> configuration
                                .withGenerationAware(false)
                                .withOnUpdateFilter((after, before) -> concernsUs(after, before))));
        operator.start();
        return new Controller(operator, nodes, events);
    }

    private static Optional<String> sourceNode(MigrationEvents seen, PodMigration migration) {
        SourcePod recorded =
                migration.getStatus() == null ? null : migration.getStatus().getSourcePod();
        return Optional.ofNullable(recorded)
                .map(SourcePod::node)
                .or(() -> seen.pod(
                                migration.getMetadata().getNamespace(),
                                migration.getSpec().getPodName())
                        .map(pod -> pod.getSpec().getNodeName()));
    }

    private static void configure(
            ConfigurationServiceOverrider configuration,
            KubernetesClient client,
            Settings settings,
            MeterRegistry registry) {
        configuration
                .withKubernetesClient(client)
                .withCloseClientOnStop(false)
                .withUseSSAToPatchPrimaryResource(false)
                .checkingCRDAndValidateLocalModel(false)
                .withConcurrentReconciliationThreads(settings.reconcileThreads())
                .withReconciliationTerminationTimeout(settings.stopTimeout())
                .withMetrics(MicrometerMetrics.withoutPerResourceMetrics(registry));
        settings.leaderElection()
                .map(Controller::leaderElection)
                .ifPresent(configuration::withLeaderElectionConfiguration);
    }

    private static LeaderElectionConfiguration leaderElection(Settings.LeaderElection election) {
        LeaderElectionConfigurationBuilder builder = LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(
                        election.lease())
                .withLeaseNamespace(election.namespace())
                .withIdentity(election.identity())
                .withLeaseDuration(election.duration())
                .withRenewDeadline(election.renewDeadline())
                .withRetryPeriod(election.retryPeriod());
        return election.exitWhenLost() ? builder.build() : builder.buildForTest(false);
    }

    private static <R extends HasMetadata> Consumer<ControllerConfigurationOverrider<R>> reconciled(String finalizer) {
        return reconciled(finalizer, UnaryOperator.identity());
    }

    private static <R extends HasMetadata> Consumer<ControllerConfigurationOverrider<R>> reconciled(
            String finalizer, UnaryOperator<R> reduce) {
        return configuration -> configuration
                .watchingAllNamespaces()
                .withFinalizer(finalizer)
                .withItemStore(new TransformingItemStore<>(item -> {
                    item.getMetadata().setManagedFields(null);
                    return reduce.apply(item);
                }))
                .withRetry(new GenericRetry()
                        .setInitialInterval(1000)
                        .setIntervalMultiplier(2)
                        .setMaxInterval(LONGEST_RETRY_PAUSE_MILLIS)
                        .withoutMaxAttempts());
    }

    /**
     * Of what others change in a PodMigration: its specification, that it is deleted, and that an agent has ended the hold. Of the
     * changes that come while we write, the framework passes on the last one alone, with its predecessor: what must not be
     * missed is told by what the object has become.
     */
    private static boolean concernsUs(PodMigration after, PodMigration before) {
        return after.isMarkedForDeletion()
                || phase(after) == MigrationPhase.ROLLING_BACK
                || !Objects.equals(
                        after.getMetadata().getGeneration(),
                        before.getMetadata().getGeneration())
                || !after.getFinalizers().equals(before.getFinalizers());
    }

    private static MigrationPhase phase(PodMigration migration) {
        MigrationPhase phase =
                migration.getStatus() == null ? null : migration.getStatus().getPhase();
        return phase == null ? MigrationPhase.PENDING : phase;
    }

    /** Whether it works, or waits to be the leader: false when a watch is broken for good. */
    public boolean isHealthy() {
        return operator.getRuntimeInfo().isStarted()
                && operator.getRuntimeInfo().allEventSourcesAreHealthy();
    }

    /** Takes up nothing new, lets work under way end, and stops. Whatever was not done is done by the next controller. */
    @Override
    public void close() {
        operator.stop();
        nodes.close();
        events.close();
    }
}
