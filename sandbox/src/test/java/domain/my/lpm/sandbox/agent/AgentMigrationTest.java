package domain.my.lpm.sandbox.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.protocol.AgentGrpc;
import domain.my.lpm.agent.protocol.CapabilityKind;
import domain.my.lpm.agent.protocol.CheckpointEvent;
import domain.my.lpm.agent.protocol.CheckpointProgress;
import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerOutcome;
import domain.my.lpm.agent.protocol.DeleteCheckpointRequest;
import domain.my.lpm.agent.protocol.DescribeNodeRequest;
import domain.my.lpm.agent.protocol.DescribeNodeResponse;
import domain.my.lpm.agent.protocol.FenceRequest;
import domain.my.lpm.agent.protocol.OnFailure;
import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.agent.protocol.PrepareRequest;
import domain.my.lpm.agent.protocol.RenewHoldRequest;
import domain.my.lpm.agent.protocol.RestoreOutcome;
import domain.my.lpm.agent.protocol.RestoreRequest;
import domain.my.lpm.agent.protocol.ResumeRequest;
import domain.my.lpm.agent.protocol.RunRequest;
import domain.my.lpm.agent.protocol.RunResponse;
import domain.my.lpm.agent.protocol.WithdrawRequest;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster;
import domain.my.lpm.sandbox.migration.TargetPod;
import io.fabric8.kubernetes.api.model.Pod;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What controllers do with two agents, over gRPC with TLS; a restore is proven by what only memory held. */
@Tag("real")
class AgentMigrationTest {
    private static final String TICKS = """
            read -r nonce < /proc/sys/kernel/random/uuid
            trap 'exit 0' TERM
            n=0
            while true; do
                n=$((n + 1))
                echo "tick $n nonce=$nonce"
                usleep 20000
            done
            """;

    @AutoClose
    private static final AgentPair pair = new AgentPair(Specimens.settings());

    private final List<AgentPair.Served> agents = new ArrayList<>();
    private String id = "none";

    @BeforeEach
    void name() {
        id = pair.cluster.newId();
    }

    @AfterEach
    void end() throws Exception {
        for (AgentPair.Served each : agents) {
            each.close();
        }
        pair.removePods();
        pair.api.turnedBack(false);
    }

    private AgentPair.Served source() {
        return kept(pair.serve(pair.cluster.source));
    }

    private AgentPair.Served target() {
        return kept(pair.serve(pair.cluster.target));
    }

    private AgentPair.Served kept(AgentPair.Served agent) {
        agents.add(agent);
        return agent;
    }

    private static Pod ticker(String name) {
        return Specimens.script(name, TICKS).build();
    }

    private static Pod twins(String name) {
        Pod pod = ticker(name);
        Pod other = ticker(name);
        var side = other.getSpec().getContainers().get(0);
        side.setName("side");
        pod.getSpec().getContainers().add(side);
        return pod;
    }

    static List<Integer> ticks(RunningContainer container) {
        return container.output().stream()
                .filter(line -> line.startsWith("tick "))
                .map(line -> Integer.valueOf(line.split(" ")[1]))
                .toList();
    }

    static List<String> nonces(RunningContainer container) {
        return container.output().stream()
                .filter(line -> line.contains("nonce="))
                .map(line -> line.replaceFirst(".*nonce=", ""))
                .distinct()
                .toList();
    }

    static void awaitNextTick(RunningContainer container) {
        int seen = ticks(container).size();
        container.awaitLine(line -> ticks(container).size() > seen, Cluster.SOON);
    }

    /** Together they have every tick once, in order, of one process. */
    static void assertContinued(RunningContainer source, RunningContainer target) {
        awaitNextTick(target);
        assertThat(nonces(target)).hasSize(1).isEqualTo(nonces(source));
        List<Integer> all = new ArrayList<>(ticks(source));
        all.addAll(ticks(target));
        assertThat(all).isEqualTo(IntStream.rangeClosed(1, all.size()).boxed().toList());
    }

    static void assertGoesOn(RunningContainer source) {
        awaitNextTick(source);
        List<Integer> all = ticks(source);
        assertThat(all).isEqualTo(IntStream.rangeClosed(1, all.size()).boxed().toList());
        assertThat(nonces(source)).hasSize(1);
    }

    static PrepareRequest prepare(RunningPod target, RunningPod source) {
        return PrepareRequest.newBuilder()
                .setTarget(AgentPair.reference(target))
                .setSourceNamespace("default")
                .setSourceName(source.pod().getMetadata().getName())
                .build();
    }

    static RunRequest run(RunningPod target) {
        return RunRequest.newBuilder()
                .setTarget(AgentPair.reference(target))
                .setDeadlineMillis(Cluster.SOON.toMillis())
                .build();
    }

