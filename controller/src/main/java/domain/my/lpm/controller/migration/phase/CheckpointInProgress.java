package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.agent.protocol.ContainerArtifact;
import domain.my.lpm.agent.protocol.PodArtifact;
import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.migration.HandOver;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.node.Capability;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.agent.AgentCalls.Answer;
import domain.my.lpm.controller.agent.AgentCalls.Done;
import domain.my.lpm.controller.checkpoint.OwnedCheckpoints;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.MigrationStatus;
import domain.my.lpm.controller.migration.Next;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/** The checkpoint is taken and stored; from its dump on the source stands still. */
final class CheckpointInProgress implements PhaseHandler {
    private final Map<RestoreMode, RestoreProcedure> procedures;

    CheckpointInProgress(Map<RestoreMode, RestoreProcedure> procedures) {
        this.procedures = procedures;
    }

    @Override
    public Set<MigrationPhase> phases() {
        return Set.of(MigrationPhase.CHECKPOINT_IN_PROGRESS);
    }

    @Override
    public Next handle(Migration migration) {
        Pod source = Pods.requireSource(migration);
        PodCheckpoint checkpoint = checkpoint(migration, source);
        Answer<PodArtifact> answer = StoredCheckpoint.take(migration);
        if (answer instanceof Done<PodArtifact> done) {
            requireHeld(migration, checkpoint, done.value());
            // The application stands still: the copy is restored while the phases are recorded.
            RestoreProcedure.of(migration, procedures).begin(migration);
            record(migration, done);
            return new Next.Again();
        }
        if (checkpoint.getSpec().getHold()) {
            // As long as the dump goes on there may be nothing to be renewed yet.
            HoldLease.renew(migration);
        }
        migration.requireWithin(
                migration.since(MigrationPhase.CHECKPOINT_IN_PROGRESS),
                Duration.ofSeconds(migration.spec().getTimeouts().getCheckpointSeconds()),
                "checkpointSeconds",
                "the checkpoint was not complete");
        return migration.waiting();
    }

    private static PodCheckpoint checkpoint(Migration migration, Pod source) {
        PodCheckpoint checkpoint = migration
                .cluster()
                .seePodCheckpoint(migration.namespace(), migration.checkpointName())
                .orElseGet(() -> {
                    boolean hold = migration.spec().getHandOver() == HandOver.EXACTLY_ONCE
                            || migration
                                    .cluster()
                                    .seeMigrationNode(migration.source().node())
                                    .filter(node -> node.getStatus() != null
                                            && node.getStatus().can(Capability.HOLD))
                                    .isPresent();
                    PodCheckpoint wanted = OwnedCheckpoints.of(
                            migration.resource(), migration.checkpointName(), hold, Pods.runs(source));
                    return migration.act(
                            Step.CREATE_POD_CHECKPOINT,
                            () -> migration.cluster().createPodCheckpoint(wanted));
                });
        if (!OwnedCheckpoints.isOwned(checkpoint, migration.resource())) {
            throw new MigrationFailure(
                    Reasons.NAME_TAKEN,
                    "there is a PodCheckpoint '%s' already, which is not of this migration; delete it, or give the migration another name"
                            .formatted(migration.checkpointName()));
        }
        if (checkpoint.isMarkedForDeletion()) {
            throw new MigrationFailure(
                    Reasons.CHECKPOINT_FAILED,
                    "PodCheckpoint '%s' is being deleted by somebody else; create another PodMigration"
                            .formatted(migration.checkpointName()));
        }
        if (checkpoint.getStatus() != null && checkpoint.getStatus().getPhase() == CheckpointPhase.FAILED) {
            throw new MigrationFailure(
                    String.valueOf(checkpoint.getStatus().getReason()),
                    "PodCheckpoint '%s' has failed: %s"
                            .formatted(
                                    migration.checkpointName(),
                                    checkpoint.getStatus().getMessage()));
        }
        return checkpoint;
    }

    private static void requireHeld(Migration migration, PodCheckpoint checkpoint, PodArtifact artifact) {
        if (!artifact.getHeld() && migration.spec().getHandOver() == HandOver.EXACTLY_ONCE) {
            throw new MigrationFailure(
                    checkpoint.getSpec().getHold() ? Reasons.HOLD_BROKEN : Reasons.HOLD_UNAVAILABLE,
                    "the source ran on after its checkpoint, so that what it did since would be lost or done twice; see why node '%s' cannot"
                                    .formatted(migration.source().node())
                            + " hold, or set handOver to AtLeastOnce if that may be");
        }
    }

    private static void record(Migration migration, Done<PodArtifact> done) {
        PodArtifact artifact = done.value();
        long frozen = artifact.getContainersList().stream()
                .mapToLong(ContainerArtifact::getFrozenAtMillis)
                .min()
                .orElse(0);
        long dumped = artifact.getContainersList().stream()
                .mapToLong(ContainerArtifact::getDumpedAtMillis)
                .max()
                .orElse(0);
        long sinceCall = Duration.between(done.asked(), done.answered()).toMillis();
        // A repeated call answers at once what the first one found.
        long elapsed = sinceCall >= dumped
                ? sinceCall
                : Duration.between(migration.since(MigrationPhase.CHECKPOINT_IN_PROGRESS), migration.now())
                        .toMillis();
        long bytes = artifact.getContainersList().stream()
                .mapToLong(ContainerArtifact::getSizeBytes)
                .sum();
        String message = "%d bytes of %d containers are stored at %s"
                .formatted(bytes, artifact.getContainersCount(), migration.checkpoint());
        migration.record(
                Step.RECORD_CHECKPOINTED,
                status -> status.phase(MigrationPhase.CHECKPOINT_COMPLETED, Reasons.CHECKPOINTED, message)
                        .condition(ConditionTypes.CHECKPOINTED, true, Reasons.CHECKPOINTED, message)
                        .condition(
                                ConditionTypes.HAND_OVER,
                                artifact.getHeld(),
                                artifact.getHeld() ? Reasons.EXACTLY_ONCE : Reasons.AT_LEAST_ONCE,
                                artifact.getHeld()
                                        ? "the source stands still since its checkpoint"
                                        : "the source ran on after its checkpoint, as spec.handOver allows: instructions may run on both sides")
                        .timings(new MigrationStatus.Timings()
                                .checkpoint(Duration.ofMillis(dumped - frozen))
                                .transfer(Duration.ofMillis(Math.max(0, elapsed - dumped)))));
        artifact.getContainersList().forEach(container -> migration.observer().stored(container.getSizeBytes()));
    }
}
