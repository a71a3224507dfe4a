package domain.my.lpm.sandbox.fault;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointContent;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.sandbox.Patience;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.fault.Announcements.Side;
import domain.my.lpm.sandbox.fault.Ledger.Tick;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import jnr.constants.platform.Signal;
import org.jspecify.annotations.Nullable;

/** One migration during which one thing fails, and what became of the application. */
final class Trial {
    static final String MOVED = "moved";
    static final String STAYED = "stayed";

    private static final Duration SOON = Patience.of(Duration.ofSeconds(90));
    /** Longer than the lease, and the time in which agents look at it. */
    private static final Duration OUTAGE = Duration.ofSeconds(FaultCluster.LEASE + 3);

    private static final int NAP_MILLIS = 30;
    /** To look for what is left takes a while, too. */
    private static final int LONG_NAP_MILLIS = 300;

    private static final String COPY = "-restored";

    private final FaultCluster cluster;
    private final KubernetesClient client;
    private final Scenario scenario;
    private final Optional<Cell> cell;
    private final String name;
    private final Set<Moment> seen = Collections.synchronizedSet(new LinkedHashSet<>());
    private final List<Integer> stopped = Collections.synchronizedList(new ArrayList<>());

    private volatile boolean struck;
    private volatile boolean cancelled;
    private volatile boolean controllerGone;
    private volatile boolean cleaning;
    private volatile @Nullable Throwable failure;
    /** When what is out is put right again; 0 for nothing. */
    private volatile long repairAt;

    /** The clean run of a scenario, or, with a cell, one in which something fails. */
    Trial(FaultCluster cluster, Scenario scenario, Optional<Cell> cell, String name) {
        this.cluster = cluster;
        this.client = cluster.client();
        this.scenario = scenario;
        this.cell = cell;
        this.name = name;
    }

    /** Every moment that came, in the order in which they came first. */
    Set<Moment> moments() {
        return seen;
    }

    /** Whether the moment came, and the fault was made. */
    boolean struck() {
        return struck;
    }

    /**
     * Runs it, and looks at what the application did and what is left.
     *
     * @return how it ended, in a word or two
     * @throws AssertionError when anything is not as promised
     */
    String run() {
        cluster.stages().clear();
        startPod();
        cell.filter(each -> each.moment().role() == Role.CRIU)
                .ifPresent(each -> cluster.stages().arm(each.moment().step()));
        try (Ledger ledger = new Ledger(cluster.cluster().nodes(), name, "counter")) {
            // Its kubelet may tell later than it ticks.
            await("the first ticks", () -> ledger.ticks().size() > 5 && isReported());
            cluster.follow(this::at);
            client.resource(migration()).create();
            String end = awaitEnd(ledger);
            String where = judge(ledger, end);
            cleanUp(ledger);
            cluster.follow((participant, side, step) -> {});
            if (failure != null) {
                throw new AssertionError("the fault could not be made", failure);
            }
            cluster.stages().stages().forEach(stage -> seen.add(new Moment(Role.CRIU, Side.BEFORE, stage)));
            return where;
        } finally {
            repair();
            cluster.follow((participant, side, step) -> {});
            cluster.awaitReady();
        }
    }

    private void startPod() {
        Pod pod = new PodBuilder(Specimens.counter())
                .editMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .editSpec()
                .withNodeName(FaultCluster.SOURCE)
                .withTerminationGracePeriodSeconds(1L)
                .endSpec()
                .build();
        if (scenario == Scenario.KUBELET || scenario == Scenario.RUNTIME) {
            pod.getMetadata().setAnnotations(Map.of());
        }
        Container counter = pod.getSpec().getContainers().get(0);
        List<String> command = new ArrayList<>(Objects.requireNonNull(counter.getCommand()));
        command.replaceAll(word -> word.replace("usleep 100000", "usleep 20000"));
        if (scenario == Scenario.RUNTIME) {
            // A runtime does not bring its content along.
            pod.getSpec().setVolumes(List.of());
            counter.setVolumeMounts(List.of());
            command.replaceAll(word -> word.replace("/data/counter.log", "/dev/null"));
        }
        counter.setCommand(command);
        client.resource(pod).create();
    }

    private boolean isReported() {
        Pod pod = client.pods().inNamespace("default").withName(name).get();
        return pod.getStatus() != null && "Running".equals(pod.getStatus().getPhase());
    }

    private PodMigration migration() {
        return Serialization.unmarshal(
                """
                        apiVersion: lpm.my.domain/v1
                        kind: PodMigration
                        metadata: {name: %1$s, namespace: default}
                        spec:
                          podName: %1$s
                          %2$s
                          timeouts:
                            pendingSeconds: 40
                            checkpointSeconds: 20
                            transferSeconds: 20
                            restoreSeconds: 20
                            rollbackSeconds: 40
                        """.formatted(
                        name,
                        scenario == Scenario.RUNTIME ? "restoreMode: cri-o\n  targetNode: " + FaultCluster.TARGET : ""),
                PodMigration.class);
    }

