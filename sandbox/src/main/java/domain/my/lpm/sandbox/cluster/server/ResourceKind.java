package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A kind of object that the server keeps.
 *
 * @param group empty for the core group
 * @param plural as paths name it
 * @param hasStatus whether its status is a subresource
 * @param schema by which its objects are completed and checked; empty for the built-in kinds
 * @param columns of its table; empty for the built-in kinds, see {@link Tables}
 */
record ResourceKind(
        String group,
        String version,
        String kind,
        String plural,
        List<String> shortNames,
        boolean namespaced,
        boolean hasStatus,
        Optional<CrdSchema> schema,
        List<Column> columns) {
    /** A column of a table, as a CRD describes it. */
    record Column(String name, String type, String jsonPath, int priority) {}

    static ResourceKind builtIn(
            String group, String kind, String plural, List<String> shortNames, boolean namespaced, boolean hasStatus) {
        return new ResourceKind(
                group, "v1", kind, plural, shortNames, namespaced, hasStatus, Optional.empty(), List.of());
    }

    /** The kind that a CustomResourceDefinition with one served version describes. */
    static ResourceKind of(JsonNode crd) {
        JsonNode spec = crd.path("spec");
        JsonNode names = spec.path("names");
        JsonNode version = null;
        for (JsonNode candidate : spec.path("versions")) {
            if (candidate.path("storage").asBoolean()) {
                version = candidate;
            }
        }
        if (version == null) {
            throw ApiException.badRequest("the CustomResourceDefinition " + Json.text(crd, "/metadata/name")
                    + " has no version with storage: true; mark one");
        }
        List<String> shortNames = new ArrayList<>();
        names.path("shortNames").forEach(name -> shortNames.add(name.asText()));
        List<Column> columns = new ArrayList<>();
        for (JsonNode column : version.path("additionalPrinterColumns")) {
            columns.add(new Column(
                    column.path("name").asText(),
                    column.path("type").asText(),
                    column.path("jsonPath").asText(),
                    column.path("priority").asInt()));
        }
        return new ResourceKind(
                spec.path("group").asText(),
                version.path("name").asText(),
                names.path("kind").asText(),
                names.path("plural").asText(),
                shortNames,
                spec.path("scope").asText().equals("Namespaced"),
                version.at("/subresources/status").isObject(),
                Optional.of(version.at("/schema/openAPIV3Schema"))
                        .filter(JsonNode::isObject)
                        .map(CrdSchema::new),
                columns);
    }

    /** Whether its objects have a generation, which counts the changes of what somebody wants. */
    boolean countsGenerations() {
        return schema.isPresent()
                || List.of(ResourceKinds.POD, ResourceKinds.CRD, ResourceKinds.MUTATING, ResourceKinds.VALIDATING)
                        .contains(this);
    }

    String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** As messages name it: {@code podmigrations.lpm.my.domain}. */
    String resource() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    /** As messages about invalid objects name it: {@code PodMigration.lpm.my.domain}. */
    String qualified() {
        return group.isEmpty() ? kind : kind + "." + group;
    }

    String singular() {
        return kind.toLowerCase(Locale.ROOT);
    }
}
