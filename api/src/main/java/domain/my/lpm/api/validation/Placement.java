package domain.my.lpm.api.validation;

import domain.my.lpm.api.Annotations;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Whether a pod may run on a node, by the scheduler's rules for taints, node selectors and required node affinity. */
final class Placement {
    private static final Set<String> EFFECTS = Set.of("NoSchedule", "NoExecute");

    /** Set by the control plane for conditions that have blockers of their own. */
    private static final Set<String> OF_THE_NODE_CONTROLLER = Set.of(
            "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "node.kubernetes.io/unschedulable");

    private Placement() {}

    /** The taints of {@code node} that keep {@code pod} away, but for those that say it is cordoned or not ready. */
    static List<Taint> untolerated(Pod pod, Node node) {
        return taints(node).stream()
                .filter(taint -> EFFECTS.contains(taint.getEffect()))
                .filter(taint -> !OF_THE_NODE_CONTROLLER.contains(taint.getKey()))
                .filter(taint -> pod.getSpec().getTolerations().stream().noneMatch(it -> tolerates(it, taint)))
                .toList();
    }

    /** The labels that the node selector of {@code pod} asks for and {@code node} lacks. */
    static Map<String, String> missing(Pod pod, Node node) {
        Map<String, String> missing = new TreeMap<>();
        Map<String, String> selector = pod.getSpec().getNodeSelector();
        if (selector != null) {
            selector.forEach((key, value) -> {
                if (!value.equals(labels(node).get(key))) {
                    missing.put(key, value);
                }
            });
        }
        return missing;
    }

    /**
     * Whether the required node affinity of {@code pod} admits {@code node}. That a copy was kept off the node of its source
     * does not bind it when it moves on.
     */
    static boolean affinityAdmits(Pod pod, Node node) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        boolean copy = annotations != null && annotations.containsKey(Annotations.SOURCE_POD);
        return Optional.ofNullable(pod.getSpec().getAffinity())
                .map(Affinity::getNodeAffinity)
                .map(affinity -> affinity.getRequiredDuringSchedulingIgnoredDuringExecution())
                .map(required -> required.getNodeSelectorTerms().stream().anyMatch(term -> matches(term, node, copy)))
                .orElse(true);
    }

    private static List<Taint> taints(Node node) {
        return node.getSpec() == null ? List.of() : node.getSpec().getTaints();
    }

    private static Map<String, String> labels(Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }

    private static boolean tolerates(Toleration toleration, Taint taint) {
        if (!isEmpty(toleration.getEffect()) && !toleration.getEffect().equals(taint.getEffect())) {
            return false;
        }
        boolean everyKey = isEmpty(toleration.getKey());
        if (!everyKey && !toleration.getKey().equals(taint.getKey())) {
            return false;
        }
        if ("Exists".equals(toleration.getOperator())) {
            return true;
        }
        return !everyKey
                && (isEmpty(toleration.getOperator()) || "Equal".equals(toleration.getOperator()))
                && text(toleration.getValue()).equals(text(taint.getValue()));
    }

    /** A term without requirements matches nothing. */
    private static boolean matches(NodeSelectorTerm term, Node node, boolean copy) {
        return !(term.getMatchExpressions().isEmpty() && term.getMatchFields().isEmpty())
                && term.getMatchExpressions().stream()
                        .allMatch(it -> matches(it, labels(node).get(it.getKey())))
                && term.getMatchFields().stream()
                        .filter(it -> !(copy && "NotIn".equals(it.getOperator())))
                        .allMatch(it -> "metadata.name".equals(it.getKey())
                                && matches(it, node.getMetadata().getName()));
    }

    private static boolean matches(NodeSelectorRequirement requirement, @Nullable String value) {
        List<String> values = requirement.getValues();
        return switch (text(requirement.getOperator())) {
            case "In" -> value != null && values.contains(value);
            case "NotIn" -> value == null || !values.contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> compare(value, values).filter(sign -> sign > 0).isPresent();
            case "Lt" -> compare(value, values).filter(sign -> sign < 0).isPresent();
            default -> false;
        };
    }

    /** How the numbers compare; empty where one is none. */
    private static Optional<Integer> compare(@Nullable String value, List<String> values) {
        if (value == null || values.size() != 1) {
            return Optional.empty();
        }
        try {
            return Optional.of(Long.compare(Long.parseLong(value), Long.parseLong(values.get(0))));
        } catch (NumberFormatException noNumber) {
            return Optional.empty();
        }
    }

    private static boolean isEmpty(@Nullable String text) {
        return text == null || text.isEmpty();
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }
}
