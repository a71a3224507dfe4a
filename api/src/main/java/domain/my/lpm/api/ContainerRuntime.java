package domain.my.lpm.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** The container runtime of a node. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ContainerRuntime(
        @JsonPropertyDescription("Name of the runtime as the node reports it, such as cri-o; at most 63 characters.")
        @Required
        @Size(max = 63)
        String name,

        @JsonPropertyDescription(
                "Version of the runtime as the node reports it, such as 1.34.11; at most 63 characters.")
        @Required
        @Size(max = 63)
        String version) {}
