package domain.my.lpm.agent.server;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.checkpoint.CheckpointListener.Progress;
import domain.my.lpm.agent.checkpoint.CheckpointOrder;
import domain.my.lpm.agent.checkpoint.Checkpoints;
import domain.my.lpm.agent.checkpoint.PodArtifact;
import domain.my.lpm.agent.hold.Holds;
import domain.my.lpm.agent.image.StoredCheckpoints;
import domain.my.lpm.agent.node.NodeProbe;
import domain.my.lpm.agent.protocol.AgentGrpc;
import domain.my.lpm.agent.protocol.CheckpointEvent;
import domain.my.lpm.agent.protocol.CheckpointProgress;
import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerArtifact;
import domain.my.lpm.agent.protocol.ContainerOutcome;
import domain.my.lpm.agent.protocol.ConvertCheckpointToImageRequest;
import domain.my.lpm.agent.protocol.ConvertCheckpointToImageResponse;
import domain.my.lpm.agent.protocol.DeleteCheckpointRequest;
import domain.my.lpm.agent.protocol.DeleteCheckpointResponse;
import domain.my.lpm.agent.protocol.DescribeNodeRequest;
import domain.my.lpm.agent.protocol.DescribeNodeResponse;
import domain.my.lpm.agent.protocol.ExtractCheckpointImagesRequest;
import domain.my.lpm.agent.protocol.ExtractCheckpointImagesResponse;
import domain.my.lpm.agent.protocol.FenceRequest;
import domain.my.lpm.agent.protocol.FenceResponse;
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
import domain.my.lpm.agent.protocol.VolumeArtifact;
import domain.my.lpm.agent.protocol.WithdrawRequest;
import domain.my.lpm.agent.protocol.WithdrawResponse;
import domain.my.lpm.agent.restore.Outcome;
import domain.my.lpm.agent.restore.Release;
import domain.my.lpm.agent.restore.StandbyOrder;
import domain.my.lpm.agent.restore.Standbys;
import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The calls of agent.proto. Each checks its request, asks the part of the agent that does it, and translates. */
public final class AgentService extends AgentGrpc.AgentImplBase {
    private static final Logger LOG = LoggerFactory.getLogger(AgentService.class);

    private final Checkpoints checkpoints;
    private final Standbys standbys;
    private final Holds holds;
    private final StoredCheckpoints stored;
    private final NodeProbe probe;

    /** Asks these. */
    public AgentService(
            Checkpoints checkpoints, Standbys standbys, Holds holds, StoredCheckpoints stored, NodeProbe probe) {
        this.checkpoints = checkpoints;
        this.standbys = standbys;
        this.holds = holds;
        this.stored = stored;
        this.probe = probe;
    }

    @Override
    public void describeNode(DescribeNodeRequest request, StreamObserver<DescribeNodeResponse> response) {
        answer("DescribeNode", response, probe::describe);
    }

    @Override
    public void prepare(PrepareRequest request, StreamObserver<PrepareResponse> response) {
        answer("Prepare", response, () -> {
            StandbyOrder order = Requests.standby(request);
            standbys.prepare(order);
            return PrepareResponse.getDefaultInstance();
        });
    }

    @Override
    public void checkpoint(CheckpointRequest request, StreamObserver<CheckpointEvent> response) {
        answer("Checkpoint", response, () -> {
            CheckpointOrder order = Requests.checkpoint(request);
            PodArtifact artifact = checkpoints.take(
                    order,
                    (what, container, at, bytes) -> tell(
                            response,
                            CheckpointEvent.newBuilder()
                                    .setProgress(CheckpointProgress.newBuilder()
                                            .setStep(step(what))
                                            .setContainer(container)
                                            .setAtMillis(at)
                                            .setBytes(bytes))
                                    .build()));
            return CheckpointEvent.newBuilder()
                    .setArtifact(artifact(artifact, order.hold().isPresent()))
                    .build();
        });
    }

    @Override
    public void syncCheckpoint(SyncCheckpointRequest request, StreamObserver<SyncCheckpointResponse> response) {
        answer("SyncCheckpoint", response, () -> {
            PodReference pod = Requests.pod(request.getSource());
            checkpoints.sync(
                    pod,
                    Requests.checkpointId(pod, request.getCheckpointId()),
                    Requests.deadline(request.getDeadlineMillis()));
            return SyncCheckpointResponse.getDefaultInstance();
        });
    }

