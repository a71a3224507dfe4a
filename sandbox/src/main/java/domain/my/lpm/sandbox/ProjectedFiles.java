package domain.my.lpm.sandbox;

import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFile;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The files of a projected volume, laid out as the kubelet does: links through {@code ..data}, so that all can change at once. */
final class ProjectedFiles {
    private static final Pattern ANNOTATION = Pattern.compile("metadata\\.annotations\\['([^']+)'\\]");

    private ProjectedFiles() {}

    static void write(Pod pod, Volume volume, Map<String, Map<String, String>> configMaps, Path directory)
            throws IOException {
        Map<String, String> files = new LinkedHashMap<>();
        for (VolumeProjection source : volume.getProjected().getSources()) {
            if (source.getDownwardAPI() != null) {
                for (DownwardAPIVolumeFile item : source.getDownwardAPI().getItems()) {
                    files.put(item.getPath(), field(pod, item.getFieldRef().getFieldPath()));
                }
            } else if (source.getConfigMap() != null) {
                String name = source.getConfigMap().getName();
                Map<String, String> data = configMaps.get(name);
                if (data == null) {
                    throw new SandboxException("there is no ConfigMap '" + name + "' for the volume '"
                            + volume.getName() + "': give it to the node by Node.configMap");
                }
                files.putAll(data);
            } else {
                throw new SandboxException("the volume '" + volume.getName()
                        + "' projects something else than the downward API and ConfigMaps: change the pod");
            }
        }
        Path data = Files.createDirectories(directory.resolve("..2026_01_01_00_00_00.1"));
        Files.createSymbolicLink(directory.resolve("..data"), data.getFileName());
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(data.resolve(file.getKey()), file.getValue());
            Files.createSymbolicLink(directory.resolve(file.getKey()), Path.of("..data", file.getKey()));
        }
    }

    private static String field(Pod pod, String path) {
        Matcher annotation = ANNOTATION.matcher(path);
        if (annotation.matches()) {
            Map<String, String> annotations = pod.getMetadata().getAnnotations();
            return annotations == null ? "" : annotations.getOrDefault(annotation.group(1), "");
        }
        return switch (path) {
            case "metadata.namespace" -> ContainerSpec.namespace(pod);
            case "metadata.name" -> pod.getMetadata().getName();
            case "metadata.uid" -> pod.getMetadata().getUid();
            default -> throw new SandboxException("the downward API of the sandbox has no field " + path);
        };
    }
}
