package domain.my.lpm.api.validation;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Which volumes of a pod can follow it to another node. */
final class Volumes {
    /** What the webhook adds to a pod is added to its copy, too, on whichever node. */
    private static final Set<String> INJECTED = Set.of("lpm", "lpm-repository", "lpm-pod");

    private Volumes() {}

    static Stream<Blocker> blockers(Pod pod, boolean sameNode) {
        return own(pod).flatMap(volume -> obstacle(volume, sameNode)
                .map(why -> new Blocker(
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        "volume '%s' of pod '%s' cannot follow it: %s"
                                .formatted(volume.getName(), pod.getMetadata().getName(), why)))
                .stream());
    }

    /** What a container runtime leaves behind that restores the pod, and a restore by the pod itself does not. */
    static Stream<Blocker> blockersOfRuntime(Pod pod) {
        return own(pod).filter(volume -> volume.getEmptyDir() != null)
                .map(volume -> new Blocker(
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        "volume '%s' of pod '%s' cannot follow it: it is an emptyDir, whose content a container runtime does not restore; set restoreMode to %s, which carries it along"
                                .formatted(
                                        volume.getName(),
                                        pod.getMetadata().getName(),
                                        RestoreMode.SELF_RESTORE.value())));
    }

    /** The names of the PersistentVolumeClaims that the target node must be able to mount while the source does. */
    static List<String> claims(Pod pod) {
        return own(pod).filter(volume -> volume.getPersistentVolumeClaim() != null)
                .map(volume -> volume.getPersistentVolumeClaim().getClaimName())
                .distinct()
                .toList();
    }

    private static Stream<Volume> own(Pod pod) {
        boolean injected = pod.getMetadata().getAnnotations() != null
                && pod.getMetadata().getAnnotations().containsKey(Annotations.INJECTED);
        return pod.getSpec().getVolumes().stream().filter(volume -> !(injected && INJECTED.contains(volume.getName())));
    }

    private static Optional<String> obstacle(Volume volume, boolean sameNode) {
        if (volume.getHostPath() != null) {
            return sameNode
                    ? Optional.empty()
                    : Optional.of(
                            "%s is a directory of the node's own (hostPath); use an emptyDir, whose content is carried"
                                            .formatted(volume.getHostPath().getPath())
                                    + " along, or a PersistentVolumeClaim");
        }
        if (volume.getEphemeral() != null) {
            return Optional.of("its claim is made for this pod alone and deleted with it (ephemeral); use a"
                    + " PersistentVolumeClaim that exists by itself");
        }
        if (volume.getCsi() != null) {
            return Optional.of(
                    "driver '%s' makes it for this pod alone (csi); use an emptyDir or a PersistentVolumeClaim"
                            .formatted(volume.getCsi().getDriver()));
        }
        if (volume.getGitRepo() != null) {
            return Optional.of(
                    "it is cloned anew for every pod (gitRepo); use an emptyDir that an init container fills");
        }
        if (isDisk(volume)) {
            return Optional.of(
                    "it is a disk, which one node attaches at a time, and the source needs it until the copy has"
                            + " taken over; use a file system that several nodes mount, such as nfs");
        }
        if (isCarried(volume) || isMountedOnEveryNode(volume)) {
            return Optional.empty();
        }
        return Optional.of("it is of a kind that is not known here; use an emptyDir or a PersistentVolumeClaim");
    }

    private static boolean isCarried(Volume volume) {
        return volume.getEmptyDir() != null
                || volume.getProjected() != null
                || volume.getConfigMap() != null
                || volume.getSecret() != null
                || volume.getDownwardAPI() != null;
    }

    private static boolean isMountedOnEveryNode(Volume volume) {
        return volume.getPersistentVolumeClaim() != null
                || volume.getImage() != null
                || volume.getNfs() != null
                || volume.getCephfs() != null
                || volume.getGlusterfs() != null
                || volume.getAzureFile() != null;
    }

    private static boolean isDisk(Volume volume) {
        return volume.getAwsElasticBlockStore() != null
                || volume.getAzureDisk() != null
                || volume.getCinder() != null
                || volume.getFc() != null
                || volume.getGcePersistentDisk() != null
                || volume.getIscsi() != null
                || volume.getPhotonPersistentDisk() != null
                || volume.getRbd() != null
                || volume.getVsphereVolume() != null;
    }
}
