package domain.my.lpm.api.node;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** Whether a node is able to do one thing. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "self.available || has(self.reason)",
        message =
                "reason is needed where available is false, because users are told why a node is no target; say what is missing and how to get it")
public record CapabilityStatus(
        @JsonPropertyDescription("The thing.") @Required Capability name,

        @JsonPropertyDescription("Whether the node is able to do it.") @Required
        Boolean available,

        @JsonPropertyDescription("Why not, and the remedy; at most 1024 characters.") @Size(max = 1024) @Nullable
        String reason) {}
