package domain.my.lpm.webhook.admission;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.zjsonpatch.DiffFlags;
import io.fabric8.zjsonpatch.JsonDiff;
import io.fabric8.zjsonpatch.JsonPatch;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;

/** JSON patches (RFC 6902) of pods. */
final class Patch {
    /** Only add, replace and remove: a patch that moves what happens to be equal is hard to read in an audit log. */
    private static final EnumSet<DiffFlags> FLAGS =
            EnumSet.of(DiffFlags.OMIT_VALUE_ON_REMOVE, DiffFlags.OMIT_MOVE_OPERATION, DiffFlags.OMIT_COPY_OPERATION);

    private Patch() {}

    /**
     * The patch that makes {@code after} of {@code sent}. What the model of a pod does not know or writes in another way is not
     * touched.
     *
     * @param sent the pod as the API server sent it
     * @param before {@code sent} as it was read
     * @throws IllegalStateException when the patch would make something else
     */
    static JsonNode between(JsonNode sent, Pod before, Pod after) {
        JsonNode read = Reviews.MAPPER.valueToTree(before);
        JsonNode wanted = Reviews.MAPPER.valueToTree(after);
        JsonNode placed = placed(before, after);
        ArrayNode patch = (ArrayNode) JsonDiff.asJson(read, placed, FLAGS);
        patch.addAll((ArrayNode) JsonDiff.asJson(placed, wanted, FLAGS));
        JsonNode made;
        try {
            made = Reviews.MAPPER.valueToTree(Reviews.MAPPER.treeToValue(JsonPatch.apply(patch, sent), Pod.class));
        } catch (JsonProcessingException noPod) {
            throw new IllegalStateException("the patch makes something that is no pod", noPod);
        }
        if (!made.equals(wanted)) {
            throw new IllegalStateException(
                    "the patch makes another pod than the rewrite: " + JsonDiff.asJson(wanted, made, FLAGS));
        }
        return patch;
    }

    /**
     * {@code before} with the init containers of {@code after}, each as it was. Elements of lists are compared by their places: one
     * that comes first and others that change at once would give fields that the model does not know to another container.
     */
    private static JsonNode placed(Pod before, Pod after) {
        JsonNode placed = Reviews.MAPPER.valueToTree(before);
        List<Container> own =
                before.getSpec() == null ? List.of() : before.getSpec().getInitContainers();
        if (!own.isEmpty()) {
            List<Container> containers = after.getSpec().getInitContainers().stream()
                    .map(container -> own.stream()
                            .filter(same -> Objects.equals(same.getName(), container.getName()))
                            .findFirst()
                            .orElse(container))
                    .toList();
            ((ObjectNode) placed.path("spec")).set("initContainers", Reviews.MAPPER.valueToTree(containers));
        }
        return placed;
    }
}
