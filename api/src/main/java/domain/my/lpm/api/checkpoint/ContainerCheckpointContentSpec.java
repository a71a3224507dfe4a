package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import domain.my.lpm.api.ContainerRuntime;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What lies on storage of one checkpoint of a container. Only {@code deletionPolicy} may change. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({
    "containerRef",
    "checkpointRef",
    "artifactURI",
    "nodeName",
    "digest",
    "sizeBytes",
    "checkpointMethod",
    "runtime",
    "criuVersion",
    "architecture",
    "cpuFeatures",
    "deletionPolicy"
})
@ValidationRule(
        value = "!self.artifactURI.startsWith('file://') || has(self.nodeName)",
        message =
                "artifactURI file:// needs nodeName, because only the node that took the checkpoint has it; set nodeName")
@ValidationRule(
        value =
                "self.containerRef == oldSelf.containerRef "
                        + "&& has(self.checkpointRef) == has(oldSelf.checkpointRef) && (!has(self.checkpointRef) || self.checkpointRef == oldSelf.checkpointRef) "
                        + "&& self.artifactURI == oldSelf.artifactURI "
                        + "&& has(self.nodeName) == has(oldSelf.nodeName) && (!has(self.nodeName) || self.nodeName == oldSelf.nodeName) "
                        + "&& self.digest == oldSelf.digest "
                        + "&& self.sizeBytes == oldSelf.sizeBytes "
                        + "&& self.checkpointMethod == oldSelf.checkpointMethod "
                        + "&& has(self.runtime) == has(oldSelf.runtime) && (!has(self.runtime) || self.runtime == oldSelf.runtime) "
                        + "&& has(self.criuVersion) == has(oldSelf.criuVersion) && (!has(self.criuVersion) || self.criuVersion == oldSelf.criuVersion) "
                        + "&& self.architecture == oldSelf.architecture "
                        + "&& has(self.cpuFeatures) == has(oldSelf.cpuFeatures) && (!has(self.cpuFeatures) || self.cpuFeatures == oldSelf.cpuFeatures)",
        message =
                "spec cannot be changed except for deletionPolicy, because it describes data that lies on storage already; create another ContainerCheckpointContent")
public final class ContainerCheckpointContentSpec {
    @JsonPropertyDescription("The container that was checkpointed; it may be gone.")
    @Required
    private @Nullable ContainerReference containerRef;

    @JsonPropertyDescription("The ContainerCheckpoint that this belongs to; it may be gone.")
    private @Nullable NamespacedReference checkpointRef;

    @JsonProperty("artifactURI")
    @JsonPropertyDescription("Where the archive lies: shared://<podUID>/<checkpointID>/<container>/dump.tar.zst, or "
            + "file:// with the same path for one that only its node has.")
    @Required
    @Pattern(Formats.ARTIFACT_URI)
    @Size(max = Formats.ARTIFACT_URI_LENGTH)
    private String artifactUri = "";

    @JsonPropertyDescription("Node on which the checkpoint was taken.")
    @Pattern(Formats.DNS_SUBDOMAIN)
    @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
    private @Nullable String nodeName;

    @JsonPropertyDescription(
            "Digest of the manifest, which holds the digests of all else: sha256: and 64 hexadecimal " + "digits.")
    @Required
    @Pattern(Formats.DIGEST)
    @Size(max = Formats.DIGEST_LENGTH)
    private String digest = "";

    @JsonPropertyDescription("Size on storage, in bytes; 0 or more.")
    @Required
    @Min(0)
    private Long sizeBytes = 0L;

    @JsonPropertyDescription("Who took the checkpoint.")
    @Required
    private @Nullable CheckpointMethod checkpointMethod;

    @JsonPropertyDescription("The container runtime under which the container ran.")
    private @Nullable ContainerRuntime runtime;

    @JsonPropertyDescription(
            "Version of the CRIU that took the checkpoint, such as 4.2.1. Absent: that of the container runtime, which does not tell it.")
    @Pattern(Formats.VERSION)
    @Size(max = 63)
    private @Nullable String criuVersion;

    @JsonPropertyDescription("Architecture of the node as Kubernetes names it, such as amd64; at most 63 characters.")
    @Required
    @Pattern(Formats.DNS_LABEL)
    @Size(max = 63)
    private String architecture = "";

    @JsonPropertyDescription(
            "Features of the processor that the processes may use, as /proc/cpuinfo names them; at most " + "512.")
    @Size(max = 512)
    private List<String> cpuFeatures = new ArrayList<>();

    @JsonPropertyDescription("Whether the data on storage is deleted together with this object (Delete) or stays "
            + "(Retain). May be changed at any time.")
    @Default("Retain")
    @JsonSetter(nulls = Nulls.SKIP)
    private DeletionPolicy deletionPolicy = DeletionPolicy.RETAIN;

    public @Nullable ContainerReference getContainerRef() {
        return containerRef;
    }

    public void setContainerRef(@Nullable ContainerReference containerRef) {
        this.containerRef = containerRef;
    }

    public @Nullable NamespacedReference getCheckpointRef() {
        return checkpointRef;
    }

    public void setCheckpointRef(@Nullable NamespacedReference checkpointRef) {
        this.checkpointRef = checkpointRef;
    }

    public String getArtifactUri() {
        return artifactUri;
    }

    public void setArtifactUri(String artifactUri) {
        this.artifactUri = artifactUri;
    }

    public @Nullable String getNodeName() {
        return nodeName;
    }

    public void setNodeName(@Nullable String nodeName) {
        this.nodeName = nodeName;
    }

    public String getDigest() {
        return digest;
    }

    public void setDigest(String digest) {
        this.digest = digest;
    }

    public Long getSizeBytes() {
        return sizeBytes;
    }

    public void setSizeBytes(Long sizeBytes) {
        this.sizeBytes = sizeBytes;
    }

    public @Nullable CheckpointMethod getCheckpointMethod() {
        return checkpointMethod;
    }

    public void setCheckpointMethod(@Nullable CheckpointMethod checkpointMethod) {
        this.checkpointMethod = checkpointMethod;
    }

    public @Nullable ContainerRuntime getRuntime() {
        return runtime;
    }

    public void setRuntime(@Nullable ContainerRuntime runtime) {
        this.runtime = runtime;
    }

    public @Nullable String getCriuVersion() {
        return criuVersion;
    }

    public void setCriuVersion(@Nullable String criuVersion) {
        this.criuVersion = criuVersion;
    }

    public String getArchitecture() {
        return architecture;
    }

    public void setArchitecture(String architecture) {
        this.architecture = architecture;
    }

    public List<String> getCpuFeatures() {
        return cpuFeatures;
    }

    public void setCpuFeatures(List<String> cpuFeatures) {
        this.cpuFeatures = cpuFeatures;
    }

    public DeletionPolicy getDeletionPolicy() {
        return deletionPolicy;
    }

    public void setDeletionPolicy(DeletionPolicy deletionPolicy) {
        this.deletionPolicy = deletionPolicy;
    }
}
