package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/** The copy. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TargetPod(
        @JsonPropertyDescription("Name of the copy, in the namespace of the migration.")
        @Required
        @Pattern(Formats.DNS_SUBDOMAIN)
        @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
        String name,

        @JsonPropertyDescription("The metadata.uid of the copy. Absent: it is not created yet.")
        @Pattern(Formats.UID)
        @Size(max = Formats.UID_LENGTH)
        @Nullable
        String uid,

        @JsonPropertyDescription("Node on which the copy runs. Absent: it is not scheduled yet.")
        @Pattern(Formats.DNS_SUBDOMAIN)
        @Size(max = Formats.DNS_SUBDOMAIN_LENGTH)
        @Nullable
        String node) {}
