package domain.my.lpm.sandbox;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** What the tests with the real runtime start from. */
public final class Specimens {
    private Specimens() {}

    public static Settings settings() {
        return new Settings(
                Path.of(property("lpm.buildRoot")), Path.of(property("lpm.toolkit")), Path.of(property("lpm.work")));
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