    static List<ContainerOutcome.Kind> kinds(List<ContainerOutcome> outcomes) {
        return outcomes.stream().map(ContainerOutcome::getKind).toList();
    }

    private static List<Path> stored(RunningPod source) throws Exception {
        Path directory = pair.cluster.sandbox.share().resolve(source.uid());
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.toList();
        }
    }

    @Test
    void aPodMovesAndItsSourceIsFenced() throws Exception {
        AgentPair.Served a = source();
        AgentPair.Served b = target();
        RunningPod from = pair.run(pair.cluster.source, twins("moves"));
        RunningPod to = pair.run(pair.cluster.target, TargetPod.of(twins("moves")));
        awaitNextTick(from.container("main"));
        awaitNextTick(from.container("side"));

        b.stub().prepare(prepare(to, from));
        b.stub().prepare(prepare(to, from));
        CheckpointRequest request = AgentPair.checkpoint(from, id).build();
        List<CheckpointEvent> events = new ArrayList<>();
        a.stub().checkpoint(request).forEachRemaining(events::add);
        assertThat(events.stream()
                        .filter(CheckpointEvent::hasProgress)
                        .map(event -> event.getProgress().getStep()))
                .containsExactly(
                        CheckpointProgress.Step.CHECKED,
                        CheckpointProgress.Step.DUMPED,
                        CheckpointProgress.Step.DUMPED,
                        CheckpointProgress.Step.HELD,
                        CheckpointProgress.Step.STORED,
                        CheckpointProgress.Step.STORED);
        PodArtifact artifact = events.get(events.size() - 1).getArtifact();
        assertThat(artifact.getHeld()).isTrue();
        assertThat(AgentPair.take(a, request)).as("repeated").isEqualTo(artifact);
        RestoreRequest release = AgentPair.release(to, artifact);

        RestoreOutcome outcome = AgentPair.restore(b, release);
        assertThat(kinds(outcome.getContainersList()))
                .containsExactly(ContainerOutcome.Kind.COMPLETE, ContainerOutcome.Kind.COMPLETE);
        assertThat(to.container("main").output()).isEmpty();
        assertThat(AgentPair.restore(b, release)).as("repeated").isEqualTo(outcome);
        RunResponse ran = b.stub().run(run(to));
        assertThat(kinds(ran.getContainersList()))
                .containsExactly(ContainerOutcome.Kind.RUNNING, ContainerOutcome.Kind.RUNNING);
        assertContinued(from.container("main"), to.container("main"));
        assertContinued(from.container("side"), to.container("side"));
        assertThat(kinds(b.stub().run(run(to)).getContainersList()))
                .as("repeated")
                .doesNotContain(ContainerOutcome.Kind.FAILED);
        assertThatThrownBy(() -> b.stub()
                        .withdraw(WithdrawRequest.newBuilder()
                                .setTarget(AgentPair.reference(to))
                                .build()))
                .hasMessageContaining("FAILED_PRECONDITION")
                .hasMessageContaining("runs and cannot be withdrawn");

        FenceRequest fence =
                FenceRequest.newBuilder().setSource(AgentPair.reference(from)).build();
        assertThat(a.stub().fence(fence).getKilled())
                .as("what its kubelet would start anew")
                .isZero();
        assertThat(from.container("main").isRunning()).isTrue();
        from.container("main").signal("TERM");
        from.container("side").signal("TERM");
        // The call kills them, unless the agent's own turn, every second, has been faster.
        a.stub().fence(fence);
        assertThat(a.stub().fence(fence).getKilled()).isZero();
        assertThat(from.container("main").isRunning()).isFalse();
        assertThatThrownBy(() -> a.stub()
                        .resume(ResumeRequest.newBuilder()
                                .setSource(AgentPair.reference(from))
                                .build()))
                .hasMessageContaining("FAILED_PRECONDITION")
                .hasMessageContaining("has been fenced");

        DeleteCheckpointRequest delete = DeleteCheckpointRequest.newBuilder()
                .setUri("shared://" + from.uid() + "/" + id)
                .build();
        assertThat(a.stub().deleteCheckpoint(delete).getWasThere()).isTrue();
        assertThat(a.stub().deleteCheckpoint(delete).getWasThere()).isFalse();
        assertThat(stored(from)).isEmpty();
    }

    @Test
    void rolledBackTheSourceGoesOnAtTheSameTick() {
        AgentPair.Served a = source();
        AgentPair.Served b = target();
        RunningPod from = pair.run(pair.cluster.source, ticker("returns"));
        RunningPod to = pair.run(pair.cluster.target, TargetPod.of(ticker("returns")));
        awaitNextTick(from.container("main"));
        b.stub().prepare(prepare(to, from));
        PodArtifact artifact = AgentPair.take(a, AgentPair.checkpoint(from, id).build());
        assertThat(kinds(AgentPair.restore(b, AgentPair.release(to, artifact)).getContainersList()))
                .containsExactly(ContainerOutcome.Kind.COMPLETE);

        WithdrawRequest withdraw =
                WithdrawRequest.newBuilder().setTarget(AgentPair.reference(to)).build();
        b.stub().withdraw(withdraw);
        b.stub().withdraw(withdraw);
        ResumeRequest resume =
                ResumeRequest.newBuilder().setSource(AgentPair.reference(from)).build();
        assertThat(a.stub().resume(resume).getWasHeld()).isTrue();
        assertThat(a.stub().resume(resume).getWasHeld()).isFalse();

        assertGoesOn(from.container("main"));
        assertThat(to.container("main").output()).isEmpty();
        assertThatThrownBy(
                        () -> AgentPair.take(a, AgentPair.checkpoint(from, id).build()))
                .hasMessageContaining("FAILED_PRECONDITION")
                .hasMessageContaining("was taken, but the pod has gone on since; take another one");
    }

    @Test
    void twoCallsWithOneIdAreOneCheckpoint() throws Exception {
        AgentPair.Served a = source();
        RunningPod from = pair.run(pair.cluster.source, ticker("once"));
        awaitNextTick(from.container("main"));
        CheckpointRequest request = AgentPair.checkpoint(from, id).build();

        var first = CompletableFuture.supplyAsync(() -> AgentPair.take(a, request));
        var second = CompletableFuture.supplyAsync(() -> AgentPair.take(a, request));

        assertThat(first.get(5, TimeUnit.MINUTES)).isEqualTo(second.get(5, TimeUnit.MINUTES));
        assertThat(first.get().getContainersCount()).isEqualTo(1);
        a.stub()
                .resume(ResumeRequest.newBuilder()
                        .setSource(AgentPair.reference(from))
                        .build());
        assertGoesOn(from.container("main"));
    }

    @Test
    void whatCannotBeRestoredIsStartedAnewByTheWord() {
        AgentPair.Served a = source();
        AgentPair.Served b = target();
        RunningPod from = pair.run(pair.cluster.source, ticker("anew"));
        RunningPod to = pair.run(pair.cluster.target, TargetPod.of(ticker("anew")));
        awaitNextTick(from.container("main"));
        b.stub()
                .prepare(prepare(to, from).toBuilder()
                        .setOnFailure(OnFailure.START_FRESH)
                        .build());
        PodArtifact artifact = AgentPair.take(a, AgentPair.checkpoint(from, id).build());
        pair.cluster
                .sandbox
                .share()
                .resolve(from.uid())
                .resolve(id)
                .resolve("main/manifest.sig")
                .toFile()
                .delete();

        RestoreOutcome outcome = AgentPair.restore(b, AgentPair.release(to, artifact));
        assertThat(kinds(outcome.getContainersList())).containsExactly(ContainerOutcome.Kind.UNRESTORABLE);
        assertThat(outcome.getContainers(0).getMessage()).contains("signature");
        assertThatThrownBy(() -> b.stub().run(run(to)))
                .hasMessageContaining("is unrestorable and cannot run yet; call Restore before");
        assertThat(to.container("main").output()).isEmpty();
        RunResponse ran = b.stub().run(run(to).toBuilder().setFresh(true).build());

        assertThat(kinds(ran.getContainersList())).containsExactly(ContainerOutcome.Kind.FRESH);
        awaitNextTick(to.container("main"));
        assertThat(ticks(to.container("main"))).startsWith(1);
        assertThat(nonces(to.container("main"))).doesNotContainAnyElementsOf(nonces(from.container("main")));
    }

    @Test
    void aLeaseThatLapsesLetsTheSourceGoOn() {
        AgentPair.Served a = source();
        RunningPod from = pair.run(pair.cluster.source, ticker("lapses"));
        awaitNextTick(from.container("main"));
        pair.api.verdict(domain.my.lpm.agent.hold.Commits.Verdict.FORBIDDEN);
        CheckpointRequest.Builder request = AgentPair.checkpoint(from, id);
        request.setHold(request.getHold().toBuilder().setLeaseMillis(5000));

        AgentPair.take(a, request.build());

        assertGoesOn(from.container("main"));
    }

    @Test
    void aLeaseThatLapsesBeforeThePodIsStoppedLetsItGoOn() {
        Path holds = pair.cluster.source.root().resolve("agent/work/agent/holds");
        AgentPair.Served a = kept(pair.serve(pair.cluster.source, new StepListener() {
            @Override
            public void before(Step step) {
                if (step == Step.RUN_CHECKPOINT_LAUNCHER) {
                    Awaitility.await().atMost(Cluster.SOON).until(() -> {
                        try (Stream<Path> records = Files.list(holds)) {
                            return records.findAny().isEmpty();
                        }
                    });
                }
            }

            @Override
            public void after(Step step) {}
        }));
        RunningPod from = pair.run(pair.cluster.source, ticker("slow"));
        awaitNextTick(from.container("main"));
        pair.api.verdict(domain.my.lpm.agent.hold.Commits.Verdict.FORBIDDEN);
        CheckpointRequest.Builder request = AgentPair.checkpoint(from, id);
        request.setHold(request.getHold().toBuilder().setLeaseMillis(5000));

        assertThatThrownBy(() -> AgentPair.take(a, request.build()))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("ended before the pod was stopped, and it goes on");

        assertGoesOn(from.container("main"));
    }

    @Test
    void aCallThatComesAfterItsMigrationWasTurnedBackStopsNothing() {
        AgentPair.Served a = source();
        RunningPod from = pair.run(pair.cluster.source, ticker("late"));
        awaitNextTick(from.container("main"));
        pair.api.turnedBack(true);

        assertThatThrownBy(
                        () -> AgentPair.take(a, AgentPair.checkpoint(from, id).build()))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("FAILED_PRECONDITION")
                .hasMessageContaining("is over or rolled back, so that the pod was not stopped");

        assertGoesOn(from.container("main"));
        RenewHoldRequest renewal = RenewHoldRequest.newBuilder()
                .setSource(AgentPair.reference(from))
                .setLeaseMillis(5000)
                .build();
        assertThatThrownBy(() -> a.stub().renewHold(renewal)).hasMessageContaining("is not held");
    }

    @Test
    void onlyTheControllerMayCallAndOnlyWithProperNames() {
        AgentPair.Served a = source();
        ManagedChannel stranger = pair.channel("source", a.port(), "stranger.lpm");
        try {
            assertThatThrownBy(() ->
                            AgentGrpc.newBlockingStub(stranger).describeNode(DescribeNodeRequest.getDefaultInstance()))
                    .isInstanceOf(StatusRuntimeException.class)
                    .hasMessageContaining("PERMISSION_DENIED")
                    .hasMessageContaining("stranger.lpm");
        } finally {
            stranger.shutdownNow();
        }
        var bad = domain.my.lpm.agent.protocol.PodReference.newBuilder()
                .setNamespace("../etc")
                .setName("web")
                .setUid("u")
                .build();
        assertThatThrownBy(() -> a.stub()
                        .resume(ResumeRequest.newBuilder().setSource(bad).build()))
                .hasMessageContaining("INVALID_ARGUMENT")
                .hasMessageContaining("'../etc' is no namespace of a pod");
        assertThatThrownBy(() -> a.stub().resume(ResumeRequest.newBuilder().build()))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        refused -> assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT));
        RunningPod gone = pair.run(pair.cluster.source, ticker("gone"));
        assertThatThrownBy(() -> AgentPair.take(
                        a,
                        AgentPair.checkpoint(gone, id)
                                .setSource(AgentPair.reference(gone).toBuilder().setUid("another"))
                                .build()))
                .hasMessageContaining("ABORTED")
                .hasMessageContaining("was replaced by another of the same name");

        DescribeNodeResponse node = a.stub().describeNode(DescribeNodeRequest.getDefaultInstance());
        assertThat(node.getNode()).isEqualTo("source");
        assertThat(node.getRuntime()).isEqualTo("cri-o 1.34.11");
        assertThat(node.getCriuVersion()).startsWith("4.");
        assertThat(node.getCpuFeaturesList()).isSorted().isNotEmpty();
        assertThat(node.getCapabilitiesList())
                .filteredOn(capability -> capability.getPresent())
                .extracting(capability -> capability.getKind())
                .contains(CapabilityKind.LAUNCHER_CHECKPOINT, CapabilityKind.HOLD, CapabilityKind.SELF_RESTORE);
        assertThat(node.getCapabilitiesList())
                .filteredOn(capability -> !capability.getPresent())
                .allSatisfy(capability -> assertThat(capability.getReason()).contains(";"));
        assertThat(RunningContainer.await(
                        Cluster.SOON, () -> pair.api.written("source").isPresent()))
                .isTrue();
        assertThat(pair.api.written("source").orElseThrow().getAgentEndpoint()).isEqualTo("127.0.0.1:" + a.port());
    }
}
