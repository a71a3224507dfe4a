package domain.my.lpm.controller.fake;

import com.google.protobuf.MessageLite;
import domain.my.lpm.agent.protocol.AgentGrpc;
import domain.my.lpm.agent.protocol.CheckpointEvent;
import domain.my.lpm.agent.protocol.CheckpointProgress;
import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerArtifact;
import domain.my.lpm.agent.protocol.ContainerOutcome;
import domain.my.lpm.agent.protocol.ContainerRelease;
import domain.my.lpm.agent.protocol.ConvertCheckpointToImageRequest;
import domain.my.lpm.agent.protocol.ConvertCheckpointToImageResponse;
import domain.my.lpm.agent.protocol.DeleteCheckpointRequest;
import domain.my.lpm.agent.protocol.DeleteCheckpointResponse;
import domain.my.lpm.agent.protocol.FenceRequest;
import domain.my.lpm.agent.protocol.FenceResponse;
import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.agent.protocol.PrepareRequest;
import domain.my.lpm.agent.protocol.PrepareResponse;
import domain.my.lpm.agent.protocol.RenewHoldRequest;
import domain.my.lpm.agent.protocol.RenewHoldResponse;
import domain.my.lpm.agent.protocol.RestoreEvent;
import domain.my.lpm.agent.protocol.RestoreOutcome;
import domain.my.lpm.agent.protocol.RestoreProgress;
import domain.my.lpm.agent.protocol.RestoreRequest;
import domain.my.lpm.agent.protocol.ResumeRequest;
import domain.my.lpm.agent.protocol.ResumeResponse;
import domain.my.lpm.agent.protocol.RunRequest;
import domain.my.lpm.agent.protocol.RunResponse;
import domain.my.lpm.agent.protocol.SyncCheckpointRequest;
import domain.my.lpm.agent.protocol.SyncCheckpointResponse;
import domain.my.lpm.agent.protocol.Taker;
import domain.my.lpm.agent.protocol.WithdrawRequest;
import domain.my.lpm.agent.protocol.WithdrawResponse;
import domain.my.lpm.controller.fake.World.Processes;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The agent of one node, as agent.proto describes it, over processes that are only imagined. What it knows survives its calls. */
public final class FakeAgent extends AgentGrpc.AgentImplBase {
    private final World world;
    private final Map<String, PodArtifact> checkpoints;
    private final Map<String, Deque<Status>> failures = new HashMap<>();
    private final Set<String> silent = new HashSet<>();
    private final List<String> calls = new ArrayList<>();
    private final List<MessageLite> requests = new ArrayList<>();
    private final Set<String> held = new HashSet<>();
    private final Set<String> fenced = new HashSet<>();
    private boolean holds = true;
    private ContainerOutcome.Kind outcome = ContainerOutcome.Kind.COMPLETE;

    /**
     * @param checkpoints the shared storage
     */
    public FakeAgent(World world, Map<String, PodArtifact> checkpoints) {
        this.world = world;
        this.checkpoints = checkpoints;
    }

    /** The next call of this name fails so. */
    public synchronized void fail(String call, Status status) {
        failures.computeIfAbsent(call, name -> new ArrayDeque<>()).add(status);
    }

    /** From now on calls of this name are not answered; {@link #speak} ends it. */
    public synchronized void silence(String call) {
        silent.add(call);
    }

    /** Ends {@link #silence}. */
    public synchronized void speak(String call) {
        silent.remove(call);
    }

    /** Whether checkpoints hold. */
    public synchronized void holds(boolean does) {
        holds = does;
    }

    /** How each restore ends. */
    public synchronized void outcome(ContainerOutcome.Kind kind) {
        outcome = kind;
    }

