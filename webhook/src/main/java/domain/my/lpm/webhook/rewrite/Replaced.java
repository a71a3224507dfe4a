package domain.my.lpm.webhook.rewrite;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.PodContainers;
import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.SeccompProfile;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The value of {@link Annotations#REPLACED}: a JSON object with a member per injected container, and in it a member per
 * replaced field, {@code null} where the pod had none: {@code command}, {@code args}, and where they were replaced
 * {@code startupProbe}, {@code livenessProbe} and {@code securityContext}, of the latter only the fields that a loan changes.
 */
final class Replaced {
    private static final List<String> LENT =
            List.of("runAsUser", "capabilities", "allowPrivilegeEscalation", "seccompProfile");

    private final ObjectNode containers = Json.MAPPER.createObjectNode();

    /** Notes what the given additions will replace in {@code container}. */
    void note(Container container, Additions.ForContainer additions) {
        ObjectNode fields = containers.putObject(container.getName());
        fields.set("command", Json.MAPPER.valueToTree(container.getCommand()));
        fields.set("args", Json.MAPPER.valueToTree(container.getArgs()));
        boolean quiet = additions.quietSeconds().isPresent();
        if (additions.startupProbe().isPresent() || (quiet && container.getStartupProbe() != null)) {
            fields.set("startupProbe", Json.MAPPER.valueToTree(container.getStartupProbe()));
        }
        if (quiet && container.getLivenessProbe() != null) {
            fields.set("livenessProbe", Json.MAPPER.valueToTree(container.getLivenessProbe()));
        }
        if (additions.loan().isPresent()) {
            JsonNode all = Json.MAPPER.valueToTree(container.getSecurityContext());
            if (all.isNull()) {
                fields.putNull("securityContext");
            } else {
                ObjectNode lent = fields.putObject("securityContext");
                LENT.forEach(field -> lent.set(field, all.get(field)));
            }
        }
    }

    String text() {
        return Json.text(containers);
    }

    static boolean isIn(Pod pod) {
        return annotations(pod).containsKey(Annotations.INJECTED);
    }

    /** Takes the injection out of {@code pod}, which is changed in place and must have {@link Annotations#INJECTED}. */
    static void undo(Pod pod) {
        JsonNode replaced = read(annotations(pod).get(Annotations.REPLACED));
        pod.getSpec()
                .setInitContainers(pod.getSpec().getInitContainers().stream()
                        .filter(container -> !Injected.INSTALLER.equals(container.getName()))
                        .toList());
        pod.getSpec()
                .setVolumes(pod.getSpec().getVolumes().stream()
                        .filter(volume -> !Injected.VOLUMES.contains(volume.getName()))
                        .toList());
        for (Map.Entry<String, JsonNode> entry : replaced.properties()) {
            Container container = PodContainers.lasting(pod.getSpec()).stream()
                    .filter(candidate -> entry.getKey().equals(candidate.getName()))
                    .findFirst()
                    .orElseThrow(
                            () -> unfit("it names container '" + entry.getKey() + "', which the pod does not have"));
            try {
                restore(container, entry.getValue());
            } catch (JsonProcessingException unreadable) {
                throw unfit("a probe or the securityContext of container '" + entry.getKey() + "' is none");
            }
        }
        annotations(pod).remove(Annotations.INJECTED);
        annotations(pod).remove(Annotations.REPLACED);
        annotations(pod).remove(Annotations.VOLUMES);
    }

    private static void restore(Container container, JsonNode fields) throws JsonProcessingException {
        List<String> command = words(fields.get("command"));
        List<String> args = words(fields.get("args"));
        List<String> now = container.getCommand();
        int end = now.indexOf("--");
        // What the user changed since must not be lost in silence.
        if (!now.stream().limit(2).toList().equals(List.of(Injected.ENTRY, "run"))
                || end < 0
                || !now.subList(end + 1, now.size())
                        .equals(Stream.concat(command.stream(), args.stream()).toList())
                || !container.getArgs().isEmpty()) {
            throw unfit("the command or args of container '" + container.getName() + "' changed since");
        }
        container.setCommand(command);
        container.setArgs(args);
        container.setVolumeMounts(container.getVolumeMounts().stream()
                .filter(mount -> !Injected.VOLUMES.contains(mount.getName()))
                .toList());
        if (fields.has("startupProbe")) {
            container.setStartupProbe(Json.MAPPER.treeToValue(fields.get("startupProbe"), Probe.class));
        }
        if (fields.has("livenessProbe")) {
            container.setLivenessProbe(Json.MAPPER.treeToValue(fields.get("livenessProbe"), Probe.class));
        }
        if (fields.has("securityContext") && container.getSecurityContext() != null) {
            container.setSecurityContext(restored(container.getSecurityContext(), fields.get("securityContext")));
        }
    }

    private static @Nullable SecurityContext restored(SecurityContext context, JsonNode before)
            throws JsonProcessingException {
        context.setRunAsUser(
                before.hasNonNull("runAsUser") ? before.get("runAsUser").longValue() : null);
        context.setAllowPrivilegeEscalation(
                before.hasNonNull("allowPrivilegeEscalation")
                        ? before.get("allowPrivilegeEscalation").booleanValue()
                        : null);
        context.setCapabilities(
                before.hasNonNull("capabilities")
                        ? Json.MAPPER.treeToValue(before.get("capabilities"), Capabilities.class)
                        : null);
        context.setSeccompProfile(
                before.hasNonNull("seccompProfile")
                        ? Json.MAPPER.treeToValue(before.get("seccompProfile"), SeccompProfile.class)
                        : null);
        return before.isNull() && context.equals(new SecurityContext()) ? null : context;
    }

    private static JsonNode read(@Nullable String value) {
        if (value == null) {
            throw unfit("it is missing beside " + Annotations.INJECTED);
        }
        try {
            JsonNode tree = Json.MAPPER.readTree(value);
            if (tree.isObject()) {
                return tree;
            }
        } catch (JsonProcessingException noJson) {
            throw unfit("it is no JSON");
        }
        throw unfit("it is no JSON object");
    }

    private static List<String> words(@Nullable JsonNode list) {
        List<String> words = new ArrayList<>();
        if (list == null || !list.isArray()) {
            throw unfit("a command or args in it is no list");
        }
        for (JsonNode word : list) {
            if (!word.isTextual()) {
                throw unfit("a word of a command or args in it is no text");
            }
            words.add(word.textValue());
        }
        return words;
    }

    private static PodRefusedException unfit(String reason) {
        return new PodRefusedException(("annotation %s does not fit the pod: %s; remove the annotations %s and %s and"
                        + " write the pod as it was before its injection")
                .formatted(Annotations.REPLACED, reason, Annotations.INJECTED, Annotations.REPLACED));
    }

    private static Map<String, String> annotations(Pod pod) {
        return pod.getMetadata() == null || pod.getMetadata().getAnnotations() == null
                ? Map.of()
                : pod.getMetadata().getAnnotations();
    }
}
