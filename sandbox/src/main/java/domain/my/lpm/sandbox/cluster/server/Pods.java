package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the server does with pods alone: the defaults and rules that the sandbox's nodes, and we, depend on. */
final class Pods {
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
    private static final List<String> PROBES = List.of("startupProbe", "readinessProbe", "livenessProbe");
    private static final Map<String, Long> PROBE_DEFAULTS =
            Map.of("timeoutSeconds", 1L, "periodSeconds", 10L, "successThreshold", 1L, "failureThreshold", 3L);

    private Pods() {}

    static void setDefaults(ObjectNode pod) {
        ObjectNode spec = pod.withObject("/spec");
        putIfAbsent(spec, "restartPolicy", "Always");
        putIfAbsent(spec, "dnsPolicy", "ClusterFirst");
        putIfAbsent(spec, "schedulerName", "default-scheduler");
        if (!spec.has("terminationGracePeriodSeconds")) {
            spec.put("terminationGracePeriodSeconds", 30L);
        }
        for (JsonNode container : containers(spec)) {
            if (container instanceof ObjectNode object) {
                putIfAbsent(object, "terminationMessagePath", "/dev/termination-log");
                putIfAbsent(object, "terminationMessagePolicy", "File");
                putIfAbsent(object, "imagePullPolicy", "IfNotPresent");
                for (String name : PROBES) {
                    if (object.get(name) instanceof ObjectNode probe) {
                        PROBE_DEFAULTS.forEach((field, value) -> {
                            if (!probe.has(field)) {
                                probe.put(field, value);
                            }
                        });
                    }
                }
            }
        }
    }

    static void setStatus(ObjectNode pod) {
        pod.putObject("status").put("phase", "Pending");
        if (!Json.text(pod, "/spec/nodeName").isEmpty()) {
            scheduled(pod, Instant.parse(Json.text(pod, "/metadata/creationTimestamp")));
        } else if (!pod.at("/spec/schedulingGates").isEmpty()) {
            pod.withObject("/status")
                    .withArray("conditions")
                    .addObject()
                    .put("type", "PodScheduled")
                    .put("status", "False")
                    .put("reason", "SchedulingGated")
                    .put("message", "Scheduling is blocked due to non-empty scheduling gates");
        }
    }

    static void scheduled(ObjectNode pod, Instant now) {
        ArrayNode conditions = pod.withObject("/status").withArray("conditions");
        conditions
                .addObject()
                .put("type", "PodScheduled")
                .put("status", "True")
                .put("lastTransitionTime", now.toString());
    }

    static List<String> violations(ObjectNode pod) {
        List<String> wrong = new ArrayList<>();
        JsonNode spec = pod.path("spec");
        if (spec.path("containers").isEmpty()) {
            wrong.add("spec.containers: Required value");
        }
        Set<String> names = new HashSet<>();
        for (JsonNode container : containers(spec)) {
            String name = container.path("name").asText();
            if (!LABEL.matcher(name).matches()) {
                wrong.add("spec.containers.name: Invalid value: \"" + name + "\": it must be a DNS label");
            }
            if (!names.add(name)) {
                wrong.add("spec.containers.name: Duplicate value: \"" + name + "\"");
            }
            if (container.path("image").asText("").isEmpty()) {
                wrong.add("spec.containers.image: Required value: of \"" + name + "\"");
            }
        }
        if (!Json.text(spec, "/nodeName").isEmpty()
                && !spec.path("schedulingGates").isEmpty()) {
            wrong.add("spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared");
        }
        String policy = Json.text(spec, "/restartPolicy");
        if (!Set.of("Always", "OnFailure", "Never").contains(policy)) {
            wrong.add("spec.restartPolicy: Unsupported value: \"" + policy + "\"");
        }
        return wrong;
    }

    /** A pod's spec does not change but for a few fields, and for its node, once, by a binding. */
    static List<String> forbiddenChanges(String subresource, ObjectNode old, ObjectNode pod) {
        if (subresource.equals(Operations.BINDING) || fixed(old).equals(fixed(pod))) {
            return List.of();
        }
        return List.of("spec: Forbidden: pod updates may not change fields other than the images of containers,"
                + " activeDeadlineSeconds, terminationGracePeriodSeconds and tolerations");
    }

    private static JsonNode fixed(ObjectNode pod) {
        JsonNode spec = pod.path("spec").deepCopy();
        if (spec instanceof ObjectNode object) {
            object.remove(List.of("activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations"));
        }
        for (JsonNode container : containers(spec)) {
            if (container instanceof ObjectNode object) {
                object.remove("image");
            }
        }
        return spec;
    }

    /** How long a pod may take to end, in seconds. */
    static long grace(ObjectNode pod, @Nullable Long asked, long standard) {
        String phase = Json.text(pod, "/status/phase");
        if (Json.text(pod, "/spec/nodeName").isEmpty() || phase.equals("Succeeded") || phase.equals("Failed")) {
            return 0;
        }
        return asked == null ? pod.at("/spec/terminationGracePeriodSeconds").asLong(standard) : Math.max(0, asked);
    }

    private static List<JsonNode> containers(JsonNode spec) {
        List<JsonNode> all = new ArrayList<>();
        spec.path("initContainers").forEach(all::add);
        spec.path("containers").forEach(all::add);
        return all;
    }

    private static void putIfAbsent(ObjectNode object, String field, String value) {
        if (!object.hasNonNull(field)) {
            object.put(field, value);
        }
    }
}
