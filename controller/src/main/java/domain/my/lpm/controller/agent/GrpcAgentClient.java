package domain.my.lpm.controller.agent;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import domain.my.lpm.agent.protocol.AgentGrpc;
import domain.my.lpm.agent.protocol.CheckpointEvent;
import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerOutcome;
import domain.my.lpm.agent.protocol.ConvertCheckpointToImageRequest;
import domain.my.lpm.agent.protocol.ConvertCheckpointToImageResponse;
import domain.my.lpm.agent.protocol.DeleteCheckpointRequest;
import domain.my.lpm.agent.protocol.DeleteCheckpointResponse;
import domain.my.lpm.agent.protocol.FenceRequest;
import domain.my.lpm.agent.protocol.FenceResponse;
import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.agent.protocol.PodReference;
import domain.my.lpm.agent.protocol.PrepareRequest;
import domain.my.lpm.agent.protocol.PrepareResponse;
import domain.my.lpm.agent.protocol.RenewHoldRequest;
import domain.my.lpm.agent.protocol.RenewHoldResponse;
import domain.my.lpm.agent.protocol.RestoreEvent;
import domain.my.lpm.agent.protocol.RestoreRequest;
import domain.my.lpm.agent.protocol.ResumeRequest;
import domain.my.lpm.agent.protocol.ResumeResponse;
import domain.my.lpm.agent.protocol.RunRequest;
import domain.my.lpm.agent.protocol.RunResponse;
import domain.my.lpm.agent.protocol.SyncCheckpointRequest;
import domain.my.lpm.agent.protocol.SyncCheckpointResponse;
import domain.my.lpm.agent.protocol.WithdrawRequest;
import domain.my.lpm.agent.protocol.WithdrawResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The agent at one endpoint, over gRPC. */
final class GrpcAgentClient implements AgentClient {
    /** For calls that only signal processes. */
    private static final Duration SHORT = Duration.ofSeconds(15);
    /** For calls that start processes or remove files. */
    private static final Duration LONG = Duration.ofMinutes(2);
    /** What an agent may take beyond the deadline that it was given, to undo. */
    private static final Duration GRACE = Duration.ofSeconds(15);

    private final String endpoint;
    private final Channel channel;

    GrpcAgentClient(String endpoint, Channel channel) {
        this.endpoint = endpoint;
        this.channel = channel;
    }

    @Override
    public CompletableFuture<PrepareResponse> prepare(PrepareRequest request) {
        return unary("Prepare", within(LONG).prepare(request), answer -> answer);
    }

    @Override
    public CompletableFuture<PodArtifact> checkpoint(CheckpointRequest request) {
        Last<CheckpointRequest, CheckpointEvent, PodArtifact> last =
                new Last<>("Checkpoint", event -> event.hasArtifact() ? event.getArtifact() : null);
        streaming(request.getDeadlineMillis()).checkpoint(request, last);
        return last.result;
    }

    @Override
    public CompletableFuture<SyncCheckpointResponse> syncCheckpoint(PodReference source, String checkpointId) {
        return unary(
                "SyncCheckpoint",
                within(LONG.plus(GRACE))
                        .syncCheckpoint(SyncCheckpointRequest.newBuilder()
                                .setSource(source)
                                .setCheckpointId(checkpointId)
                                .setDeadlineMillis(LONG.toMillis())
                                .build()),
                answer -> answer);
    }

    @Override
    public CompletableFuture<Boolean> resume(PodReference source) {
        return unary(
                "Resume",
                within(SHORT)
                        .resume(ResumeRequest.newBuilder().setSource(source).build()),
                ResumeResponse::getWasHeld);
    }

    @Override
    public CompletableFuture<RenewHoldResponse> renewHold(PodReference source, Duration lease) {
        return unary(
                "RenewHold",
                within(SHORT)
                        .renewHold(RenewHoldRequest.newBuilder()
                                .setSource(source)
                                .setLeaseMillis(lease.toMillis())
                                .build()),
                answer -> answer);
    }

    @Override
    public CompletableFuture<Integer> fence(PodReference source) {
        return unary(
                "Fence",
                within(SHORT).fence(FenceRequest.newBuilder().setSource(source).build()),
                FenceResponse::getKilled);
    }

    @Override
    public CompletableFuture<List<ContainerOutcome>> restore(RestoreRequest request) {
        Last<RestoreRequest, RestoreEvent, List<ContainerOutcome>> last = new Last<>(
                "Restore", event -> event.hasOutcome() ? event.getOutcome().getContainersList() : null);
        streaming(request.getDeadlineMillis()).restore(request, last);
        return last.result;
    }

    @Override
    public CompletableFuture<List<ContainerOutcome>> run(RunRequest request) {
        return unary(
                "Run",
                within(Duration.ofMillis(request.getDeadlineMillis()).plus(GRACE))
                        .run(request),
                RunResponse::getContainersList);
    }