    @Override
    public void resume(ResumeRequest request, StreamObserver<ResumeResponse> response) {
        answer("Resume", response, () -> {
            PodReference pod = Requests.pod(request.getSource());
            return ResumeResponse.newBuilder().setWasHeld(holds.resume(pod)).build();
        });
    }

    @Override
    public void renewHold(RenewHoldRequest request, StreamObserver<RenewHoldResponse> response) {
        answer("RenewHold", response, () -> {
            PodReference pod = Requests.pod(request.getSource());
            holds.renew(pod, Duration.ofMillis(request.getLeaseMillis()));
            return RenewHoldResponse.getDefaultInstance();
        });
    }

    @Override
    public void fence(FenceRequest request, StreamObserver<FenceResponse> response) {
        answer("Fence", response, () -> {
            PodReference pod = Requests.pod(request.getSource());
            return FenceResponse.newBuilder().setKilled(holds.fence(pod)).build();
        });
    }

    @Override
    public void restore(RestoreRequest request, StreamObserver<RestoreEvent> response) {
        answer("Restore", response, () -> {
            long start = System.nanoTime();
            PodReference target = Requests.pod(request.getTarget());
            List<Release> releases = Requests.releases(request.getReleasesList());
            Duration deadline = Requests.deadline(request.getDeadlineMillis());
            List<Outcome> outcomes = standbys.restore(
                    target,
                    releases,
                    deadline,
                    (container, state) -> tell(
                            response,
                            RestoreEvent.newBuilder()
                                    .setProgress(RestoreProgress.newBuilder()
                                            .setContainer(container)
                                            .setState(state.name().toLowerCase(Locale.ROOT))
                                            .setAtMillis((System.nanoTime() - start) / 1_000_000))
                                    .build()));
            RestoreOutcome.Builder outcome = RestoreOutcome.newBuilder();
            outcomes.forEach(each -> outcome.addContainers(outcome(each)));
            return RestoreEvent.newBuilder().setOutcome(outcome).build();
        });
    }

    @Override
    public void run(RunRequest request, StreamObserver<RunResponse> response) {
        answer("Run", response, () -> {
            PodReference target = Requests.pod(request.getTarget());
            Duration deadline = Requests.deadline(request.getDeadlineMillis());
            RunResponse.Builder run = RunResponse.newBuilder();
            standbys.run(target, request.getFresh(), deadline).forEach(each -> run.addContainers(outcome(each)));
            return run.build();
        });
    }

    @Override
    public void withdraw(WithdrawRequest request, StreamObserver<WithdrawResponse> response) {
        answer("Withdraw", response, () -> {
            standbys.withdraw(Requests.pod(request.getTarget()));
            return WithdrawResponse.getDefaultInstance();
        });
    }

    @Override
    public void convertCheckpointToImage(
            ConvertCheckpointToImageRequest request, StreamObserver<ConvertCheckpointToImageResponse> response) {
        answer("ConvertCheckpointToImage", response, () -> {
            CheckpointUri uri = Requests.uri(request.getUri());
            String digest = Requests.digest(request.getDigest());
            return ConvertCheckpointToImageResponse.newBuilder()
                    .setImage(stored.convert(uri, digest))
                    .build();
        });
    }

    @Override
    public void extractCheckpointImages(
            ExtractCheckpointImagesRequest request, StreamObserver<ExtractCheckpointImagesResponse> response) {
        answer(
                "ExtractCheckpointImages",
                response,
                () -> ExtractCheckpointImagesResponse.newBuilder()
                        .setSizeBytes(stored.extract(Requests.uri(request.getUri())))
                        .build());
    }

    @Override
    public void deleteCheckpoint(DeleteCheckpointRequest request, StreamObserver<DeleteCheckpointResponse> response) {
        answer("DeleteCheckpoint", response, () -> {
            boolean wasThere = stored.delete(request.getUri());
            checkpoints.deleted(request.getUri());
            return DeleteCheckpointResponse.newBuilder().setWasThere(wasThere).build();
        });
    }

    private static <A> void answer(String call, StreamObserver<A> response, Supplier<A> work) {
        A answer;
        try {
            answer = work.get();
        } catch (RuntimeException failure) {
            Status status = status(failure);
            if (status.getCode() == Status.Code.INTERNAL) {
                LOG.error("{} failed for a reason that nobody foresaw", call, failure);
            } else {
                LOG.info("{} was refused: {}: {}", call, status.getCode(), status.getDescription());
            }
            response.onError(status.withCause(failure).asRuntimeException());
            return;
        }
        try {
            response.onNext(answer);
            response.onCompleted();
        } catch (StatusRuntimeException | IllegalStateException gone) {
            LOG.info("{} was done, but its caller had gone: {}", call, gone.toString());
        }
    }

