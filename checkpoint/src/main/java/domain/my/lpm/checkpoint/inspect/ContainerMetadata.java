package domain.my.lpm.checkpoint.inspect;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import domain.my.lpm.checkpoint.image.ImageFormatException;
import domain.my.lpm.checkpoint.inspect.Inspection.Container;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what container runtimes write beside the images: config.dump, and spec.dump, an OCI runtime specification. */
final class ContainerMetadata {
    private static final int MAXIMUM_BYTES = 8 << 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private ContainerMetadata() {}

    static @Nullable Container of(byte @Nullable [] config, byte @Nullable [] spec) {
        if (config == null && spec == null) {
            return null;
        }
        JsonNode configuration = parse(config, "config.dump");
        JsonNode specification = parse(spec, "spec.dump");
        JsonNode process = specification.path("process");
        JsonNode annotations = specification.path("annotations");
        List<String> command = new ArrayList<>();
        process.path("args").forEach(argument -> command.add(argument.asText()));
        return new Container(
                text(configuration.path("id")),
                first(
                        annotations.path("io.kubernetes.container.name"),
                        annotations.path("io.kubernetes.cri.container-name"),
                        configuration.path("name")),
                first(annotations.path("io.kubernetes.pod.name"), annotations.path("io.kubernetes.cri.sandbox-name")),
                first(
                        annotations.path("io.kubernetes.pod.namespace"),
                        annotations.path("io.kubernetes.cri.sandbox-namespace")),
                first(
                        configuration.path("rootfsImageName"),
                        configuration.path("rootfsImage"),
                        annotations.path("io.kubernetes.cri-o.ImageName")),
                text(configuration.path("runtime")),
                text(configuration.path("createdTime")),
                text(configuration.path("checkpointedTime")),
                command,
                process.path("terminal").asBoolean(false));
    }

    private static JsonNode parse(byte @Nullable [] bytes, String name) {
        if (bytes == null) {
            return MissingNode.getInstance();
        }
        if (bytes.length > MAXIMUM_BYTES) {
            throw new ImageFormatException(
                    name,
                    "the file has " + bytes.length + " bytes, the limit is " + MAXIMUM_BYTES,
                    "refuse the checkpoint unless its origin is certain");
        }
        try {
            JsonNode node = JSON.readTree(bytes);
            if (node == null || !node.isObject()) {
                throw damaged(name, "the file holds no JSON object");
            }
            return node;
        } catch (JsonProcessingException problem) {
            throw damaged(name, "the file is not JSON (" + problem.getOriginalMessage() + ")");
        } catch (IOException problem) {
            throw damaged(name, "the file is not JSON (" + problem.getMessage() + ")");
        }
    }

    private static ImageFormatException damaged(String name, String reason) {
        return new ImageFormatException(
                name, reason, "take the checkpoint again, or fetch it again if the copy may be damaged");
    }

    private static @Nullable String first(JsonNode... nodes) {
        for (JsonNode node : nodes) {
            String text = text(node);
            if (text != null) {
                return text;
            }
        }
        return null;
    }

    private static @Nullable String text(JsonNode node) {
        return node.isTextual() && !node.asText().isEmpty() ? node.asText() : null;
    }
}