    /** The names of the calls so far. */
    public synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    /** The requests of a type so far. */
    public synchronized <R extends MessageLite> List<R> requests(Class<R> type) {
        return requests.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** Whether it holds a pod. */
    public synchronized boolean isHeld(String uid) {
        return held.contains(uid);
    }

    /** As when a lease has run out and the commit was forbidden: the source goes on. */
    public synchronized void lapse(String uid) {
        held.remove(uid);
        world.set(uid, Processes.RUNNING);
    }

    @Override
    public void prepare(PrepareRequest request, StreamObserver<PrepareResponse> observer) {
        answer("Prepare", request, observer, () -> {
            String uid = request.getTarget().getUid();
            if (world.of(uid) == Processes.NONE) {
                world.set(uid, Processes.STANDBY);
            }
            return PrepareResponse.getDefaultInstance();
        });
    }

    @Override
    public void checkpoint(CheckpointRequest request, StreamObserver<CheckpointEvent> observer) {
        answer("Checkpoint", request, observer, () -> {
            String uid = request.getSource().getUid();
            String key = uid + "/" + request.getCheckpointId();
            PodArtifact stored = checkpoints.get(key);
            if (stored == null) {
                if (world.of(uid) != Processes.RUNNING) {
                    throw Status.NOT_FOUND
                            .withDescription("pod '%s' is not on this node"
                                    .formatted(request.getSource().getName()))
                            .asRuntimeException();
                }
                boolean hold = request.hasHold() && holds;
                if (hold) {
                    held.add(uid);
                    world.set(uid, Processes.HELD);
                }
                stored = artifact(request, hold);
                checkpoints.put(key, stored);
            }
            observer.onNext(CheckpointEvent.newBuilder()
                    .setProgress(CheckpointProgress.newBuilder().setStep(CheckpointProgress.Step.STORED))
                    .build());
            return CheckpointEvent.newBuilder().setArtifact(stored).build();
        });
    }

    private static PodArtifact artifact(CheckpointRequest request, boolean held) {
        PodArtifact.Builder artifact = PodArtifact.newBuilder().setHeld(held);
        for (String container : request.getContainersList()) {
            artifact.addContainers(ContainerArtifact.newBuilder()
                    .setContainer(container)
                    .setUri("shared://%s/%s/%s/dump.tar.zst"
                            .formatted(request.getSource().getUid(), request.getCheckpointId(), container))
                    .setDigest("sha256:" + "0123456789abcdef".repeat(4))
                    .setSizeBytes(4096)
                    .setTaker(Taker.LAUNCHER)
                    .setCriuVersion("4.2.1")
                    .setRuntime("cri-o 1.34.11")
                    .setArchitecture("amd64")
                    .setFrozenAtMillis(0)
                    .setDumpedAtMillis(0));
        }
        return artifact.build();
    }

    @Override
    public void syncCheckpoint(SyncCheckpointRequest request, StreamObserver<SyncCheckpointResponse> observer) {
        answer("SyncCheckpoint", request, observer, () -> {
            String uid = request.getSource().getUid();
            if (!checkpoints.containsKey(uid + "/" + request.getCheckpointId())) {
                throw Status.NOT_FOUND
                        .withDescription("there is no such checkpoint")
                        .asRuntimeException();
            }
            return SyncCheckpointResponse.getDefaultInstance();
        });
    }

    @Override
    public void resume(ResumeRequest request, StreamObserver<ResumeResponse> observer) {
        answer("Resume", request, observer, () -> {
            String uid = request.getSource().getUid();
            if (fenced.contains(uid)) {
                throw Status.FAILED_PRECONDITION
                        .withDescription("pod has been fenced")
                        .asRuntimeException();
            }
            boolean was = held.remove(uid);
            if (was) {
                world.set(uid, Processes.RUNNING);
            }
            return ResumeResponse.newBuilder().setWasHeld(was).build();
        });
    }

    @Override
    public void renewHold(RenewHoldRequest request, StreamObserver<RenewHoldResponse> observer) {
        answer("RenewHold", request, observer, () -> {
            requireHeld(request.getSource().getUid());
            return RenewHoldResponse.getDefaultInstance();
        });
    }

    private void requireHeld(String uid) {
        if (!held.contains(uid)) {
            throw Status.FAILED_PRECONDITION
                    .withDescription("the pod is not held; roll the migration back")
                    .asRuntimeException();
        }
    }

    @Override
    public void fence(FenceRequest request, StreamObserver<FenceResponse> observer) {
        answer("Fence", request, observer, () -> {
            String uid = request.getSource().getUid();
            if (fenced.contains(uid)) {
                return FenceResponse.getDefaultInstance();
            }
            requireHeld(uid);
            fenced.add(uid);
            held.remove(uid);
            world.set(uid, Processes.NONE);
            return FenceResponse.newBuilder().setKilled(1).build();
        });
    }

    @Override
    public void restore(RestoreRequest request, StreamObserver<RestoreEvent> observer) {
        answer("Restore", request, observer, () -> {
            String uid = request.getTarget().getUid();
            if (world.of(uid) == Processes.NONE) {
                throw Status.NOT_FOUND
                        .withDescription("no launcher stands by in the copy")
                        .asRuntimeException();
            }
            RestoreOutcome.Builder outcomes = RestoreOutcome.newBuilder();
            for (ContainerRelease release : request.getReleasesList()) {
                world.copies(uid, release.getUri().split("/")[2]);
                outcomes.addContainers(ContainerOutcome.newBuilder()
                        .setContainer(release.getContainer())
                        .setKind(outcome)
                        .setMessage(outcome == ContainerOutcome.Kind.COMPLETE ? "" : "CRIU said no"));
            }
            switch (outcome) {
                case COMPLETE -> world.set(uid, Processes.COMPLETE);
                case UNRESTORABLE -> world.set(uid, Processes.UNRESTORABLE);
                case KIND_UNSPECIFIED, RUNNING, FRESH, FAILED, UNRECOGNIZED -> {}
            }
            observer.onNext(RestoreEvent.newBuilder()
                    .setProgress(RestoreProgress.newBuilder().setState("restoring"))
                    .build());
            return RestoreEvent.newBuilder().setOutcome(outcomes).build();
        });
    }

    @Override
    public void run(RunRequest request, StreamObserver<RunResponse> observer) {
        answer("Run", request, observer, () -> {
            String uid = request.getTarget().getUid();
            Processes now = world.of(uid);
            boolean may = switch (now) {
                case COMPLETE, RUNNING, FRESH -> true;
                case UNRESTORABLE -> request.getFresh();
                case HELD, STANDBY, NONE -> false;
            };
            if (!may) {
                throw Status.FAILED_PRECONDITION
                        .withDescription("the copy is not complete, but " + now)
                        .asRuntimeException();
            }
            world.set(uid, request.getFresh() ? Processes.FRESH : Processes.RUNNING);
            return RunResponse.newBuilder()
                    .addContainers(ContainerOutcome.newBuilder()
                            .setContainer("app")
                            .setKind(request.getFresh() ? ContainerOutcome.Kind.FRESH : ContainerOutcome.Kind.RUNNING))
                    .build();
        });
    }

    @Override
    public void withdraw(WithdrawRequest request, StreamObserver<WithdrawResponse> observer) {
        answer("Withdraw", request, observer, () -> {
            String uid = request.getTarget().getUid();
            switch (world.of(uid)) {
                case RUNNING, FRESH ->
                    throw Status.FAILED_PRECONDITION
                            .withDescription("the copy runs")
                            .asRuntimeException();
                case HELD, STANDBY, COMPLETE, UNRESTORABLE, NONE -> world.set(uid, Processes.NONE);
            }
            return WithdrawResponse.getDefaultInstance();
        });
    }

    @Override
    public void convertCheckpointToImage(
            ConvertCheckpointToImageRequest request, StreamObserver<ConvertCheckpointToImageResponse> observer) {
        answer(
                "ConvertCheckpointToImage",
                request,
                observer,
                () -> ConvertCheckpointToImageResponse.newBuilder()
                        .setImage("localhost/checkpoint" + request.getUri().substring("shared:/".length()))
                        .build());
    }

    @Override
    public void deleteCheckpoint(DeleteCheckpointRequest request, StreamObserver<DeleteCheckpointResponse> observer) {
        answer("DeleteCheckpoint", request, observer, () -> {
            String key = request.getUri().substring("shared://".length());
            boolean was = checkpoints.keySet().removeIf(stored -> stored.equals(key));
            return DeleteCheckpointResponse.newBuilder().setWasThere(was).build();
        });
    }

    private <T> void answer(String call, MessageLite request, StreamObserver<T> observer, Supplier<T> act) {
        T answer;
        synchronized (this) {
            calls.add(call);
            requests.add(request);
            if (silent.contains(call)) {
                return;
            }
            Deque<Status> waiting = failures.get(call);
            if (waiting != null && !waiting.isEmpty()) {
                observer.onError(waiting.remove().asRuntimeException());
                return;
            }
            try {
                answer = act.get();
            } catch (RuntimeException refused) {
                observer.onError(refused);
                return;
            }
        }
        observer.onNext(answer);
        observer.onCompleted();
    }
}
