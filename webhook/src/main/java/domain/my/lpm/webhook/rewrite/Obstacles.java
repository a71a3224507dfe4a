package domain.my.lpm.webhook.rewrite;

import domain.my.lpm.api.PodContainers;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What keeps a pod or one of its containers from being injected: the thing, the reason and the remedy in one message. */
final class Obstacles {
    private static final String MIRROR = "kubernetes.io/config.mirror";

    private Obstacles() {}

    /** The first obstacle that concerns the whole pod. */
    static Optional<String> ofPod(Pod pod, Settings settings) {
        PodSpec spec = pod.getSpec();
        if (spec == null || spec.getContainers().isEmpty()) {
            return Optional.of("it has no containers; give it one");
        }
        if (pod.getMetadata() != null
                && pod.getMetadata().getAnnotations() != null
                && pod.getMetadata().getAnnotations().containsKey(MIRROR)) {
            return Optional.of("it mirrors a static pod, which the kubelet alone defines; make it an ordinary pod");
        }
        if (isWindows(spec)) {
            return Optional.of("it runs on Windows, where CRIU does not exist; opt it out");
        }
        if (!spec.getEphemeralContainers().isEmpty()) {
            return Optional.of("it has ephemeral containers, so it runs already; injection needs a new pod");
        }
        if (Boolean.TRUE.equals(spec.getHostPID())) {
            return Optional.of("hostPID gives the containers the node's processes, so the entry cannot be PID 1;"
                    + " remove hostPID");
        }
        if (Boolean.TRUE.equals(spec.getShareProcessNamespace())) {
            return Optional.of("with shareProcessNamespace PID 1 is the pause process, so the entry cannot be;"
                    + " remove shareProcessNamespace");
        }
        if (settings.privileges() == Privileges.POD && Boolean.FALSE.equals(spec.getHostUsers())) {
            return Optional.of("with hostUsers: false the capabilities lent by the pod do not count for CRIU;"
                    + " remove hostUsers or let the agent lend the privileges");
        }
        return conflict(spec);
    }

    /** The first obstacle that concerns {@code container} alone, whoever lends the privileges. */
    static Optional<String> ofContainer(Container container) {
        if (container.getCommand().isEmpty()) {
            return Optional.of("it has no command, so that its entry point stands in the image only;"
                    + " write the image's entry point as command, and its arguments as args, into the pod");
        }
        if (Boolean.TRUE.equals(container.getTty())) {
            return Optional.of("it has a tty, which does not survive a checkpoint; remove tty: true");
        }
        return Optional.empty();
    }

    private static boolean isWindows(PodSpec spec) {
        return (spec.getOs() != null && "windows".equals(spec.getOs().getName()))
                || (spec.getNodeSelector() != null
                        && "windows".equals(spec.getNodeSelector().get("kubernetes.io/os")));
    }

    private static Optional<String> conflict(PodSpec spec) {
        if (Stream.concat(spec.getInitContainers().stream(), spec.getContainers().stream())
                .anyMatch(container -> Injected.INSTALLER.equals(container.getName()))) {
            return Optional.of(
                    "a container has the name %s, which the injection needs; rename it".formatted(Injected.INSTALLER));
        }
        Optional<String> volume = spec.getVolumes().stream()
                .map(Volume::getName)
                .filter(Injected.VOLUMES::contains)
                .findFirst();
        if (volume.isPresent()) {
            return Optional.of(
                    "a volume has the name %s, which the injection needs; rename it".formatted(volume.get()));
        }
        for (Container container : PodContainers.lasting(spec)) {
            for (String directory : List.of(Injected.DIRECTORY, Injected.POD_DIRECTORY)) {
                Optional<String> path = mountPaths(container)
                        .filter(mounted -> (mounted + "/").startsWith(directory + "/"))
                        .findFirst();
                if (path.isPresent()) {
                    return Optional.of(
                            "container '%s' mounts at %s, and %s belongs to the injection; mount it elsewhere"
                                    .formatted(container.getName(), path.get(), directory));
                }
            }
        }
        return Optional.empty();
    }

    private static Stream<String> mountPaths(Container container) {
        return Stream.concat(
                container.getVolumeMounts().stream().map(mount -> mount.getMountPath()),
                container.getVolumeDevices().stream().map(device -> device.getDevicePath()));
    }
}
