package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** How far the checkpoint of one container of a pod has come. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CheckpointedContainer(
        @JsonPropertyDescription("Name of the container.")
        @Required
        @Pattern(Formats.DNS_LABEL)
        @Size(max = Formats.DNS_LABEL_LENGTH)
        String name,

        @JsonPropertyDescription("Name of its ContainerCheckpoint, in the namespace of the PodCheckpoint.")
        @Required
        @Pattern(Formats.DNS_SUBDOMAIN)
        @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
        String checkpointName,

        @JsonPropertyDescription("The phase of its ContainerCheckpoint.") @Required
        CheckpointPhase phase,

        @JsonPropertyDescription("Whether its checkpoint can be restored.") @Required
        Boolean ready) {}
