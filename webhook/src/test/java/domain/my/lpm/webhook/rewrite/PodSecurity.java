package domain.my.lpm.webhook.rewrite;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The rules of the restricted Pod Security Standard (kubernetes.io, "Pod Security Standards") that a rewrite could break. */
final class PodSecurity {
    private static final Set<String> VOLUMES = Set.of(
            "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret");

    private PodSecurity() {}

    /** What in {@code pod} the restricted standard forbids; empty when the pod meets it. */
    static List<String> violations(JsonNode pod) {
        List<String> violations = new ArrayList<>();
        JsonNode spec = pod.path("spec");
        for (String field : List.of("hostNetwork", "hostPID", "hostIPC")) {
            check(!spec.path(field).asBoolean(), field, violations);
        }
        for (JsonNode volume : spec.path("volumes")) {
            volume.fieldNames()
                    .forEachRemaining(kind -> check(
                            kind.equals("name") || VOLUMES.contains(kind),
                            "volume " + volume.path("name").asText() + " is a " + kind,
                            violations));
        }
        for (String list : List.of("initContainers", "containers")) {
            for (JsonNode container : spec.path(list)) {
                violations.addAll(ofContainer(spec.path("securityContext"), container.path("securityContext")).stream()
                        .map(violation -> container.path("name").asText() + ": " + violation)
                        .toList());
            }
        }
        return violations;
    }

    private static List<String> ofContainer(JsonNode pod, JsonNode container) {
        List<String> violations = new ArrayList<>();
        check(!container.path("privileged").asBoolean(), "privileged", violations);
        check(
                container.path("allowPrivilegeEscalation").isBoolean()
                        && !container.path("allowPrivilegeEscalation").booleanValue(),
                "allowPrivilegeEscalation",
                violations);
        check(either(pod, container, "runAsNonRoot").asBoolean(), "runAsNonRoot", violations);
        check(either(pod, container, "runAsUser").asLong(1) != 0, "runAsUser", violations);
        check(
                Set.of("RuntimeDefault", "Localhost")
                        .contains(either(pod, container, "seccompProfile")
                                .path("type")
                                .asText()),
                "seccompProfile",
                violations);
        List<String> drop = new ArrayList<>();
        container.path("capabilities").path("drop").forEach(name -> drop.add(name.asText()));
        check(drop.contains("ALL"), "capabilities.drop", violations);
        for (JsonNode name : container.path("capabilities").path("add")) {
            check(name.asText().equals("NET_BIND_SERVICE"), "capabilities.add " + name.asText(), violations);
        }
        return violations;
    }

    private static JsonNode either(JsonNode pod, JsonNode container, String field) {
        return container.has(field) ? container.path(field) : pod.path(field);
    }

    private static void check(boolean holds, String rule, List<String> violations) {
        if (!holds) {
            violations.add(rule);
        }
    }
}
