package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What lies on storage of one checkpoint of a pod. Only {@code deletionPolicy} may change. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({"podRef", "checkpointRef", "checkpointId", "containerContents", "deletionPolicy"})
@ValidationRule(
        value = "self.podRef == oldSelf.podRef "
                + "&& has(self.checkpointRef) == has(oldSelf.checkpointRef) && (!has(self.checkpointRef) || self.checkpointRef == oldSelf.checkpointRef) "
                + "&& self.checkpointId == oldSelf.checkpointId "
                + "&& self.containerContents == oldSelf.containerContents",
        message =
                "spec cannot be changed except for deletionPolicy, because it describes data that lies on storage already; create another PodCheckpointContent")
public final class PodCheckpointContentSpec {
    @JsonPropertyDescription("The pod that was checkpointed; it may be gone.")
    @Required
    private @Nullable NamespacedReference podRef;

    @JsonPropertyDescription("The PodCheckpoint that this belongs to; it may be gone.")
    private @Nullable NamespacedReference checkpointRef;

    @JsonPropertyDescription("Directory of the checkpoint below that of its pod in the repository; lower-case letters, "
            + "digits, - and .; at most 253 characters.")
    @Required
    @Pattern(Formats.DNS_SUBDOMAIN)
    @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
    private String checkpointId = "";

    @JsonPropertyDescription("Names of the ContainerCheckpointContents, one for each container; 1 to 250.")
    @Required
    @Size(min = 1, max = 250)
    private List<String> containerContents = new ArrayList<>();

    @JsonPropertyDescription("Whether the data on storage is deleted together with this object (Delete) or stays "
            + "(Retain). May be changed at any time.")
    @Default("Retain")
    @JsonSetter(nulls = Nulls.SKIP)
    private DeletionPolicy deletionPolicy = DeletionPolicy.RETAIN;

    public @Nullable NamespacedReference getPodRef() {
        return podRef;
    }

    public void setPodRef(@Nullable NamespacedReference podRef) {
        this.podRef = podRef;
    }

    public @Nullable NamespacedReference getCheckpointRef() {
        return checkpointRef;
    }

    public void setCheckpointRef(@Nullable NamespacedReference checkpointRef) {
        this.checkpointRef = checkpointRef;
    }

    public String getCheckpointId() {
        return checkpointId;
    }

    public void setCheckpointId(String checkpointId) {
        this.checkpointId = checkpointId;
    }

    public List<String> getContainerContents() {
        return containerContents;
    }

    public void setContainerContents(List<String> containerContents) {
        this.containerContents = containerContents;
    }

    public DeletionPolicy getDeletionPolicy() {
        return deletionPolicy;
    }

    public void setDeletionPolicy(DeletionPolicy deletionPolicy) {
        this.deletionPolicy = deletionPolicy;
    }
}
