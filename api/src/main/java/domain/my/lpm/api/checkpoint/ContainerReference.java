package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** A container of one pod. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ContainerReference(
        @JsonPropertyDescription("Namespace of the pod.")
        @Required
        @Pattern(Formats.DNS_LABEL)
        @Size(max = Formats.DNS_LABEL_LENGTH)
        String namespace,

        @JsonPropertyDescription("Name of the pod.")
        @Required
        @Pattern(Formats.DNS_SUBDOMAIN)
        @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
        String podName,

        @JsonPropertyDescription("The metadata.uid of the pod.")
        @Required
        @Pattern(Formats.UID)
        @Size(max = Formats.UID_LENGTH)
        String podUid,

        @JsonPropertyDescription("Name of the container.")
        @Required
        @Pattern(Formats.DNS_LABEL)
        @Size(max = Formats.DNS_LABEL_LENGTH)
        String containerName) {}