    @Override
    public CompletableFuture<WithdrawResponse> withdraw(PodReference target) {
        return unary(
                "Withdraw",
                within(SHORT)
                        .withdraw(WithdrawRequest.newBuilder().setTarget(target).build()),
                answer -> answer);
    }

    @Override
    public CompletableFuture<String> convertCheckpointToImage(String uri, String digest) {
        return unary(
                "ConvertCheckpointToImage",
                within(LONG)
                        .convertCheckpointToImage(ConvertCheckpointToImageRequest.newBuilder()
                                .setUri(uri)
                                .setDigest(digest)
                                .build()),
                ConvertCheckpointToImageResponse::getImage);
    }

    @Override
    public CompletableFuture<Boolean> deleteCheckpoint(String uri) {
        return unary(
                "DeleteCheckpoint",
                within(LONG)
                        .deleteCheckpoint(
                                DeleteCheckpointRequest.newBuilder().setUri(uri).build()),
                DeleteCheckpointResponse::getWasThere);
    }

    private AgentGrpc.AgentFutureStub within(Duration deadline) {
        return AgentGrpc.newFutureStub(channel).withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
    }

    private AgentGrpc.AgentStub streaming(long deadlineMillis) {
        return AgentGrpc.newStub(channel).withDeadlineAfter(deadlineMillis + GRACE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private <A, T> CompletableFuture<T> unary(String call, ListenableFuture<A> sent, Function<A, T> read) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Futures.addCallback(
                sent,
                new FutureCallback<A>() {
                    @Override
                    public void onSuccess(@Nullable A answer) {
                        result.complete(read.apply(Objects.requireNonNull(answer, "gRPC answers with a message")));
                    }

                    @Override
                    public void onFailure(Throwable failure) {
                        result.completeExceptionally(failure(call, failure));
                    }
                },
                MoreExecutors.directExecutor());
        result.whenComplete((answer, failure) -> sent.cancel(true));
        return result;
    }

    private AgentFailure failure(String call, Throwable thrown) {
        Status status = Status.fromThrowable(thrown);
        AgentFailure.Kind kind = kind(status.getCode());
        String words = status.getDescription() == null ? status.getCode().toString() : status.getDescription();
        String message = switch (kind) {
            case INVALID, NOT_FOUND, PRECONDITION, REPLACED, STORAGE_FULL -> words;
            case REFUSED ->
                "the agent at %s refuses the call %s: %s; see that controller and agents are of one version and trust each other's certificates"
                        .formatted(endpoint, call, words);
            case TIMED_OUT -> "the agent at %s has not ended the call %s in time: %s".formatted(endpoint, call, words);
            case UNREACHABLE ->
                "the agent at %s cannot be reached for the call %s, or cannot reach its node or storage: %s; see that the agent runs"
                        .formatted(endpoint, call, words);
        };
        return new AgentFailure(kind, message, thrown);
    }

    private static AgentFailure.Kind kind(Status.Code code) {
        return switch (code) {
            case INVALID_ARGUMENT, OUT_OF_RANGE -> AgentFailure.Kind.INVALID;
            case NOT_FOUND -> AgentFailure.Kind.NOT_FOUND;
            case FAILED_PRECONDITION, ALREADY_EXISTS, DATA_LOSS -> AgentFailure.Kind.PRECONDITION;
            case ABORTED -> AgentFailure.Kind.REPLACED;
            case RESOURCE_EXHAUSTED -> AgentFailure.Kind.STORAGE_FULL;
            case PERMISSION_DENIED, UNAUTHENTICATED, UNIMPLEMENTED -> AgentFailure.Kind.REFUSED;
            case DEADLINE_EXCEEDED -> AgentFailure.Kind.TIMED_OUT;
            case OK, CANCELLED, UNKNOWN, INTERNAL, UNAVAILABLE -> AgentFailure.Kind.UNREACHABLE;
        };
    }

    /** Waits for the event that ends a stream. */
    private final class Last<R, E, T> implements ClientResponseObserver<R, E> {
        private final String call;
        private final Function<E, @Nullable T> read;
        private final CompletableFuture<T> result = new CompletableFuture<>();

        Last(String call, Function<E, @Nullable T> read) {
            this.call = call;
            this.read = read;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<R> stream) {
            result.whenComplete((last, failure) -> {
                if (failure != null) {
                    stream.cancel("broken off by the caller", failure);
                }
            });
        }

        @Override
        public void onNext(E event) {
            T last = read.apply(event);
            if (last != null) {
                result.complete(last);
            }
        }

        @Override
        public void onError(Throwable thrown) {
            result.completeExceptionally(failure(call, thrown));
        }

        @Override
        public void onCompleted() {
            result.completeExceptionally(new AgentFailure(
                    AgentFailure.Kind.UNREACHABLE,
                    "the agent at %s ended the call %s without an answer; it is called again"
                            .formatted(endpoint, call)));
        }
    }
}
