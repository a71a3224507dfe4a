package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import domain.my.lpm.api.Compression;
import domain.my.lpm.api.Formats;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.TcpPolicy;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** Which pod is moved, where to and how. Only {@code ttlSecondsAfterFinished} may change. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({
    "podName",
    "targetNode",
    "allowSameNode",
    "restoreMode",
    "checkpointMethod",
    "onRestoreFailure",
    "strategy",
    "handOver",
    "tcp",
    "compression",
    "timeouts",
    "ttlSecondsAfterFinished"
})
@ValidationRule(
        value = "self.strategy == 'StopAndCopy' || !has(self.restoreMode) || self.restoreMode == 'self-restore'",
        message =
                "strategy PreCopy or PostCopy needs restoreMode self-restore, because a container runtime restores complete checkpoints only; set restoreMode to self-restore or strategy to StopAndCopy")
@ValidationRule(
        value = "self.strategy == 'StopAndCopy' || !has(self.checkpointMethod) || self.checkpointMethod == 'launcher'",
        message =
                "strategy PreCopy or PostCopy needs checkpointMethod launcher, because the kubelet takes complete checkpoints only; set checkpointMethod to launcher or strategy to StopAndCopy")
@ValidationRule(
        value = "!self.allowSameNode || has(self.targetNode)",
        message =
                "allowSameNode needs targetNode, because the scheduler otherwise picks another node; set targetNode or leave allowSameNode out")
@ValidationRule(
        value = "self.podName == oldSelf.podName",
        message =
                "podName cannot be changed, because the migration is bound to the pod it began with; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value =
                "has(self.targetNode) == has(oldSelf.targetNode) && (!has(self.targetNode) || self.targetNode == oldSelf.targetNode)",
        message =
                "targetNode cannot be set, changed or removed, because the copy is placed once; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value = "self.allowSameNode == oldSelf.allowSameNode",
        message =
                "allowSameNode cannot be changed, because the copy is placed once; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value =
                "has(self.restoreMode) == has(oldSelf.restoreMode) && (!has(self.restoreMode) || self.restoreMode == oldSelf.restoreMode)",
        message =
                "restoreMode cannot be set, changed or removed, because the copy is prepared for one of them; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value =
                "has(self.checkpointMethod) == has(oldSelf.checkpointMethod) && (!has(self.checkpointMethod) || self.checkpointMethod == oldSelf.checkpointMethod)",
        message =
                "checkpointMethod cannot be set, changed or removed, because the checkpoint is taken once; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value = "self.onRestoreFailure == oldSelf.onRestoreFailure",
        message =
                "onRestoreFailure cannot be changed, because it is the promise under which the source was stopped; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value = "self.strategy == oldSelf.strategy",
        message =
                "strategy cannot be changed, because the copying of memory may have begun; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value = "self.handOver == oldSelf.handOver",
        message =
                "handOver cannot be changed, because it is the promise under which the source was stopped; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value = "self.tcp == oldSelf.tcp",
        message =
                "tcp cannot be changed, because the checkpoint is taken with one policy; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value = "self.compression == oldSelf.compression",
        message =
                "compression cannot be changed, because the checkpoint is written in one way; delete this PodMigration, which cancels it, and create another")
@ValidationRule(
        value = "self.timeouts == oldSelf.timeouts",
        message =
                "timeouts cannot be changed, because deadlines and leases have been derived from them; delete this PodMigration, which cancels it, and create another")
public final class PodMigrationSpec {
    @JsonPropertyDescription("Name of the pod to move, in the namespace of this object.")
    @Required
    @Pattern(Formats.DNS_SUBDOMAIN)
    @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
    private String podName = "";

    @JsonPropertyDescription("Node to move the pod to. Absent: the scheduler picks one other than the node of the pod.")
    @Pattern(Formats.DNS_SUBDOMAIN)
    @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
    private @Nullable String targetNode;

    @JsonPropertyDescription("Whether targetNode may be the node on which the pod runs.")
    @Default("false")
    @JsonSetter(nulls = Nulls.SKIP)
    private Boolean allowSameNode = false;

    @JsonPropertyDescription("Who restores the pod: the pod itself (self-restore) or the container runtime (cri-o). "
            + "Absent: what the annotation migration.restore-mode of the pod says, else self-restore.")
    private @Nullable RestoreMode restoreMode;

    @JsonPropertyDescription("Who takes the checkpoint: the container runtime (kubelet) or our launcher (launcher). "
            + "Absent: launcher for what has been restored before and on nodes without checkpoint "
            + "support, else kubelet.")
    private @Nullable CheckpointMethod checkpointMethod;

