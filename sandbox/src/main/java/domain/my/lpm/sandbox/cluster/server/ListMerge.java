package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How an apply merges a list.
 *
 * @param how whether its elements have an identity
 * @param key the field of the elements that is their identity; empty but for {@link How#KEYED}
 */
record ListMerge(How how, String key) {
    /** Whether the elements of a list have an identity. */
    enum How {
        /** They have none: the list is replaced as a whole. */
        ATOMIC,
        /** They are their identity. */
        SET,
        /** One of their fields is. */
        KEYED
    }

    static final ListMerge ATOMIC = new ListMerge(How.ATOMIC, "");
    static final ListMerge SET = new ListMerge(How.SET, "");

    /** The lists of the built-in kinds, by the name of the field. */
    private static final Map<String, ListMerge> BUILT_IN = Map.ofEntries(
            Map.entry("ownerReferences", byKey("uid")),
            Map.entry("finalizers", SET),
            Map.entry("containers", byKey("name")),
            Map.entry("initContainers", byKey("name")),
            Map.entry("volumes", byKey("name")),
            Map.entry("env", byKey("name")),
            Map.entry("imagePullSecrets", byKey("name")),
            Map.entry("volumeMounts", byKey("mountPath")),
            Map.entry("addresses", byKey("type")),
            Map.entry("conditions", byKey("type")),
            Map.entry("webhooks", byKey("name")),
            Map.entry("hostAliases", byKey("ip")));

    static ListMerge byKey(String key) {
        return new ListMerge(How.KEYED, key);
    }

    /** The rule for a list of this kind at this path. */
    static ListMerge of(ResourceKind kind, List<String> path) {
        if (path.get(0).equals("metadata") || kind.schema().isEmpty()) {
            return BUILT_IN.getOrDefault(path.get(path.size() - 1), ATOMIC);
        }
        return kind.schema().get().listMerge(path);
    }

    boolean isKeyed() {
        return how == How.KEYED;
    }

    /** The identity of an element; empty where it lacks its key. */
    Optional<JsonNode> identity(JsonNode element) {
        return switch (how) {
            case ATOMIC -> Optional.empty();
            case SET -> Optional.of(element);
            case KEYED -> Optional.ofNullable(element.get(key));
        };
    }

    /** The element of {@code list} that is the same one. */
    Optional<JsonNode> find(ArrayNode list, JsonNode element) {
        int index = index(list, element);
        return index < 0 ? Optional.empty() : Optional.of(list.get(index));
    }

    /** Where {@code list} has the same element; -1 where it has not. */
    int index(ArrayNode list, JsonNode element) {
        Optional<JsonNode> wanted = identity(element);
        for (int index = 0; index < list.size() && wanted.isPresent(); index++) {
            if (identity(list.get(index)).equals(wanted)) {
                return index;
            }
        }
        return -1;
    }
}
