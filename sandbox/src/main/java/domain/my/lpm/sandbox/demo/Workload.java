package domain.my.lpm.sandbox.demo;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import domain.my.lpm.api.TcpPolicy;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.sandbox.Image;
import domain.my.lpm.sandbox.Images;
import domain.my.lpm.sandbox.SandboxException;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is to move.
 *
 * @param pod the pod
 * @param podOrigin where it comes from
 * @param migration what moves it
 * @param migrationOrigin where that comes from
 * @param container the name of the container that is shown
 * @param counts whether it prints the lines of samples/counter, whose continuity can be told from them alone
 */
record Workload(
        Pod pod, String podOrigin, PodMigration migration, String migrationOrigin, String container, boolean counts) {
    private static final String POD = "samples/counter/pod.yaml";
    private static final String MIGRATION = "samples/counter/migration.yaml";
    private static final String NAMESPACE = "default";

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .disable(YAMLGenerator.Feature.SPLIT_LINES)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .enable(YAMLGenerator.Feature.LITERAL_BLOCK_STYLE))
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /** samples/counter of the project. */
    static Workload counter(Path project) {
        return new Workload(
                inNamespace(read(project.resolve(POD), Pod.class)),
                POD,
                inNamespace(read(project.resolve(MIGRATION), PodMigration.class)),
                MIGRATION,
                "counter",
                true);
    }

    private static <T extends HasMetadata> T inNamespace(T object) {
        if (object.getMetadata().getNamespace() == null) {
            object.getMetadata().setNamespace(NAMESPACE);
        }
        return object;
    }

    private static Workload own(Pod pod, String origin, String container) {
        PodMigration migration = new PodMigration();
        migration.getMetadata().setName(pod.getMetadata().getName());
        migration.getMetadata().setNamespace(pod.getMetadata().getNamespace());
        migration.getSpec().setPodName(pod.getMetadata().getName());
        return new Workload(pod, origin, migration, "made for it", container, false);
    }

    /** The same, moved with this policy for its connections; null: as it is. */
    Workload movedBy(@Nullable TcpPolicy tcp) {
        if (tcp == null) {
            return this;
        }
        PodMigration changed = Serialization.clone(migration);
        changed.getSpec().setTcp(tcp);
        return new Workload(pod, podOrigin, changed, migrationOrigin + ", with tcp: " + tcp.value(), container, counts);
    }

    /**
     * A pod of the user's own.
     *
     * @param container which of its containers is shown; null for the first
     * @throws SandboxException when the file is no pod, or has no such container
     */
    static Workload ofFile(Path file, @Nullable String container) {
        Pod pod = inNamespace(requirePod(read(file, Pod.class), file));
        List<String> names =
                pod.getSpec().getContainers().stream().map(Container::getName).toList();
        if (container != null && !names.contains(container)) {
            throw new SandboxException("the pod in " + file + " has the containers " + String.join(", ", names)
                    + ", and no '" + container + "': correct --container");
        }
        return own(pod, file.toString(), container == null ? names.get(0) : container);
    }

    /** A pod of one container; an empty command means that of the image. */
    static Workload ofImage(String image, List<String> command) {
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withName("demo")
                .withNamespace(NAMESPACE)
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("main")
                .withImage(image)
                .withCommand(command)
                .endContainer()
                .endSpec()
                .build();
        return own(pod, "a pod of one container of the image " + image, "main");
    }

    private static <T> T read(Path file, Class<T> type) {
        if (!Files.isReadable(file)) {
            throw new SandboxException("there is no file " + file + " that can be read: name a pod's YAML");
        }
        try {
            return YAML.readValue(file.toFile(), type);
        } catch (IOException malformed) {
            throw new SandboxException(
                    file + " is no " + type.getSimpleName() + ": "
                            + String.valueOf(malformed.getMessage())
                                    .lines()
                                    .findFirst()
                                    .orElse(""),
                    malformed);
        }
    }

    private static Pod requirePod(@Nullable Pod pod, Path file) {
        if (pod == null
                || !"Pod".equals(pod.getKind())
                || pod.getMetadata() == null
                || pod.getMetadata().getName() == null
                || pod.getSpec() == null
                || pod.getSpec().getContainers().isEmpty()) {
            throw new SandboxException(
                    file + " is no pod with a name and a container: of a Deployment or the like, put its"
                            + " template with a name into a file of kind Pod");
        }
        return pod;
    }

    /** A pod as YAML. */
    static String yaml(Pod pod) {
        try {
            return YAML.writeValueAsString(pod);
        } catch (IOException impossible) {
            throw new SandboxException("the pod cannot be written as YAML", impossible);
        }
    }

    /**
     * The same with images that the sandbox has, and with the images' own commands where the pod names none: the webhook
     * cannot see into images and leaves such containers alone.
     *
     * @param substitutes what to take for the images that the pod names
     */
    Workload resolved(Images images, Map<String, String> substitutes) {
        if (counts) {
            return this;
        }
        Pod copy = new PodBuilder(pod).build();
        Stream.concat(copy.getSpec().getInitContainers().stream(), copy.getSpec().getContainers().stream())
                .forEach(each -> {
                    String named = String.valueOf(each.getImage());
                    Image image = ImageSource.resolve(images, substitutes.getOrDefault(named, named));
                    each.setImage(image.name());
                    if (each.getCommand().isEmpty()) {
                        List<String> command = new ArrayList<>(image.entrypoint());
                        List<String> arguments = each.getArgs().isEmpty() ? image.command() : each.getArgs();
                        if (command.isEmpty() && !arguments.isEmpty()) {
                            command.add(arguments.get(0));
                            arguments = arguments.subList(1, arguments.size());
                        }
                        each.setCommand(command);
                        each.setArgs(new ArrayList<>(arguments));
                    }
                });
        return new Workload(copy, podOrigin, migration, migrationOrigin, container, false);
    }
}
