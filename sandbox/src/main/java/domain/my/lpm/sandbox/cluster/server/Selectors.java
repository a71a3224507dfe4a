package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Label and field selectors. Source of their syntax: the API concepts of the Kubernetes documentation. */
final class Selectors {
    private static final Pattern SET = Pattern.compile("(\\S+)\\s+(in|notin)\\s*\\(([^)]*)\\)");
    private static final Pattern EQUALITY = Pattern.compile("([^=!\\s]+)\\s*(==|=|!=)\\s*(\\S*)");
    private static final Pattern EXISTENCE = Pattern.compile("(!?)\\s*([^=!,()\\s]+)");
    private static final Pattern BETWEEN = Pattern.compile(",(?![^(]*\\))");

    private Selectors() {}

    /** The objects with these labels; every object for an empty selector. */
    static Predicate<JsonNode> labels(Optional<String> selector) {
        Predicate<JsonNode> all = object -> true;
        for (String part : parts(selector)) {
            Predicate<Map<String, String>> requirement = labelRequirement(part);
            all = all.and(object -> requirement.test(Json.labels(object)));
        }
        return all;
    }

    private static Predicate<Map<String, String>> labelRequirement(String part) {
        Matcher set = SET.matcher(part);
        if (set.matches()) {
            Set<String> values =
                    Arrays.stream(set.group(3).split(",")).map(String::strip).collect(Collectors.toSet());
            return requirement(set.group(1), set.group(2).equals("in") ? "In" : "NotIn", values);
        }
        Matcher equality = EQUALITY.matcher(part);
        if (equality.matches()) {
            return requirement(
                    equality.group(1), equality.group(2).equals("!=") ? "NotIn" : "In", Set.of(equality.group(3)));
        }
        Matcher existence = EXISTENCE.matcher(part);
        if (existence.matches()) {
            return requirement(existence.group(2), existence.group(1).isEmpty() ? "Exists" : "DoesNotExist", Set.of());
        }
        throw ApiException.badRequest("unable to parse the label selector '" + part + "'");
    }

    private static Predicate<Map<String, String>> requirement(String key, String operator, Set<String> values) {
        return switch (operator) {
            case "In" -> labels -> labels.containsKey(key) && values.contains(labels.get(key));
            case "NotIn" -> labels -> !(labels.containsKey(key) && values.contains(labels.get(key)));
            case "Exists" -> labels -> labels.containsKey(key);
            case "DoesNotExist" -> labels -> !labels.containsKey(key);
            default -> throw ApiException.badRequest("'" + operator + "' is no operator of a label selector");
        };
    }

    /** A meta/v1 LabelSelector; a missing or empty one takes everything. */
    static boolean matches(JsonNode selector, Map<String, String> labels) {
        for (Map.Entry<String, JsonNode> wanted : selector.path("matchLabels").properties()) {
            if (!wanted.getValue().asText().equals(labels.get(wanted.getKey()))) {
                return false;
            }
        }
        for (JsonNode expression : selector.path("matchExpressions")) {
            List<String> values = new ArrayList<>();
            expression.path("values").forEach(value -> values.add(value.asText()));
            if (!requirement(
                            expression.path("key").asText(),
                            expression.path("operator").asText(),
                            Set.copyOf(values))
                    .test(labels)) {
                return false;
            }
        }
        return true;
    }

    /** The objects whose fields have these values. */
    static Predicate<JsonNode> fields(ResourceKind kind, Optional<String> selector) {
        Predicate<JsonNode> all = object -> true;
        for (String part : parts(selector)) {
            Matcher equality = EQUALITY.matcher(part);
            if (!equality.matches()) {
                throw ApiException.badRequest("unable to parse the field selector '" + part + "'");
            }
            if (!isKnown(kind, equality.group(1))) {
                throw ApiException.badRequest("field label not supported: " + equality.group(1));
            }
            String pointer = "/" + equality.group(1).replace('.', '/');
            boolean wanted = !equality.group(2).equals("!=");
            all = all.and(object -> Json.text(object, pointer).equals(equality.group(3)) == wanted);
        }
        return all;
    }

    /** Those that real servers know, so that nobody comes to rely on others here. */
    private static boolean isKnown(ResourceKind kind, String field) {
        if (field.equals("metadata.name") || (kind.namespaced() && field.equals("metadata.namespace"))) {
            return true;
        }
        return switch (kind.resource()) {
            case "pods" ->
                Set.of("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "status.phase", "status.podIP")
                        .contains(field);
            case "nodes" -> field.equals("spec.unschedulable");
            case "events" ->
                field.startsWith("involvedObject.") || Set.of("reason", "type").contains(field);
            default -> false;
        };
    }

    private static List<String> parts(Optional<String> selector) {
        return selector.map(text -> BETWEEN.splitAsStream(text)
                        .map(String::strip)
                        .filter(part -> !part.isEmpty())
                        .toList())
                .orElse(List.of());
    }
}
