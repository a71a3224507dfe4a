package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.ArrayList;
import java.util.List;

/** How far the checkpoint of a pod has come. Written by the controller alone. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({
    "phase",
    "reason",
    "message",
    "ready",
    "boundContent",
    "checkpointId",
    "containers",
    "startTime",
    "completionTime",
    "conditions",
    "observedGeneration"
})
@ValidationRule(
        value =
                "!has(self.ready) || !self.ready || (has(self.containers) && size(self.containers) > 0 && self.containers.all(c, c.ready))",
        message =
                "ready needs every one of containers to be ready, because a pod is restored as a whole; wait for the rest")
public final class PodCheckpointStatus extends CheckpointStatus {
    @JsonPropertyDescription("The containers of the pod; at most 250.")
    @Size(max = 250)
    private List<CheckpointedContainer> containers = new ArrayList<>();

    public List<CheckpointedContainer> getContainers() {
        return containers;
    }

    public void setContainers(List<CheckpointedContainer> containers) {
        this.containers = containers;
    }
}
