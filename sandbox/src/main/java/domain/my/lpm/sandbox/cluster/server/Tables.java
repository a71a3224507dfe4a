package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.sandbox.cluster.server.ResourceKind.Column;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Objects as rows of a table, meta/v1 Table: what {@code kubectl get} prints. */
final class Tables {
    private static final Pattern STEP = Pattern.compile("\\.([^.\\[]+)(?:\\[\\?\\(@\\.(\\w+)==\"([^\"]*)\"\\)\\])?");
    private static final Column AGE = new Column("Age", "date", ".metadata.creationTimestamp", 0);

    private Tables() {}

    static ObjectNode of(ResourceKind kind, String version, List<ObjectNode> objects, boolean header, Instant now) {
        List<Column> columns = columns(kind);
        ObjectNode table = Json.object();
        table.put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
        table.putObject("metadata").put("resourceVersion", version);
        ArrayNode definitions = table.putArray("columnDefinitions");
        if (header) {
            definitions
                    .addObject()
                    .put("name", "Name")
                    .put("type", "string")
                    .put("format", "name")
                    .put("priority", 0);
            columns.forEach(column -> definitions
                    .addObject()
                    .put("name", column.name())
                    .put("type", column.type().equals("date") ? "string" : column.type())
                    .put("priority", column.priority()));
        }
        ArrayNode rows = table.putArray("rows");
        for (ObjectNode object : objects) {
            ObjectNode row = rows.addObject();
            ArrayNode cells = row.putArray("cells").add(Json.text(object, "/metadata/name"));
            columns.forEach(column -> cells.add(cell(kind, object, column, now)));
            ObjectNode partial = row.putObject("object");
            partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
            partial.set("metadata", object.get("metadata"));
        }
        return table;
    }

    private static List<Column> columns(ResourceKind kind) {
        return switch (kind.resource()) {
            case "pods" ->
                List.of(
                        new Column("Ready", "string", "", 0),
                        new Column("Status", "string", "", 0),
                        new Column("Restarts", "integer", "", 0),
                        AGE,
                        new Column("IP", "string", ".status.podIP", 1),
                        new Column("Node", "string", ".spec.nodeName", 1));
            case "nodes" ->
                List.of(
                        new Column("Status", "string", "", 0),
                        AGE,
                        new Column("Kernel-Version", "string", ".status.nodeInfo.kernelVersion", 1),
                        new Column("Container-Runtime", "string", ".status.nodeInfo.containerRuntimeVersion", 1));
            case "events" ->
                List.of(
                        new Column("Type", "string", ".type", 0),
                        new Column("Reason", "string", ".reason", 0),
                        new Column("Object", "string", ".involvedObject.name", 0),
                        new Column("Message", "string", ".message", 0));
            case "leases.coordination.k8s.io" ->
                List.of(new Column("Holder", "string", ".spec.holderIdentity", 0), AGE);
            default -> kind.columns().isEmpty() ? List.of(AGE) : kind.columns();
        };
    }

    private static String cell(ResourceKind kind, ObjectNode object, Column column, Instant now) {
        if (column.jsonPath().isEmpty()) {
            return kind.equals(ResourceKinds.POD) ? ofPod(object, column.name()) : statusOfNode(object);
        }
        List<String> values = new ArrayList<>();
        for (JsonNode value : at(object, column.jsonPath())) {
            values.add(column.type().equals("date") ? age(value.asText(), now) : value.asText(value.toString()));
        }
        return values.isEmpty() ? "" : String.join(",", values);
    }

    private static List<JsonNode> at(JsonNode object, String path) {
        JsonNode value = object;
        Matcher steps = STEP.matcher(path);
        while (steps.find()) {
            value = value.path(steps.group(1));
            if (steps.group(2) != null) {
                JsonNode found = null;
                for (JsonNode element : value) {
                    if (element.path(steps.group(2)).asText().equals(steps.group(3))) {
                        found = element;
                    }
                }
                if (found == null) {
                    return List.of();
                }
                value = found;
            }
        }
        return value.isMissingNode() || value.isNull() ? List.of() : List.of(value);
    }

    private static String ofPod(ObjectNode pod, String column) {
        JsonNode containers = pod.at("/status/containerStatuses");
        int ready = 0;
        long restarts = 0;
        String status = Operations.isBeingDeleted(pod) ? "Terminating" : Json.text(pod, "/status/phase");
        for (JsonNode container : containers) {
            ready += container.path("ready").asBoolean() ? 1 : 0;
            restarts += container.path("restartCount").asLong();
            String waiting = Json.text(container, "/state/waiting/reason");
            String terminated = Json.text(container, "/state/terminated/reason");
            if (!Operations.isBeingDeleted(pod) && !(waiting + terminated).isEmpty()) {
                status = waiting.isEmpty() ? terminated : waiting;
            }
        }
        return switch (column) {
            case "Ready" -> ready + "/" + pod.at("/spec/containers").size();
            case "Restarts" -> Long.toString(restarts);
            default -> status;
        };
    }

    private static String statusOfNode(ObjectNode node) {
        String ready = "NotReady";
        for (JsonNode condition : node.at("/status/conditions")) {
            if (condition.path("type").asText().equals("Ready")
                    && condition.path("status").asText().equals("True")) {
                ready = "Ready";
            }
        }
        return ready + (node.at("/spec/unschedulable").asBoolean() ? ",SchedulingDisabled" : "");
    }

    private static String age(String since, Instant now) {
        try {
            Duration age = Duration.between(Instant.parse(since), now);
            if (age.toMinutes() < 2) {
                return Math.max(0, age.toSeconds()) + "s";
            }
            if (age.toHours() < 2) {
                return age.toMinutes() + "m";
            }
            return age.toHours() < 48 ? age.toHours() + "h" : age.toDays() + "d";
        } catch (DateTimeException none) {
            return "<unknown>";
        }
    }
}
