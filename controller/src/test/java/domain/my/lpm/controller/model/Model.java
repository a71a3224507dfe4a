package domain.my.lpm.controller.model;

import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerArtifact;
import domain.my.lpm.agent.protocol.ContainerOutcome;
import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.agent.protocol.PodReference;
import domain.my.lpm.agent.protocol.PrepareRequest;
import domain.my.lpm.agent.protocol.PrepareResponse;
import domain.my.lpm.agent.protocol.RenewHoldResponse;
import domain.my.lpm.agent.protocol.RestoreRequest;
import domain.my.lpm.agent.protocol.RunRequest;
import domain.my.lpm.agent.protocol.SyncCheckpointResponse;
import domain.my.lpm.agent.protocol.WithdrawResponse;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.ContainerReference;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointStatus;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationTimeouts;
import domain.my.lpm.api.migration.PhaseTransition;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.RestoreFailurePolicy;
import domain.my.lpm.api.node.Capability;
import domain.my.lpm.api.node.CapabilityStatus;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.controller.ConflictException;
import domain.my.lpm.controller.agent.AgentCalls;
import domain.my.lpm.controller.agent.AgentClient;
import domain.my.lpm.controller.agent.AgentClients;
import domain.my.lpm.controller.agent.AgentFailure;
import domain.my.lpm.controller.migration.Cluster;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.MigrationObserver;
import domain.my.lpm.controller.migration.MigrationQueue;
import domain.my.lpm.controller.migration.Migrations;
import domain.my.lpm.controller.migration.Next;
import domain.my.lpm.controller.migration.Protocol;
import domain.my.lpm.controller.step.Step;
import domain.my.lpm.controller.step.StepListener;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One migration between a controller that may end, two agents and an API server; every event is one call of a method. */
final class Model implements Cluster {
    /** What the processes of a pod do. */
    enum Processes {
        RUNNING,
        HELD,
        STANDBY,
        COMPLETE,
        UNRESTORABLE,
        NONE
    }

    /** A call on its way to an agent. */
    private record Call(String name, Supplier<Object> act, CompletableFuture<Object> future) {}

    /** The controller ends in the midst of a look, as a process does that is killed there. */
    private static final class Ended extends Error {
        private static final long serialVersionUID = 1;

        Ended() {
            super(null, null, false, false);
        }
    }

    /** The event that nobody has renewed the lease on the hold in time. */
    static final String LAPSE = "the lease lapses";