    /** While this runs, the participant stands at its step. */
    private void at(Participant participant, Side side, String step) {
        Moment moment = new Moment(participant.role(), side, step);
        seen.add(moment);
        try {
            play(moment);
            if (!struck && cell.isPresent() && cell.get().moment().equals(moment)) {
                struck = true;
                strike(cell.get().fault(), participant);
            }
        } catch (RuntimeException | AssertionError problem) {
            failure = problem;
        }
    }

    /** What belongs to the scenario itself. */
    private void play(Moment moment) {
        if (scenario == Scenario.NO_ROOM
                && moment.equals(new Moment(Role.SOURCE_AGENT, Side.BEFORE, "COMPLETE_CHECKPOINT"))) {
            cluster.fillShare();
        }
        boolean checkpointed = moment.role() == Role.CONTROLLER
                && moment.side() == Side.AFTER
                && moment.step().equals("CHECKPOINT");
        if (!checkpointed || cancelled) {
            return;
        }
        if (scenario == Scenario.CANCEL) {
            cancelled = true;
            client.resource(migration()).delete();
        } else if (scenario == Scenario.LAPSE) {
            cancelled = true;
            controllerGone = true;
            cluster.participant(Role.CONTROLLER).kill();
        }
    }

    private void strike(Fault fault, Participant participant) {
        switch (fault) {
            case KILLED -> participant.restart();
            case HANGS -> {
                participant.freeze();
                repairLater();
            }
            case CUT_OFF -> {
                participant.cut();
                repairLater();
            }
            case API_GONE -> {
                cluster.loseApi();
                repairLater();
            }
            case ANSWER_LOST -> cluster.loseNextAnswer();
            case LAUNCHER_KILLED -> FaultCluster.signalAll(launchers(), Signal.SIGKILL);
            case LAUNCHER_HANGS -> stop(launchers());
            case SHARE_READ_ONLY -> {
                cluster.makeShareReadOnly();
                if (cleaning) {
                    // Nothing can be deleted as long as it is.
                    repairLater();
                }
            }
            case SHARE_FULL -> cluster.fillShare();
        }
    }

    private void strikeCriu(Fault fault) {
        struck = true;
        switch (fault) {
            case KILLED -> FaultCluster.signalAll(cluster.processes("criu"), Signal.SIGKILL);
            case HANGS -> stop(cluster.processes("criu"));
            case LAUNCHER_KILLED -> FaultCluster.signalAll(launchers(), Signal.SIGKILL);
            case LAUNCHER_HANGS -> stop(launchers());
            case CUT_OFF, API_GONE, ANSWER_LOST, SHARE_READ_ONLY, SHARE_FULL ->
                throw new IllegalArgumentException("CRIU knows no " + fault);
        }
        cluster.stages().pass();
    }

    /** One that was started a moment ago may be the program yet that starts it. */
    private List<Integer> launchers() {
        await("a launcher", () -> !cluster.processes("java").isEmpty());
        return cluster.processes("java");
    }

    private void stop(List<Integer> processes) {
        FaultCluster.signalAll(processes, Signal.SIGSTOP);
        stopped.addAll(processes);
    }

    private void repairLater() {
        repairAt = System.nanoTime() + OUTAGE.toNanos();
    }

    /** Puts right whatever is out; what was killed is started by then. */
    private void repair() {
        repairAt = 0;
        for (Role role : List.of(Role.CONTROLLER, Role.SOURCE_AGENT, Role.TARGET_AGENT)) {
            Participant participant = cluster.participant(role);
            participant.mend();
            participant.thaw();
        }
        if (controllerGone) {
            controllerGone = false;
            cluster.participant(Role.CONTROLLER).restart();
        }
        cluster.restoreApi();
        cluster.answerAgain();
        cluster.repairShare();
        stopped.forEach(pid -> {
            if (Processes.exists(pid)) {
                Processes.signal(pid, Signal.SIGCONT);
            }
        });
        stopped.clear();
    }

    /** What has to go on while the trial waits. */
    private void look(Ledger ledger) {
        ledger.look();
        if (repairAt != 0 && System.nanoTime() > repairAt) {
            repair();
        }
        if (controllerGone && phase(current()) == MigrationPhase.ROLLING_BACK) {
            controllerGone = false;
            cluster.participant(Role.CONTROLLER).restart();
        }
        if (!struck
                && cell.isPresent()
                && cell.get().moment().role() == Role.CRIU
                && cluster.stages().isReached()) {
            strikeCriu(cell.get().fault());
        }
    }

    private @Nullable PodMigration current() {
        return client.resources(PodMigration.class)
                .inNamespace("default")
                .withName(name)
                .get();
    }

    private static MigrationPhase phase(@Nullable PodMigration migration) {
        return migration == null
                        || migration.getStatus() == null
                        || migration.getStatus().getPhase() == null
                ? MigrationPhase.PENDING
                : migration.getStatus().getPhase();
    }

