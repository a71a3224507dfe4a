package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** Which container is checkpointed and how. Only {@code deletionPolicy} may change. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({
    "podName",
    "podUid",
    "containerName",
    "hold",
    "checkpointMethod",
    "tcp",
    "compression",
    "deletionPolicy"
})
@ValidationRule(
        value = "self.podName == oldSelf.podName "
                + "&& has(self.podUid) == has(oldSelf.podUid) && (!has(self.podUid) || self.podUid == oldSelf.podUid) "
                + "&& self.hold == oldSelf.hold "
                + "&& has(self.checkpointMethod) == has(oldSelf.checkpointMethod) && (!has(self.checkpointMethod) || self.checkpointMethod == oldSelf.checkpointMethod) "
                + "&& self.tcp == oldSelf.tcp "
                + "&& self.compression == oldSelf.compression "
                + "&& self.containerName == oldSelf.containerName",
        message =
                "spec cannot be changed except for deletionPolicy, because a checkpoint shows one container at one instant; create another ContainerCheckpoint")
public final class ContainerCheckpointSpec extends CheckpointSpec {
    @JsonPropertyDescription("Name of the container to checkpoint.")
    @Required
    @Pattern(Formats.DNS_LABEL)
    @Size(max = Formats.DNS_LABEL_LENGTH)
    private String containerName = "";

    public String getContainerName() {
        return containerName;
    }

    public void setContainerName(String containerName) {
        this.containerName = containerName;
    }
}
