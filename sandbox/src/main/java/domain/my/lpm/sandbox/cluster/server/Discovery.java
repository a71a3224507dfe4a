package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The documents that tell clients which kinds there are. */
final class Discovery {
    private final ResourceKinds kinds;

    Discovery(ResourceKinds kinds) {
        this.kinds = kinds;
    }

    /** The document at a path; empty where there is none. */
    Optional<ObjectNode> at(List<String> path) {
        return switch (String.join("/", path)) {
            case "version" ->
                Optional.of(Json.object().put("major", "1").put("minor", "34").put("gitVersion", "v1.34.0-sandbox"));
            case "api" -> {
                ObjectNode versions = Json.object().put("kind", "APIVersions");
                versions.putArray("versions").add("v1");
                yield Optional.of(versions);
            }
            case "apis" -> Optional.of(groups());
            case "api/v1" -> Optional.of(resources("v1"));
            default ->
                path.size() == 3 && path.get(0).equals("apis")
                        ? Optional.of(resources(path.get(1) + "/" + path.get(2)))
                        : Optional.empty();
        };
    }

    private ObjectNode groups() {
        ObjectNode list = Json.object();
        list.put("kind", "APIGroupList").put("apiVersion", "v1");
        ArrayNode groups = list.putArray("groups");
        Set<String> seen = new TreeSet<>();
        for (ResourceKind kind : kinds.all()) {
            if (!kind.group().isEmpty() && seen.add(kind.group())) {
                ObjectNode group = groups.addObject().put("name", kind.group());
                ObjectNode version = group.putObject("preferredVersion").put("groupVersion", kind.apiVersion());
                version.put("version", kind.version());
                group.putArray("versions").add(version.deepCopy());
            }
        }
        return list;
    }

    private ObjectNode resources(String apiVersion) {
        ObjectNode list = Json.object();
        list.put("kind", "APIResourceList").put("apiVersion", "v1").put("groupVersion", apiVersion);
        ArrayNode resources = list.putArray("resources");
        for (ResourceKind kind : kinds.all()) {
            if (!kind.apiVersion().equals(apiVersion)) {
                continue;
            }
            ObjectNode resource = entry(resources, kind, kind.plural());
            resource.put("singularName", kind.singular());
            ArrayNode shortNames = resource.putArray("shortNames");
            kind.shortNames().forEach(shortNames::add);
            verbs(resource, "create", "delete", "get", "list", "patch", "update", "watch");
            if (kind.hasStatus()) {
                verbs(entry(resources, kind, kind.plural() + "/status"), "get", "patch", "update");
            }
        }
        return list;
    }

    private static ObjectNode entry(ArrayNode resources, ResourceKind kind, String name) {
        return resources
                .addObject()
                .put("name", name)
                .put("singularName", "")
                .put("namespaced", kind.namespaced())
                .put("kind", kind.kind());
    }

    private static void verbs(ObjectNode resource, String... verbs) {
        ArrayNode list = resource.putArray("verbs");
        for (String verb : verbs) {
            list.add(verb);
        }
    }
}