    @JsonPropertyDescription("When the copy cannot be restored: the source goes on (Rollback), or the copy starts anew "
            + "and what memory held is lost (StartFresh).")
    @Default("Rollback")
    @JsonSetter(nulls = Nulls.SKIP)
    private RestoreFailurePolicy onRestoreFailure = RestoreFailurePolicy.ROLLBACK;

    @JsonPropertyDescription("When the memory is copied: while the source stands still (StopAndCopy), before that "
            + "(PreCopy) or after the copy runs (PostCopy). Only StopAndCopy is available so far; what asks for "
            + "another is moved by it, and has the condition StrategyFollowed=False.")
    @Default("StopAndCopy")
    @JsonSetter(nulls = Nulls.SKIP)
    private MigrationStrategy strategy = MigrationStrategy.STOP_AND_COPY;

    @JsonPropertyDescription("Whether a migration that cannot hold the source still fails (ExactlyOnce), or goes on "
            + "although instructions may run on both sides (AtLeastOnce).")
    @Default("ExactlyOnce")
    @JsonSetter(nulls = Nulls.SKIP)
    private HandOver handOver = HandOver.EXACTLY_ONCE;

    @JsonPropertyDescription("Established TCP connections that lead out of the pod: kept, the copy having the same "
            + "address (Established), closed in the copy (Close), or a reason not to move the pod (Fail).")
    @Default("Close")
    @JsonSetter(nulls = Nulls.SKIP)
    private TcpPolicy tcp = TcpPolicy.CLOSE;

    @JsonPropertyDescription(
            "How the checkpoint lies on storage. It is read once, by the copy, for which the application "
                    + "waits: compression (zstd) pays where the storage is slower than the processors.")
    @Default("none")
    @JsonSetter(nulls = Nulls.SKIP)
    private Compression compression = Compression.NONE;

    @JsonPropertyDescription("How long each part may take before the migration gives up.")
    @Default("{}")
    @JsonSetter(nulls = Nulls.SKIP)
    private MigrationTimeouts timeouts = new MigrationTimeouts();

    @JsonPropertyDescription("Seconds after which a finished migration is deleted; 0 to 31536000 (a year), 0 at once. "
            + "Absent: it is kept.")
    @Min(0)
    @Max(31536000)
    private @Nullable Integer ttlSecondsAfterFinished;

    public String getPodName() {
        return podName;
    }

    public void setPodName(String podName) {
        this.podName = podName;
    }

    public @Nullable String getTargetNode() {
        return targetNode;
    }

    public void setTargetNode(@Nullable String targetNode) {
        this.targetNode = targetNode;
    }

    public Boolean getAllowSameNode() {
        return allowSameNode;
    }

    public void setAllowSameNode(Boolean allowSameNode) {
        this.allowSameNode = allowSameNode;
    }

    public @Nullable RestoreMode getRestoreMode() {
        return restoreMode;
    }

    public void setRestoreMode(@Nullable RestoreMode restoreMode) {
        this.restoreMode = restoreMode;
    }

    public @Nullable CheckpointMethod getCheckpointMethod() {
        return checkpointMethod;
    }

    public void setCheckpointMethod(@Nullable CheckpointMethod checkpointMethod) {
        this.checkpointMethod = checkpointMethod;
    }

    public RestoreFailurePolicy getOnRestoreFailure() {
        return onRestoreFailure;
    }

    public void setOnRestoreFailure(RestoreFailurePolicy onRestoreFailure) {
        this.onRestoreFailure = onRestoreFailure;
    }

    public MigrationStrategy getStrategy() {
        return strategy;
    }

    public void setStrategy(MigrationStrategy strategy) {
        this.strategy = strategy;
    }

    public HandOver getHandOver() {
        return handOver;
    }

    public void setHandOver(HandOver handOver) {
        this.handOver = handOver;
    }

    public TcpPolicy getTcp() {
        return tcp;
    }

    public void setTcp(TcpPolicy tcp) {
        this.tcp = tcp;
    }

    public Compression getCompression() {
        return compression;
    }

    public void setCompression(Compression compression) {
        this.compression = compression;
    }

    public MigrationTimeouts getTimeouts() {
        return timeouts;
    }

    public void setTimeouts(MigrationTimeouts timeouts) {
        this.timeouts = timeouts;
    }

    public @Nullable Integer getTtlSecondsAfterFinished() {
        return ttlSecondsAfterFinished;
    }

    public void setTtlSecondsAfterFinished(@Nullable Integer ttlSecondsAfterFinished) {
        this.ttlSecondsAfterFinished = ttlSecondsAfterFinished;
    }
}