    /** What was begun is finished, whether or not its caller still listens. */
    private static <A> void tell(StreamObserver<A> response, A event) {
        try {
            response.onNext(event);
        } catch (StatusRuntimeException | IllegalStateException gone) {
            LOG.debug("nobody listens any more: {}", gone.toString());
        }
    }

    static Status status(RuntimeException failure) {
        String message = String.valueOf(failure.getMessage());
        if (failure instanceof AgentException refused) {
            return status(refused.kind()).withDescription(message);
        }
        if (failure instanceof IllegalArgumentException) {
            return Status.INVALID_ARGUMENT.withDescription(message);
        }
        if (failure instanceof CheckpointException refused) {
            return status(refused.reason()).withDescription(message);
        }
        if (failure instanceof IllegalStateException) {
            return Status.FAILED_PRECONDITION.withDescription(message);
        }
        return Status.INTERNAL.withDescription(
                "the call failed for a reason that nobody foresaw: " + failure + "; see the agent's log");
    }

    private static Status status(AgentException.Kind kind) {
        return switch (kind) {
            case NOT_FOUND -> Status.NOT_FOUND;
            case FAILED_PRECONDITION -> Status.FAILED_PRECONDITION;
            case ABORTED -> Status.ABORTED;
            case RESOURCE_EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
            case UNAVAILABLE -> Status.UNAVAILABLE;
            case DEADLINE_EXCEEDED -> Status.DEADLINE_EXCEEDED;
        };
    }

    private static Status status(Reason reason) {
        return switch (reason) {
            case MISSING -> Status.NOT_FOUND;
            case UNREADABLE -> Status.UNAVAILABLE;
            case MALFORMED,
                    TRUNCATED,
                    UNSAFE_ENTRY,
                    TOO_LARGE,
                    CORRUPT,
                    UNSIGNED,
                    WRONG_SIGNATURE,
                    OTHER_OWNER,
                    OTHER_ARCHITECTURE,
                    INCOMPLETE,
                    CONSUMED,
                    EXISTS -> Status.FAILED_PRECONDITION;
        };
    }

    private static CheckpointProgress.Step step(Progress progress) {
        return switch (progress) {
            case CHECKED -> CheckpointProgress.Step.CHECKED;
            case DUMPED -> CheckpointProgress.Step.DUMPED;
            case HELD -> CheckpointProgress.Step.HELD;
            case STORED -> CheckpointProgress.Step.STORED;
        };
    }

    private static domain.my.lpm.agent.protocol.PodArtifact artifact(PodArtifact artifact, boolean held) {
        var message = domain.my.lpm.agent.protocol.PodArtifact.newBuilder().setHeld(held);
        artifact.containers()
                .forEach(container -> message.addContainers(ContainerArtifact.newBuilder()
                        .setContainer(container.container())
                        .setUri(container.uri())
                        .setDigest(container.digest())
                        .setSizeBytes(container.sizeBytes())
                        .setTaker(
                                switch (container.taker()) {
                                    case KUBELET -> domain.my.lpm.agent.protocol.Taker.KUBELET;
                                    case LAUNCHER -> domain.my.lpm.agent.protocol.Taker.LAUNCHER;
                                })
                        .setCriuVersion(container.criuVersion())
                        .setRuntime(container.runtime())
                        .setArchitecture(container.architecture())
                        .setFrozenAtMillis(container.frozenAtMillis())
                        .setDumpedAtMillis(container.dumpedAtMillis())));
        artifact.volumes()
                .forEach(volume -> message.addVolumes(
                        VolumeArtifact.newBuilder().setVolume(volume.volume()).setSizeBytes(volume.sizeBytes())));
        return message.build();
    }

    private static ContainerOutcome outcome(Outcome outcome) {
        return ContainerOutcome.newBuilder()
                .setContainer(outcome.container())
                .setKind(
                        switch (outcome.kind()) {
                            case COMPLETE -> ContainerOutcome.Kind.COMPLETE;
                            case RUNNING -> ContainerOutcome.Kind.RUNNING;
                            case UNRESTORABLE -> ContainerOutcome.Kind.UNRESTORABLE;
                            case FRESH -> ContainerOutcome.Kind.FRESH;
                            case FAILED -> ContainerOutcome.Kind.FAILED;
                        })
                .setMessage(outcome.message())
                .putAllTimingsMillis(outcome.timingsMillis())
                .setStatusJson(outcome.statusJson())
                .build();
    }
}
