package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.zjsonpatch.JsonPatch;
import io.fabric8.zjsonpatch.JsonPatchException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The forms of a patch. Sources: RFC 6902, RFC 7386, and the Kubernetes documentation on server-side apply. */
final class Patches {
    static final String JSON_PATCH = "application/json-patch+json";
    static final String MERGE_PATCH = "application/merge-patch+json";
    static final String STRATEGIC_PATCH = "application/strategic-merge-patch+json";
    static final String APPLY_PATCH = "application/apply-patch+yaml";
    static final List<String> TYPES = List.of(JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH);

    private Patches() {}

    /** {@code object} after an RFC 6902 patch. */
    static ObjectNode json(ResourceKind kind, ObjectNode object, byte[] patch) {
        JsonNode operations = Json.read(patch);
        if (!operations.isArray()) {
            throw ApiException.badRequest("a JSON patch is a list of operations");
        }
        return json(kind, object, operations);
    }

    static ObjectNode json(ResourceKind kind, ObjectNode object, JsonNode operations) {
        try {
            return (ObjectNode) JsonPatch.apply(operations, object.deepCopy());
        } catch (JsonPatchException | ClassCastException wrong) {
            throw ApiException.unprocessable();
        }
    }

    /** {@code object} after an RFC 7386 patch. */
    static ObjectNode merge(ObjectNode object, ObjectNode patch) {
        ObjectNode merged = object.deepCopy();
        mergeInto(merged, patch);
        return merged;
    }

    private static void mergeInto(ObjectNode object, ObjectNode patch) {
        for (Map.Entry<String, JsonNode> entry : patch.properties()) {
            JsonNode value = entry.getValue();
            if (value.isNull()) {
                object.remove(entry.getKey());
            } else if (value instanceof ObjectNode wanted) {
                mergeInto(childOf(object, entry.getKey()), wanted);
            } else {
                object.set(entry.getKey(), value.deepCopy());
            }
        }
    }

    private static ObjectNode childOf(ObjectNode object, String name) {
        return object.get(name) instanceof ObjectNode there ? there : object.putObject(name);
    }

    /** {@code object} after a strategic merge patch; its directives ({@code $patch} and others) are not known. */
    static ObjectNode strategic(ResourceKind kind, ObjectNode object, ObjectNode patch) {
        if (kind.schema().isPresent()) {
            throw ApiException.unsupportedMediaType(STRATEGIC_PATCH);
        }
        if (patch.toString().contains("\"$")) {
            throw ApiException.badRequest(
                    "directives of a strategic merge patch are not supported; send a merge patch");
        }
        ObjectNode merged = object.deepCopy();
        overlay(kind, new ArrayList<>(), merged, patch);
        return merged;
    }

    /**
     * {@code object} after a server-side apply. What this manager applied before and applies no more is removed, unless
     * another manager applies it too or somebody has changed it since.
     *
     * @param before what the same manager applied last
     * @param others what other managers applied last
     */
    static ObjectNode apply(
            ResourceKind kind,
            ObjectNode object,
            @Nullable ObjectNode before,
            ObjectNode applied,
            Collection<ObjectNode> others) {
        ObjectNode merged = object.deepCopy();
        if (before != null) {
            removeGivenUp(kind, new ArrayList<>(), merged, before, applied, others);
        }
        overlay(kind, new ArrayList<>(), merged, applied);
        return merged;
    }

    private static void overlay(ResourceKind kind, List<String> path, ObjectNode object, ObjectNode over) {
        for (Map.Entry<String, JsonNode> entry : over.properties()) {
            JsonNode value = entry.getValue();
            path.add(entry.getKey());
            if (value.isNull()) {
                object.remove(entry.getKey());
            } else if (value instanceof ObjectNode wanted) {
                overlay(kind, path, childOf(object, entry.getKey()), wanted);
            } else if (value instanceof ArrayNode wanted && object.get(entry.getKey()) instanceof ArrayNode there) {
                object.set(entry.getKey(), overlaid(kind, path, there, wanted));
            } else {
                object.set(entry.getKey(), value.deepCopy());
            }
            path.remove(path.size() - 1);
        }
    }

    private static ArrayNode overlaid(ResourceKind kind, List<String> path, ArrayNode there, ArrayNode wanted) {
        ListMerge rule = ListMerge.of(kind, path);
        if (rule == ListMerge.ATOMIC) {
            return wanted.deepCopy();
        }
        ArrayNode merged = there.deepCopy();
        for (JsonNode element : wanted) {
            int index = rule.index(merged, element);
            if (index < 0) {
                merged.add(element.deepCopy());
            } else if (merged.get(index) instanceof ObjectNode old && element instanceof ObjectNode fresh) {
                overlay(kind, path, old, fresh);
            }
        }
        return merged;
    }

    private static void removeGivenUp(
            ResourceKind kind,
            List<String> path,
            ObjectNode live,
            ObjectNode before,
            ObjectNode applied,
            Collection<ObjectNode> others) {
        for (Map.Entry<String, JsonNode> entry : before.properties()) {
            String name = entry.getKey();
            JsonNode there = live.get(name);
            if (there == null) {
                continue;
            }
            path.add(name);
            JsonNode now = applied.get(name);
            List<JsonNode> theirs = others.stream()
                    .filter(other -> other.has(name))
                    .map(other -> other.get(name))
                    .toList();
            if (entry.getValue() instanceof ObjectNode was && there instanceof ObjectNode liveObject) {
                removeGivenUp(
                        kind,
                        path,
                        liveObject,
                        was,
                        now instanceof ObjectNode wanted ? wanted : Json.object(),
                        objects(theirs));
                if (now == null && liveObject.isEmpty()) {
                    live.remove(name);
                }
            } else if (entry.getValue() instanceof ArrayNode was
                    && there instanceof ArrayNode list
                    && ListMerge.of(kind, path) != ListMerge.ATOMIC) {
                removeElements(kind, path, list, was, now, theirs);
                if (now == null && list.isEmpty()) {
                    live.remove(name);
                }
            } else if (now == null && theirs.isEmpty() && there.equals(entry.getValue())) {
                live.remove(name);
            }
            path.remove(path.size() - 1);
        }
    }

    private static void removeElements(
            ResourceKind kind,
            List<String> path,
            ArrayNode live,
            ArrayNode before,
            @Nullable JsonNode now,
            List<JsonNode> theirs) {
        ListMerge rule = ListMerge.of(kind, path);
        for (JsonNode element : before) {
            int index = rule.index(live, element);
            if (index < 0) {
                continue;
            }
            JsonNode wanted =
                    now instanceof ArrayNode list ? rule.find(list, element).orElse(null) : null;
            List<JsonNode> others = theirs.stream()
                    .flatMap(other -> other instanceof ArrayNode list
                            ? rule.find(list, element).stream()
                            : java.util.stream.Stream.empty())
                    .toList();
            if (wanted == null && others.isEmpty()) {
                live.remove(index);
            } else if (live.get(index) instanceof ObjectNode old
                    && element instanceof ObjectNode was
                    && wanted instanceof ObjectNode fresh) {
                removeGivenUp(kind, path, old, was, fresh, objects(others));
            }
        }
    }

    private static List<ObjectNode> objects(List<JsonNode> values) {
        return values.stream()
                .filter(ObjectNode.class::isInstance)
                .map(ObjectNode.class::cast)
                .toList();
    }
}
