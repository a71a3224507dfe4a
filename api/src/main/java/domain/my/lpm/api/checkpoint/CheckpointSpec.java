package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import domain.my.lpm.api.Compression;
import domain.my.lpm.api.Formats;
import domain.my.lpm.api.TcpPolicy;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/** What the specifications of both kinds of checkpoint have in common. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({"podName", "podUid", "hold", "checkpointMethod", "tcp", "compression", "deletionPolicy"})
public abstract class CheckpointSpec {
    @JsonPropertyDescription("Name of the pod to checkpoint, in the namespace of this object.")
    @Required
    @Pattern(Formats.DNS_SUBDOMAIN)
    @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
    private String podName = "";

    @JsonPropertyDescription("The metadata.uid that the pod must have. Absent: that of the pod of this name.")
    @Pattern(Formats.UID)
    @Size(max = Formats.UID_LENGTH)
    private @Nullable String podUid;

    @JsonPropertyDescription(
            "Whether the processes stay stopped after the checkpoint until a migration resumes or ends "
                    + "them, or its lease on the hold runs out.")
    @Default("false")
    @JsonSetter(nulls = Nulls.SKIP)
    private Boolean hold = false;

    @JsonPropertyDescription("Who takes the checkpoint: the container runtime (kubelet) or our launcher (launcher). "
            + "Absent: launcher for what has been restored before and on nodes without checkpoint "
            + "support, else kubelet.")
    private @Nullable CheckpointMethod checkpointMethod;

    @JsonPropertyDescription("Established TCP connections that lead out of the pod: kept in the checkpoint "
            + "(Established), closed in it (Close), or a reason to fail (Fail).")
    @Default("Established")
    @JsonSetter(nulls = Nulls.SKIP)
    private TcpPolicy tcp = TcpPolicy.ESTABLISHED;

    @JsonPropertyDescription("How the checkpoint lies on storage.")
    @Default("zstd")
    @JsonSetter(nulls = Nulls.SKIP)
    private Compression compression = Compression.ZSTD;

    @JsonPropertyDescription("Whether the data on storage is deleted together with this object (Delete) or stays with "
            + "its content object (Retain). May be changed at any time.")
    @Default("Delete")
    @JsonSetter(nulls = Nulls.SKIP)
    private DeletionPolicy deletionPolicy = DeletionPolicy.DELETE;

    public String getPodName() {
        return podName;
    }

    public void setPodName(String podName) {
        this.podName = podName;
    }

    public @Nullable String getPodUid() {
        return podUid;
    }

    public void setPodUid(@Nullable String podUid) {
        this.podUid = podUid;
    }

    public Boolean getHold() {
        return hold;
    }

    public void setHold(Boolean hold) {
        this.hold = hold;
    }

    public @Nullable CheckpointMethod getCheckpointMethod() {
        return checkpointMethod;
    }

    public void setCheckpointMethod(@Nullable CheckpointMethod checkpointMethod) {
        this.checkpointMethod = checkpointMethod;
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

    public DeletionPolicy getDeletionPolicy() {
        return deletionPolicy;
    }

    public void setDeletionPolicy(DeletionPolicy deletionPolicy) {
        this.deletionPolicy = deletionPolicy;
    }
}
