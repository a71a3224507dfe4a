package domain.my.lpm.sandbox.demo;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import domain.my.lpm.sandbox.Image;
import domain.my.lpm.sandbox.Images;
import domain.my.lpm.sandbox.SandboxException;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is to move.
 *
 * @param pod the pod
 * @param container the name of the container that travels
 * @param counts whether it prints the lines of samples/counter, whose continuity can be told from them alone
 */
record Workload(Pod pod, String container, boolean counts) {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .disable(YAMLGenerator.Feature.SPLIT_LINES)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .enable(YAMLGenerator.Feature.LITERAL_BLOCK_STYLE))
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /** samples/counter of the project. */
    static Workload counter(Path project) {
        return new Workload(read(project.resolve("samples/counter/pod.yaml")), "counter", true);
    }

    /**
     * A pod of the user's own.
     *
     * @param container which of its containers travels; null when it has but one
     * @throws SandboxException when the file is no pod, or has no such container
     */
    static Workload ofFile(Path file, @Nullable String container) {
        Pod pod = read(file);
        List<String> names =
                pod.getSpec().getContainers().stream().map(Container::getName).toList();
        if (container != null ? !names.contains(container) : names.size() != 1) {
            throw new SandboxException("the pod in " + file + " has the containers " + String.join(", ", names)
                    + (container == null
                            ? ": say by --container which of them travels"
                            : ", and no '" + container + "': correct --container"));
        }
        return new Workload(pod, container == null ? names.get(0) : container, false);
    }

    /** A pod of one container; an empty command means that of the image. */
    static Workload ofImage(String image, List<String> command) {
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withName("demo")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage(image)
                .withCommand(command)
                .endContainer()
                .endSpec()
                .build();
        return new Workload(pod, "main", false);
    }

    private static Pod read(Path file) {
        if (!Files.isReadable(file)) {
            throw new SandboxException("there is no file " + file + " that can be read: name a pod's YAML");
        }
        Pod pod;
        try {
            pod = YAML.readValue(file.toFile(), Pod.class);
        } catch (IOException malformed) {
            throw new SandboxException(
                    file + " is no pod: "
                            + String.valueOf(malformed.getMessage())
                                    .lines()
                                    .findFirst()
                                    .orElse(""),
                    malformed);
        }
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
        return new Workload(copy, container, counts);
    }

    /** The emptyDirs that the container mounts, by name, and where. */
    Map<String, String> volumes() {
        Map<String, String> volumes = new LinkedHashMap<>();
        for (Container each : pod.getSpec().getContainers()) {
            if (each.getName().equals(container)) {
                for (VolumeMount mount : each.getVolumeMounts()) {
                    volumes.putIfAbsent(mount.getName(), mount.getMountPath());
                }
            }
        }
        return volumes;
    }
}
