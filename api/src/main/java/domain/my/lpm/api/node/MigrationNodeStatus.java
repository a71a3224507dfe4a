package domain.my.lpm.api.node;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import domain.my.lpm.api.ContainerRuntime;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a node is and can do for migrations. Written by its agent alone. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({
    "agentEndpoint",
    "kernel",
    "architecture",
    "cpuFeatures",
    "criuVersion",
    "runtime",
    "cgroupVersion",
    "storageFreeBytes",
    "probeTime",
    "capabilities",
    "conditions"
})
public final class MigrationNodeStatus {
    @JsonPropertyDescription("Address at which the agent of the node answers: host:port; at most 259 characters.")
    @Pattern(Formats.ENDPOINT)
    @Size(max = 259)
    private @Nullable String agentEndpoint;

    @JsonPropertyDescription("Release of the kernel, such as 6.12.48; at most 128 characters.")
    @Size(max = 128)
    private @Nullable String kernel;

    @JsonPropertyDescription("Architecture as Kubernetes names it, such as amd64; at most 63 characters.")
    @Pattern(Formats.DNS_LABEL)
    @Size(max = 63)
    private @Nullable String architecture;

    @JsonPropertyDescription("Features of the processor, as /proc/cpuinfo names them; at most 512.")
    @Size(max = 512)
    private List<String> cpuFeatures = new ArrayList<>();

    @JsonPropertyDescription("Version of CRIU, such as 4.2.1. Absent: there is none.")
    @Pattern(Formats.VERSION)
    @Size(max = 63)
    private @Nullable String criuVersion;

    @JsonPropertyDescription("The container runtime.")
    private @Nullable ContainerRuntime runtime;

    @JsonPropertyDescription("Version of the control groups: 1 or 2.")
    @Min(1)
    @Max(2)
    private @Nullable Integer cgroupVersion;

    @JsonPropertyDescription("Free space of the shared storage as this node sees it, in bytes; 0 or more.")
    @Min(0)
    private @Nullable Long storageFreeBytes;

    @JsonPropertyDescription("When the agent last looked: RFC 3339, UTC.")
    @Pattern(Formats.TIME)
    @Size(max = Formats.TIME_LENGTH)
    private @Nullable String probeTime;

    @JsonPropertyDescription("What the node is able to do.")
    @Size(max = 16)
    private List<CapabilityStatus> capabilities = new ArrayList<>();

    @JsonPropertyDescription("Observations of the state, one of each type.")
    private List<Condition> conditions = new ArrayList<>();

    public @Nullable String getAgentEndpoint() {
        return agentEndpoint;
    }

    public void setAgentEndpoint(@Nullable String agentEndpoint) {
        this.agentEndpoint = agentEndpoint;
    }

    public @Nullable String getKernel() {
        return kernel;
    }

    public void setKernel(@Nullable String kernel) {
        this.kernel = kernel;
    }

    public @Nullable String getArchitecture() {
        return architecture;
    }

    public void setArchitecture(@Nullable String architecture) {
        this.architecture = architecture;
    }

    public List<String> getCpuFeatures() {
        return cpuFeatures;
    }

    public void setCpuFeatures(List<String> cpuFeatures) {
        this.cpuFeatures = cpuFeatures;
    }

    public @Nullable String getCriuVersion() {
        return criuVersion;
    }

    public void setCriuVersion(@Nullable String criuVersion) {
        this.criuVersion = criuVersion;
    }

    public @Nullable ContainerRuntime getRuntime() {
        return runtime;
    }

    public void setRuntime(@Nullable ContainerRuntime runtime) {
        this.runtime = runtime;
    }

    public @Nullable Integer getCgroupVersion() {
        return cgroupVersion;
    }

    public void setCgroupVersion(@Nullable Integer cgroupVersion) {
        this.cgroupVersion = cgroupVersion;
    }

    public @Nullable Long getStorageFreeBytes() {
        return storageFreeBytes;
    }

    public void setStorageFreeBytes(@Nullable Long storageFreeBytes) {
        this.storageFreeBytes = storageFreeBytes;
    }

    public @Nullable String getProbeTime() {
        return probeTime;
    }

    public void setProbeTime(@Nullable String probeTime) {
        this.probeTime = probeTime;
    }

    public List<CapabilityStatus> getCapabilities() {
        return capabilities;
    }

    public void setCapabilities(List<CapabilityStatus> capabilities) {
        this.capabilities = capabilities;
    }

    public List<Condition> getConditions() {
        return conditions;
    }

    public void setConditions(List<Condition> conditions) {
        this.conditions = conditions;
    }

    /** Whether the node is able to do {@code capability}; false where the agent has not said. */
    public boolean can(Capability capability) {
        return capabilities.stream().anyMatch(status -> status.name() == capability && status.available());
    }
}
