package domain.my.lpm.controller.agent;

import domain.my.lpm.agent.protocol.CheckpointRequest;
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
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The agent of one node. No call blocks; each ends with its answer or with an {@link AgentFailure}, at the latest when its
 * deadline is over. Cancelling a future breaks the call off. All calls are idempotent, as agent.proto says.
 */
public interface AgentClient {
    /** A launcher stands by in each container of a pod whose entry waits. */
    CompletableFuture<PrepareResponse> prepare(PrepareRequest request);

    /** Takes a checkpoint; ends with the artifact. */
    CompletableFuture<PodArtifact> checkpoint(CheckpointRequest request);

    /** Waits until a checkpoint that was answered is on stable storage. */
    CompletableFuture<SyncCheckpointResponse> syncCheckpoint(PodReference source, String checkpointId);

    /** Lets a held pod go on; the answer is whether it was held. */
    CompletableFuture<Boolean> resume(PodReference source);

    /** Renews the lease on a hold. */
    CompletableFuture<RenewHoldResponse> renewHold(PodReference source, Duration lease);

    /** Kills what stands still; the answer is how many processes. */
    CompletableFuture<Integer> fence(PodReference source);

    /** Completes a copy, still before its first instruction. */
    CompletableFuture<List<ContainerOutcome>> restore(RestoreRequest request);

    /** Lets a complete copy run. */
    CompletableFuture<List<ContainerOutcome>> run(RunRequest request);

    /** Undoes what was restored of a copy that does not run. */
    CompletableFuture<WithdrawResponse> withdraw(PodReference target);

    /** Makes an image of a container's checkpoint; the answer is its name. */
    CompletableFuture<String> convertCheckpointToImage(String uri, String digest);

    /** Removes a checkpoint from storage; the answer is whether it was there. */
    CompletableFuture<Boolean> deleteCheckpoint(String uri);
}
