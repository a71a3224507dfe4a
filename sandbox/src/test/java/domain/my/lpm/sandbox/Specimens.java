package domain.my.lpm.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What the tests with the real runtime start from. */
public final class Specimens {
    private Specimens() {}

    public static Settings settings() {
        return settings(Optional.ofNullable(System.getProperty("lpm.share")).map(Path::of));
    }

    /** With shared storage in that directory. */
    public static Settings settings(Path sharedStorage) {
        return settings(Optional.of(sharedStorage));
    }

    private static Settings settings(Optional<Path> sharedStorage) {
        return new Settings(
                Path.of(property("lpm.buildRoot")),
                Path.of(property("lpm.toolkit")),
                Path.of(property("lpm.work")),
                sharedStorage);
    }

    private static String property(String name) {
        return Objects.requireNonNull(
                System.getProperty(name), () -> "run with -Preal -D" + name + "=...: the property is not set");
    }

    public static Pod counter() {
        try {
            return new ObjectMapper(new YAMLFactory())
                    .readValue(Path.of("../samples/counter/pod.yaml").toFile(), Pod.class);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The pod with what the YAML says laid over it; items of a list by their position. */
    public static Pod merged(Pod pod, String yaml) {
        try {
            ObjectMapper json = new ObjectMapper();
            ObjectNode base = json.valueToTree(pod);
            merge(base, (ObjectNode) new ObjectMapper(new YAMLFactory()).readTree(yaml));
            return json.treeToValue(base, Pod.class);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static JsonNode merge(JsonNode base, JsonNode over) {
        if (base instanceof ObjectNode object && over instanceof ObjectNode) {
            over.properties().forEach(entry -> {
                JsonNode old = object.get(entry.getKey());
                object.set(entry.getKey(), old == null ? entry.getValue() : merge(old, entry.getValue()));
            });
            return base;
        }
        if (base instanceof ArrayNode list
                && over instanceof ArrayNode
                && !list.isEmpty()
                && list.get(0).isObject()) {
            for (int index = 0; index < over.size(); index++) {
                list.set(index, merge(list.get(index), over.get(index)));
            }
            return base;
        }
        return over;
    }

    /** A pod whose one container, `main`, runs a shell script in busybox. */
    public static PodBuilder script(String name, String script) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("docker.io/library/busybox:1.37")
                .withCommand(List.of("/bin/busybox", "sh", "-c", script))
                .endContainer()
                .endSpec();
    }
}