    private static final String ENDS = "look, the controller ends at side ";
    private static final String LATE = "arrive late: ";
    private static final String NAMESPACE = "shop";
    private static final String SOURCE = "counter";
    private static final String COPY = "counter-restored";
    private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);
    private static final Duration DAY = Duration.ofDays(1);

    /** More than the sides of steps that one look at a migration comes to. */
    private static final int SIDES = 10;

    /** How many calls, answers and launchers are lost at most. */
    private static final int LOSSES = Integer.getInteger("lpm.model.losses", 2);

    private final Map<String, Pod> pods = new TreeMap<>();
    private final List<Call> calls = new ArrayList<>();
    /** Calls that nobody waits for any more; each may arrive at any time and more than once, which is more than can happen. */
    private final Map<String, Supplier<Object>> orphans = new TreeMap<>();

    private final Migrations migrations = new Migrations();
    private Protocol protocol;
    private @Nullable PodMigration stored;
    private @Nullable PodMigration before;
    private @Nullable PodCheckpoint checkpoint;
    private long version = 1;
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private Processes source = Processes.RUNNING;
    private Processes copy = Processes.NONE;
    private boolean fenced;
    private boolean checkpointStored;
    private boolean lapseBeforeWrite;
    private int crashes;
    private int sidesLeft;
    private int deaths;
    private boolean lapsed;
    private boolean late;
    private ContainerOutcome.Kind outcome = ContainerOutcome.Kind.COMPLETE;
    private @Nullable String violation;

    Model(RestoreFailurePolicy policy) {
        PodMigration migration = new PodMigration();
        migration.setMetadata(new ObjectMetaBuilder()
                .withNamespace(NAMESPACE)
                .withName("move")
                .withUid("migration")
                .withGeneration(1L)
                .withResourceVersion("1")
                .withCreationTimestamp(now.toString())
                .build());
        migration.getSpec().setPodName(SOURCE);
        migration.getSpec().setTargetNode("b");
        migration.getSpec().setOnRestoreFailure(policy);
        MigrationTimeouts timeouts = new MigrationTimeouts();
        timeouts.setPendingSeconds(86400);
        timeouts.setCheckpointSeconds(86400);
        timeouts.setTransferSeconds(86400);
        timeouts.setRestoreSeconds(86400);
        timeouts.setRollbackSeconds(86400);
        migration.getSpec().setTimeouts(timeouts);
        migration.setStatus(null);
        stored = migration;
        before = migration;
        pods.put(SOURCE, pod(SOURCE, "a", Map.of()));
        protocol = protocol();
    }

    private Protocol protocol() {
        AgentClients clients = new AgentClients() {
            @Override
            public AgentClient at(String endpoint) {
                return new Agent();
            }

            @Override
            public void close() {}
        };
        StepListener steps = new StepListener() {
            @Override
            public void before(Step step) {
                comeToSide();
            }

            @Override
            public void after(Step step) {
                comeToSide();
            }
        };
        return new Protocol(
                this,
                new AgentCalls(clients, Optional::of, () -> now, steps),
                new MigrationQueue(5, 2, List::of, migration -> Optional.of("a")),
                Duration.ofMinutes(10),
                () -> now,
                steps,
                MigrationObserver.NONE,
                migration -> {});
    }

    // What may happen.

    /** The names of all that can happen now. */
    List<String> events() {
        List<String> events = new ArrayList<>();
        if (stored != null) {
            events.add("look");
            if (before != null
                    && !before.getMetadata()
                            .getResourceVersion()
                            .equals(stored.getMetadata().getResourceVersion())) {
                events.add("look at an old version");
            }
            if (source == Processes.HELD && !lapsed && !fenced) {
                events.add("look, the lease lapses before the write");
            }
            if (!stored.isMarkedForDeletion()) {
                events.add("delete the migration");
            }
        }
        for (int i = 0; i < calls.size(); i++) {
            events.add("answer " + i);
            if (deaths < LOSSES) {
                events.add("lose the answer " + i);
                events.add("lose the call " + i);
            }
            if (calls.get(i).name().equals("Restore") && outcome == ContainerOutcome.Kind.COMPLETE) {
                events.add("fail the restore " + i);
                events.add("no restore is possible " + i);
            }
        }
        orphans.keySet().forEach(name -> events.add(LATE + name));
        if (crashes < 1) {
            events.add("end the controller");
            for (int side = 1; stored != null && side <= SIDES; side++) {
                events.add(ENDS + side);
            }
        }
        if (source == Processes.HELD && !lapsed && !fenced) {
            events.add(LAPSE);
        }
        if (!late && stored != null) {
            events.add("a day passes");
        }
        if (deaths < LOSSES && (copy == Processes.STANDBY || copy == Processes.COMPLETE)) {
            events.add("the launcher dies");
        }
        return events;
    }

    /** One of {@link #events} happens. */
    void happen(String event) {
        String[] words = event.split(" ");
        int index = words[words.length - 1].matches("[0-9]+") ? Integer.parseInt(words[words.length - 1]) : -1;
        if (event.equals("look")) {
            look(stored);
        } else if (event.startsWith(ENDS)) {
            sidesLeft = index;
            try {
                look(stored);
            } catch (Ended here) {
                if (index == SIDES) {
                    throw new IllegalStateException("one look comes to more sides of steps than " + (SIDES - 1));
                }
            }
            endController();
        } else if (event.equals("look at an old version")) {
            look(before);
        } else if (event.startsWith("look, the lease")) {
            lapseBeforeWrite = true;
            look(stored);
            lapseBeforeWrite = false;
        } else if (event.equals("delete the migration")) {
            delete();
        } else if (event.startsWith("answer")) {
            Call call = calls.remove(index);
            perform(call, true);
        } else if (event.startsWith("lose the answer")) {
            deaths++;
            perform(calls.remove(index), false);
        } else if (event.startsWith("lose the call")) {
            deaths++;
            calls.remove(index).future().completeExceptionally(unreachable());
        } else if (event.startsWith("fail the restore")) {
            outcome = ContainerOutcome.Kind.FAILED;
            perform(calls.remove(index), true);
        } else if (event.startsWith("no restore is possible")) {
            outcome = ContainerOutcome.Kind.UNRESTORABLE;
            perform(calls.remove(index), true);
        } else if (event.startsWith(LATE)) {
            String name = event.substring(LATE.length());
            perform(new Call(name, Objects.requireNonNull(orphans.get(name)), new CompletableFuture<>()), false);
        } else if (event.equals("end the controller")) {
            endController();
        } else if (event.equals(LAPSE)) {
            lapse();
        } else if (event.equals("a day passes")) {
            late = true;
            now = now.plus(DAY);
        } else if (event.equals("the launcher dies")) {
            deaths++;
            copy = Processes.NONE;
        } else {
            throw new IllegalArgumentException(event);
        }
        judge();
    }

    private void endController() {
        crashes++;
        sidesLeft = 0;
        calls.forEach(this::orphan);
        calls.clear();
        protocol = protocol();
    }

    private void comeToSide() {
        if (sidesLeft > 0 && --sidesLeft == 0) {
            throw new Ended();
        }
    }

    private void look(@Nullable PodMigration seen) {
        if (seen == null) {
            return;
        }
        now = now.plusSeconds(31);
        PodMigration clone = copy(seen);
        Migration migration = new Migration(clone, protocol, this::write);
        if (stored != null && stored.isMarkedForDeletion()) {
            clone.getMetadata().setDeletionTimestamp(stored.getMetadata().getDeletionTimestamp());
            if (migrations.cancel(migration) instanceof Next.End) {
                stored = null;
                before = null;
            }
        } else {
            migrations.advance(migration);
        }
    }

    private PodMigration write(PodMigration changed) {
        if (lapseBeforeWrite) {
            lapseBeforeWrite = false;
            lapse();
        }
        if (stored == null
                || !stored.getMetadata()
                        .getResourceVersion()
                        .equals(changed.getMetadata().getResourceVersion())) {
            throw new ConflictException(new IllegalStateException("changed"));
        }
        refuseWhatTheSchemaRefuses(stored.getStatus(), changed.getStatus());
        PodMigration next = copy(changed);
        store(next);
        return copy(next);
    }

    private void store(PodMigration next) {
        version++;
        next.getMetadata().setResourceVersion(Long.toString(version));
        before = stored;
        stored = next;
    }

    private void refuseWhatTheSchemaRefuses(@Nullable PodMigrationStatus old, PodMigrationStatus next) {
        MigrationPhase from = old == null || old.getPhase() == null ? MigrationPhase.PENDING : old.getPhase();
        MigrationPhase to = next.getPhase() == null ? MigrationPhase.PENDING : next.getPhase();
        if (!from.mayBecome(to)) {
            violation = "the phase goes from " + from + " to " + to;
        }
        if (next.getCommitTime() != null
                && to != MigrationPhase.RESTORE_IN_PROGRESS
                && to != MigrationPhase.SUCCEEDED) {
            violation = "a committed migration is " + to;
        }
    }

    /** As what comes from the API, which nobody else has; the parts of a status and a spec are never changed in place. */
    private static PodMigration copy(PodMigration migration) {
        PodMigration copy = new PodMigration();
        copy.setMetadata(new ObjectMetaBuilder(migration.getMetadata()).build());
        copy.setSpec(migration.getSpec());
        PodMigrationStatus status = migration.getStatus();
        if (status != null) {
            PodMigrationStatus copied = new PodMigrationStatus();
            for (Field field : PodMigrationStatus.class.getDeclaredFields()) {
                copy(field, status, copied);
            }
            copy.setStatus(copied);
        }
        return copy;
    }

    private static void copy(Field field, Object from, Object into) {
        if (Modifier.isStatic(field.getModifiers())) {
            return;
        }
        try {
            field.setAccessible(true);
            field.set(into, field.get(from));
        } catch (IllegalAccessException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private void delete() {
        PodMigration next = copy(Objects.requireNonNull(stored));
        next.getMetadata().setDeletionTimestamp(now.toString());
        store(next);
    }

    /** The agent of the source: docs/adr/0006. */
    private void lapse() {
        if (source != Processes.HELD || fenced) {
            return;
        }
        lapsed = true;
        PodMigrationStatus status = stored == null ? null : stored.getStatus();
        if (stored != null && status != null && status.getCommitTime() != null) {
            fenced = true;
            source = Processes.NONE;
            return;
        }
        MigrationPhase phase = status == null ? null : status.getPhase();
        if (stored != null && phase != null && !phase.isFinal() && phase != MigrationPhase.ROLLING_BACK) {
            PodMigration next = copy(stored);
            PodMigrationStatus changed = next.getStatus();
            changed.setPhase(MigrationPhase.ROLLING_BACK);
            changed.setReason("HoldLapsed");
            changed.setMessage("nobody renewed the lease");
            List<PhaseTransition> transitions = new ArrayList<>(changed.getPhaseTransitions());
            transitions.add(PhaseTransition.at(MigrationPhase.ROLLING_BACK, now));
            changed.setPhaseTransitions(transitions);
            store(next);
        }
        source = Processes.RUNNING;
    }

    private void orphan(Call call) {
        orphans.putIfAbsent(call.name(), call.act());
    }

    private void perform(Call call, boolean answer) {
        Object result;
        try {
            result = call.act().get();
        } catch (AgentFailure refused) {
            if (answer) {
                call.future().completeExceptionally(refused);
            } else {
                call.future().completeExceptionally(unreachable());
            }
            return;
        }
        judge();
        if (answer) {
            call.future().complete(result);
        } else {
            call.future().completeExceptionally(unreachable());
        }
    }

    private static AgentFailure unreachable() {
        return new AgentFailure(AgentFailure.Kind.UNREACHABLE, "the agent is silent");
    }

    private static AgentFailure refused(String why) {
        return new AgentFailure(AgentFailure.Kind.PRECONDITION, why);
    }

    // What must hold.

    private void judge() {
        if (source == Processes.RUNNING && copy == Processes.RUNNING) {
            violation = "source and copy run";
        }
        if (source == Processes.RUNNING && isCommitted()) {
            violation = "the source runs after the commit";
        }
        if (copy == Processes.RUNNING && !isCommitted() && stored != null) {
            violation = "the copy runs before the commit";
        }
    }

    private boolean isCommitted() {
        return stored != null
                && stored.getStatus() != null
                && stored.getStatus().getCommitTime() != null;
    }

    /** What must never be, and is. */
    Optional<String> violation() {
        return Optional.ofNullable(violation);
    }

    /** Whether the migration is over or gone, and nobody is at work. */
    boolean isOver() {
        if (stored == null) {
            return true;
        }
        MigrationPhase phase =
                stored.getStatus() == null ? null : stored.getStatus().getPhase();
        return phase != null && phase.isFinal() && !stored.isMarkedForDeletion();
    }

    /** Whether the source stands still and could go on. */
    boolean isHeld() {
        return source == Processes.HELD && !fenced;
    }

    /** What is wrong with the end; empty when it is as it should be. */
    Optional<String> complaint() {
        boolean copyRuns = copy == Processes.RUNNING;
        boolean sourceRuns = source == Processes.RUNNING;
        boolean lost = stored != null
                && stored.getStatus() != null
                && Conditions.find(stored.getStatus().getConditions(), "Restored")
                        .filter(condition -> condition.getReason().equals("TargetLost"))
                        .isPresent();
        if (stored != null
                && stored.getStatus().getPhase() == MigrationPhase.SUCCEEDED
                && (sourceRuns || !(copyRuns || lost))) {
            return Optional.of("Succeeded, but " + this);
        }
        if (stored != null && stored.getStatus().getPhase() == MigrationPhase.ROLLED_BACK && !sourceRuns) {
            return Optional.of("RolledBack, but " + this);
        }
        return Optional.empty();
    }

    /** Everything that can matter for what follows. */
    String fingerprint() {
        PodMigrationStatus status = stored == null ? null : stored.getStatus();
        return String.join(
                "|",
                stored == null ? "gone" : String.valueOf(stored.isMarkedForDeletion()),
                status == null
                        ? ""
                        : status.getPhase() + " " + status.getReason() + " " + isCommitted() + " "
                                + (status.getTargetPod() == null
                                        ? ""
                                        : status.getTargetPod().uid()) + " "
                                + (status.getDowntimeMillis() != null) + " "
                                + status.getConditions().stream()
                                        .map(condition ->
                                                condition.getType() + condition.getStatus() + condition.getReason())
                                        .toList(),
                before == null || stored == null
                        ? ""
                        : String.valueOf(before.getMetadata()
                                .getResourceVersion()
                                .equals(stored.getMetadata().getResourceVersion())),
                before == null || before.getStatus() == null
                        ? ""
                        : before.getStatus().getPhase() + " "
                                + before.getStatus().getCommitTime(),
                source.name(),
                copy.name(),
                pods.keySet().toString(),
                checkpoint == null || checkpoint.getStatus() == null
                        ? String.valueOf(checkpoint == null)
                        : String.valueOf(checkpoint.getStatus().getPhase()),
                // Any of them can be the next to arrive: their order does not matter.
                calls.stream().map(Call::name).sorted().toList().toString(),
                orphans.keySet().toString(),
                "" + fenced + checkpointStored + lapsed + late + crashes + deaths + outcome,
                protocol.agents().toString());
    }

    @Override
    public String toString() {
        return "source %s, copy %s, %s"
                .formatted(
                        source,
                        copy,
                        stored == null || stored.getStatus() == null
                                ? "no status"
                                : stored.getStatus().getPhase() + " "
                                        + stored.getStatus().getReason() + " "
                                        + stored.getStatus().getMessage());
    }

    // The agents.

    private final class Agent implements AgentClient {
        private <T> CompletableFuture<T> send(String name, Supplier<T> act) {
            CompletableFuture<Object> future = new CompletableFuture<>();
            Call call = new Call(name, act::get, future);
            calls.add(call);
            future.whenComplete((value, failure) -> {
                if (future.isCancelled() && calls.remove(call)) {
                    // Whoever breaks a call off does not know whether it arrives.
                    orphan(call);
                }
            });
            CompletableFuture<T> result = new CompletableFuture<>();
            future.whenComplete((value, failure) -> {
                if (failure == null) {
                    @SuppressWarnings("unchecked")
                    T answer = (T) value;
                    result.complete(answer);
                } else {
                    result.completeExceptionally(failure);
                }
            });
            result.whenComplete((value, failure) -> future.cancel(true));
            return result;
        }

        @Override
        public CompletableFuture<PrepareResponse> prepare(PrepareRequest request) {
            return send("Prepare", () -> {
                if (!pods.containsKey(COPY)) {
                    throw new AgentFailure(AgentFailure.Kind.NOT_FOUND, "no such pod");
                }
                if (copy == Processes.NONE) {
                    copy = Processes.STANDBY;
                }
                return PrepareResponse.getDefaultInstance();
            });
        }

        @Override
        public CompletableFuture<SyncCheckpointResponse> syncCheckpoint(PodReference pod, String checkpointId) {
            throw new UnsupportedOperationException("the reconciler of checkpoints asks for it");
        }

        @Override
        public CompletableFuture<PodArtifact> checkpoint(CheckpointRequest request) {
            return send("Checkpoint", () -> {
                if (!checkpointStored) {
                    if (source != Processes.RUNNING || !pods.containsKey(SOURCE)) {
                        throw new AgentFailure(AgentFailure.Kind.NOT_FOUND, "no such pod");
                    }
                    checkpointStored = true;
                    source = Processes.HELD;
                }
                return PodArtifact.newBuilder()
                        .setHeld(true)
                        .addContainers(ContainerArtifact.newBuilder()
                                .setContainer("app")
                                .setUri("shared://source/migration/app/dump.tar.zst")
                                .setDigest(DIGEST))
                        .build();
            });
        }

        @Override
        public CompletableFuture<Boolean> resume(PodReference reference) {
            return send("Resume", () -> {
                if (fenced) {
                    throw refused("it is fenced");
                }
                boolean was = source == Processes.HELD;
                if (was) {
                    source = Processes.RUNNING;
                }
                return was;
            });
        }

        @Override
        public CompletableFuture<RenewHoldResponse> renewHold(PodReference reference, Duration lease) {
            return send("RenewHold", () -> {
                if (source != Processes.HELD) {
                    throw refused("it is not held");
                }
                return RenewHoldResponse.getDefaultInstance();
            });
        }

        @Override
        public CompletableFuture<Integer> fence(PodReference reference) {
            return send("Fence", () -> {
                if (fenced) {
                    return 0;
                }
                if (source != Processes.HELD) {
                    throw refused("it is not held");
                }
                fenced = true;
                source = Processes.NONE;
                return 1;
            });
        }

        @Override
        public CompletableFuture<List<ContainerOutcome>> restore(RestoreRequest request) {
            return send("Restore", () -> {
                if (copy == Processes.NONE) {
                    throw new AgentFailure(AgentFailure.Kind.NOT_FOUND, "no launcher");
                }
                if (copy == Processes.STANDBY && outcome == ContainerOutcome.Kind.COMPLETE) {
                    copy = Processes.COMPLETE;
                } else if (copy == Processes.STANDBY && outcome == ContainerOutcome.Kind.UNRESTORABLE) {
                    copy = Processes.UNRESTORABLE;
                }
                return List.of(ContainerOutcome.newBuilder()
                        .setContainer("app")
                        .setKind(outcome)
                        .build());
            });
        }

        @Override
        public CompletableFuture<List<ContainerOutcome>> run(RunRequest request) {
            return send(request.getFresh() ? "Run fresh" : "Run", () -> {
                if (copy == Processes.NONE || copy == Processes.STANDBY) {
                    throw new AgentFailure(AgentFailure.Kind.NOT_FOUND, "no launcher");
                }
                if (copy == Processes.UNRESTORABLE && !request.getFresh()) {
                    throw refused("it is not complete");
                }
                copy = Processes.RUNNING;
                return List.of(ContainerOutcome.newBuilder()
                        .setContainer("app")
                        .setKind(request.getFresh() ? ContainerOutcome.Kind.FRESH : ContainerOutcome.Kind.RUNNING)
                        .build());
            });
        }

        @Override
        public CompletableFuture<WithdrawResponse> withdraw(PodReference reference) {
            return send("Withdraw", () -> {
                if (copy == Processes.RUNNING) {
                    throw refused("it runs");
                }
                copy = Processes.NONE;
                return WithdrawResponse.getDefaultInstance();
            });
        }

        @Override
        public CompletableFuture<String> convertCheckpointToImage(String uri, String digest) {
            throw new IllegalStateException("self-restore needs no image");
        }

        @Override
        public CompletableFuture<Boolean> deleteCheckpoint(String uri) {
            throw new IllegalStateException("migrations delete no data");
        }
    }

    // The API server.

    private Pod pod(String name, String node, Map<String, String> annotations) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(name)
                .withUid(name.equals(SOURCE) ? "source" : "copy")
                .withAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .addNewContainer()
                .withName("app")
                .withCommand("/counter")
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .withContainerStatuses(new ContainerStatusBuilder()
                        .withName("app")
                        .withContainerID("cri-o://" + name)
                        .withReady(true)
                        .withRestartCount(0)
                        .withNewState()
                        .withNewRunning()
                        .endRunning()
                        .endState()
                        .build())
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();
    }

    @Override
    public Optional<Pod> seePod(String namespace, String name) {
        return Optional.ofNullable(pods.get(name));
    }

    @Override
    public Optional<Pod> readPod(String namespace, String name) {
        return Optional.ofNullable(pods.get(name));
    }

    @Override
    public Pod createPod(Pod wanted) {
        return pods.computeIfAbsent(
                wanted.getMetadata().getName(),
                name -> pod(name, "b", wanted.getMetadata().getAnnotations()));
    }

    @Override
    public void deletePod(Pod pod, Optional<Long> graceSeconds) {
        if (pods.remove(pod.getMetadata().getName()) == null) {
            return;
        }
        if (pod.getMetadata().getName().equals(COPY)) {
            copy = Processes.NONE;
        } else if (source == Processes.RUNNING) {
            violation = "a source that runs was deleted";
        }
    }

    @Override
    public Optional<Node> readNode(String name) {
        return Optional.of(new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build());
    }

    @Override
    public Optional<MigrationNode> seeMigrationNode(String name) {
        MigrationNode node = new MigrationNode();
        node.setMetadata(new ObjectMetaBuilder().withName(name).build());
        node.getStatus().setAgentEndpoint(name + ":1");
        node.getStatus().setArchitecture("amd64");
        node.getStatus().setCriuVersion("4.2.1");
        node.getStatus().setConditions(Conditions.with(List.of(), "Ready", true, "Answers", "", null, Instant.EPOCH));
        node.getStatus()
                .setCapabilities(List.of(
                        new CapabilityStatus(Capability.CHECKPOINT, true, null),
                        new CapabilityStatus(Capability.HOLD, true, null),
                        new CapabilityStatus(Capability.SELF_RESTORE, true, null)));
        return Optional.of(node);
    }

    @Override
    public List<PodMigration> seeUnfinished(String namespace) {
        return List.of();
    }

    @Override
    public Optional<PodMigration> readMigration(PodMigration migration) {
        return Optional.ofNullable(stored).map(Model::copy);
    }

    @Override
    public void deleteMigration(PodMigration migration) {
        throw new IllegalStateException("it is kept");
    }

    @Override
    public Optional<PodCheckpoint> seePodCheckpoint(String namespace, String name) {
        return Optional.ofNullable(checkpoint);
    }

    @Override
    public Optional<PodCheckpoint> readPodCheckpoint(String namespace, String name) {
        return Optional.ofNullable(checkpoint);
    }

    @Override
    public PodCheckpoint createPodCheckpoint(PodCheckpoint wanted) {
        if (checkpoint == null) {
            checkpoint = wanted;
        }
        return checkpoint;
    }

    @Override
    public void deletePodCheckpoint(PodCheckpoint deleted) {
        checkpoint = null;
    }

    @Override
    public List<ContainerCheckpointContent> readContents(PodCheckpoint described) {
        ContainerCheckpointContent content = new ContainerCheckpointContent();
        content.getSpec().setContainerRef(new ContainerReference(NAMESPACE, SOURCE, "source", "app"));
        content.getSpec().setArtifactUri("shared://source/migration/app/dump.tar.zst");
        content.getSpec().setDigest(DIGEST);
        return List.of(content);
    }

    @Override
    public void wakeCheckpoint(PodMigration migration) {
        if (checkpoint != null
                && checkpointStored
                && protocol.agents()
                        .answered("migration", Step.CHECKPOINT, PodArtifact.class)
                        .isPresent()) {
            PodCheckpointStatus status = new PodCheckpointStatus();
            status.setPhase(CheckpointPhase.SUCCEEDED);
            checkpoint.setStatus(status);
        }
    }

    @Override
    public void event(PodMigration migration, boolean warning, String reason, String message) {}
}
