package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** A namespaced object, told from a later one of the same name by its uid. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record NamespacedReference(
        @JsonPropertyDescription("Namespace of the object.")
        @Required
        @Pattern(Formats.DNS_LABEL)
        @Size(max = Formats.DNS_LABEL_LENGTH)
        String namespace,

        @JsonPropertyDescription("Name of the object.")
        @Required
        @Pattern(Formats.DNS_SUBDOMAIN)
        @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
        String name,

        @JsonPropertyDescription("The metadata.uid of the object.")
        @Required
        @Pattern(Formats.UID)
        @Size(max = Formats.UID_LENGTH)
        String uid) {}