    private String awaitEnd(Ledger ledger) {
        String[] end = new String[1];
        await(ledger, "the end of the migration", () -> {
            PodMigration now = current();
            if (now == null) {
                end[0] = "cancelled";
            } else if (phase(now).isFinal()) {
                end[0] = phase(now).toString();
                check(now);
            }
            return end[0] != null;
        });
        // What was out comes back, and must change nothing any more.
        repair();
        return end[0];
    }

    private void check(PodMigration ended) {
        String yaml = Serialization.asYaml(ended);
        switch (phase(ended)) {
            case SUCCEEDED -> {
                assertThat(ended.getStatus().getCommitTime()).as(yaml).isNotNull();
                assertThat(ended.getStatus().getDowntimeMillis()).as(yaml).isPositive();
                if (cell.isEmpty()) {
                    CheckpointMethod method = Objects.requireNonNull(client.resources(ContainerCheckpoint.class)
                            .inNamespace("default")
                            .withName(ended.getStatus().getCheckpointName() + "-counter")
                            .get()
                            .getStatus()
                            .getCheckpointMethod());
                    assertThat(method)
                            .isEqualTo(
                                    scenario == Scenario.KUBELET || scenario == Scenario.RUNTIME
                                            ? CheckpointMethod.KUBELET
                                            : CheckpointMethod.LAUNCHER);
                }
            }
            case ROLLED_BACK, FAILED -> {
                assertThat(ended.getStatus().getCommitTime()).as(yaml).isNull();
                assertThat(ended.getStatus().getReason()).as(yaml).isNotBlank();
                assertThat(ended.getStatus().getMessage()).as(yaml).isNotBlank();
            }
            case PENDING,
                    CHECKPOINT_IN_PROGRESS,
                    CHECKPOINT_COMPLETED,
                    MIGRATION_IN_PROGRESS,
                    RESTORE_IN_PROGRESS,
                    ROLLING_BACK -> throw new AssertionError("not an end: " + yaml);
        }
    }

    /** The application's own word against the status. */
    private String judge(Ledger ledger, String end) {
        long before = ledger.ticks().size();
        try {
            await(
                    ledger,
                    "ticks after the end (" + end + ")",
                    () -> ledger.ticks().size() > before + 10);
        } catch (AssertionError still) {
            throw new AssertionError(still.getMessage() + "; " + Serialization.asYaml(current()), still);
        }
        List<Tick> ticks = ledger.ticks();
        assertThat(ticks.stream().map(Tick::nonce).distinct()).as("one memory").hasSize(1);
        assertThat(ticks.stream().map(Tick::number))
                .as("every tick once, in order")
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, ticks.size()).boxed().toList());
        List<String> nodes = ticks.stream().map(Tick::node).distinct().toList();
        boolean moved = nodes.equals(List.of(FaultCluster.SOURCE, FaultCluster.TARGET));
        assertThat(moved || nodes.equals(List.of(FaultCluster.SOURCE)))
                .as("the nodes it ran on, in order: " + nodes)
                .isTrue();
        PodMigration migration = current();
        if (!end.equals("cancelled")) {
            assertThat(moved)
                    .as("it runs where the status says: " + Serialization.asYaml(migration))
                    .isEqualTo(end.equals(MigrationPhase.SUCCEEDED.toString()));
        }
        await(ledger, "one pod alone", () -> pod(name, moved) && pod(name + COPY, !moved));
        return moved ? MOVED : STAYED;
    }

    private boolean pod(String podName, boolean gone) {
        return (client.pods().inNamespace("default").withName(podName).get() == null) == gone;
    }

    private void cleanUp(Ledger ledger) {
        cleaning = true;
        client.resource(migration()).delete();
        client.pods().inNamespace("default").withName(name).delete();
        client.pods().inNamespace("default").withName(name + COPY).delete();
        // A moment of this part may be the one.
        await(
                ledger,
                "objects to be gone",
                () -> pod(name, true) && pod(name + COPY, true) && objects().isEmpty());
        repair();
        cluster.awaitReady();
        List<List<String>> left = new ArrayList<>();
        try {
            await(ledger, "nothing left", () -> {
                left.add(0, cluster.leftovers());
                nap(LONG_NAP_MILLIS);
                return left.get(0).isEmpty();
            });
        } catch (AssertionError still) {
            throw new AssertionError("left: " + left.get(0), still);
        }
    }

    private List<String> objects() {
        List<String> names = new ArrayList<>();
        for (var kind : List.of(
                PodMigration.class,
                PodCheckpoint.class,
                ContainerCheckpoint.class,
                PodCheckpointContent.class,
                ContainerCheckpointContent.class)) {
            client.resources(kind)
                    .inAnyNamespace()
                    .list()
                    .getItems()
                    .forEach(each -> names.add(Serialization.asYaml(each)));
        }
        return names;
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time: " + what).isLessThan(deadline);
            nap(NAP_MILLIS);
        }
    }

    private void await(Ledger ledger, String what, BooleanSupplier condition) {
        await(what, () -> {
            look(ledger);
            return condition.getAsBoolean();
        });
    }

    private static void nap(int millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
