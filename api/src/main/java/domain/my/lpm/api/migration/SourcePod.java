package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** The pod that is moved. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SourcePod(
        @JsonPropertyDescription("The metadata.uid of the pod; a pod of the same name with another uid is not it.")
        @Required
        @Pattern(Formats.UID)
        @Size(max = Formats.UID_LENGTH)
        String uid,

        @JsonPropertyDescription("Node on which the pod runs.")
        @Required
        @Pattern(Formats.DNS_SUBDOMAIN)
        @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
        String node) {}
