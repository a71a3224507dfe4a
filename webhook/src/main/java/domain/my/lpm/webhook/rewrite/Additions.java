package domain.my.lpm.webhook.rewrite;

import com.fasterxml.jackson.annotation.JsonProperty;
import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.PodContainers;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFile;
import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFileBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All that the rewrite adds to a pod, and nothing of the pod's own, so that its digest tells whether a pod already has it.
 *
 * @param installer the init container, where one delivers
 * @param volumes to be appended to those of the pod
 * @param mounts to be appended to those of every injected container, see {@link #mountsOf}
 * @param containers what each injected container gets, in the order of the pod
 * @param travelling the value of {@link Annotations#VOLUMES}, empty where there is none
 */
record Additions(
        @JsonProperty Optional<Container> installer,
        @JsonProperty List<Volume> volumes,
        @JsonProperty List<VolumeMount> mounts,
        @JsonProperty List<ForContainer> containers,
        @JsonProperty String travelling) {

    /** The user that Kubernetes' own images take for nobody in particular. */
    private static final long NONROOT = 65532;

    /**
     * What one container gets.
     *
     * @param name of the container
     * @param entry the words before the application's command
     * @param startupProbe of a standby container that is no sidecar
     * @param quietSeconds of a standby sidecar, which gets no start-up probe, since the kubelet starts the containers behind it
     *     only when that is met: for so long from its start on its liveness probe rests
     * @param loan with {@link Privileges#POD}
     */
    record ForContainer(
            @JsonProperty String name,
            @JsonProperty List<String> entry,
            @JsonProperty Optional<Probe> startupProbe,
            @JsonProperty Optional<Integer> quietSeconds,
            @JsonProperty Optional<Loan> loan) {}

    static Additions of(PodSpec spec, Settings settings, List<ForContainer> containers) {
        return new Additions(
                settings.delivery() == Delivery.INIT_CONTAINER
                        ? Optional.of(installer(settings, isBestEffort(spec)))
                        : Optional.empty(),
                volumes(settings),
                mounts(settings),
                List.copyOf(containers),
                settings.privileges() == Privileges.POD ? travelling(spec, containers) : "");
    }

    private static String travelling(PodSpec spec, List<ForContainer> injected) {
        Map<String, String> lines = new LinkedHashMap<>();
        Set<String> emptyDirs = spec.getVolumes().stream()
                .filter(volume -> volume.getEmptyDir() != null)
                .map(Volume::getName)
                .collect(Collectors.toSet());
        Set<String> names = injected.stream().map(ForContainer::name).collect(Collectors.toSet());
        for (Container container : PodContainers.lasting(spec)) {
            for (VolumeMount mount : container.getVolumeMounts()) {
                boolean whole = mount.getSubPath() == null && mount.getSubPathExpr() == null;
                if (names.contains(container.getName())
                        && emptyDirs.contains(mount.getName())
                        && whole
                        && !Boolean.TRUE.equals(mount.getReadOnly())) {
                    lines.putIfAbsent(
                            mount.getName(),
                            container.getName() + " " + mount.getName() + "=" + mount.getMountPath() + "\n");
                }
            }
        }
        return String.join("", lines.values());
    }

    static ForContainer forContainer(PodSpec spec, Container container, Settings settings, boolean standby) {
        Optional<Loan> loan = settings.privileges() == Privileges.POD
                ? Optional.of(Loan.of(spec, container, settings, standby))
                : Optional.empty();
        boolean sidecar = spec.getInitContainers().contains(container);
        List<String> entry = new ArrayList<>(List.of(Injected.ENTRY, "run"));
        if (standby) {
            entry.add("--standby");
        }
        loan.ifPresent(lent -> entry.addAll(lent.options()));
        entry.add("--");
        return new ForContainer(
                container.getName(),
                List.copyOf(entry),
                standby && !sidecar ? Optional.of(standbyProbe(settings)) : Optional.empty(),
                standby && sidecar ? Optional.of(standbySeconds(settings)) : Optional.empty(),
                loan);
    }

    /** SHA-256 over all of it, in hexadecimal. */
    String fingerprint() {
        // Optional is not known to the plain mapper; a list of parts is, and is as exact.
        List<Object> parts = new ArrayList<>();
        parts.add(installer.stream().toList());
        parts.add(volumes);
        parts.add(mounts);
        if (!travelling.isEmpty()) {
            parts.add(travelling);
        }
        for (ForContainer container : containers) {
            parts.add(List.of(
                    container.name(),
                    container.entry(),
                    container.startupProbe().stream().toList(),
                    container.loan().stream().toList()));
            container.quietSeconds().ifPresent(parts::add);
        }
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(Json.text(parts).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    private static Container installer(Settings settings, boolean bestEffort) {
        boolean toolkit = settings.privileges() == Privileges.POD;
        ContainerBuilder installer = new ContainerBuilder()
                .withName(Injected.INSTALLER)
                .withImage(toolkit ? settings.toolkitImage() : settings.entryImage())
                .withCommand(
                        toolkit
                                ? List.of("/usr/lib/lpm/install-toolkit", Injected.DIRECTORY)
                                : List.of("/usr/lib/lpm/entry", "install", Injected.DIRECTORY))
                .addNewVolumeMount()
                .withName(Injected.VOLUME)
                .withMountPath(Injected.DIRECTORY)
                .endVolumeMount()
                .withNewSecurityContext()
                .withRunAsNonRoot(true)
                .withRunAsUser(NONROOT)
                .withRunAsGroup(NONROOT)
                .withAllowPrivilegeEscalation(false)
                .withReadOnlyRootFilesystem(true)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .endSecurityContext();
        settings.imagePullPolicy().ifPresent(installer::withImagePullPolicy);
        if (!bestEffort) {
            installer.withResources(settings.installResources());
        }
        return installer.build();
    }

    private static List<Volume> volumes(Settings settings) {
        List<Volume> volumes = new ArrayList<>();
        boolean toolkit = settings.privileges() == Privileges.POD;
        VolumeBuilder volume = new VolumeBuilder().withName(Injected.VOLUME);
        switch (settings.delivery()) {
            case INIT_CONTAINER ->
                volume.withNewEmptyDir()
                        .withSizeLimit(settings.volumeSizeLimit())
                        .endEmptyDir();
            case HOST_DIRECTORY ->
                volume.withNewHostPath()
                        .withPath(settings.hostDirectory())
                        .withType("Directory")
                        .endHostPath();
            case IMAGE_VOLUME ->
                volume.withNewImage()
                        .withReference(toolkit ? settings.toolkitImage() : settings.entryImage())
                        .withPullPolicy(settings.imagePullPolicy().orElse(null))
                        .endImage();
        }
        volumes.add(volume.build());
        if (toolkit) {
            volumes.add(new VolumeBuilder()
                    .withName(Injected.REPOSITORY_VOLUME)
                    .withNewPersistentVolumeClaim()
                    .withClaimName(settings.repositoryClaim().orElseThrow())
                    .endPersistentVolumeClaim()
                    .build());
            volumes.add(podVolume(settings));
        }
        return List.copyOf(volumes);
    }

    /** What the launcher has to know, kept out of the environment, which the application would inherit. */
    private static Volume podVolume(Settings settings) {
        return new VolumeBuilder()
                .withName(Injected.POD_VOLUME)
                .withNewProjected()
                .addNewSource()
                .withNewDownwardAPI()
                .withItems(
                        field("namespace", "metadata.namespace"),
                        field("name", "metadata.name"),
                        field("uid", "metadata.uid"),
                        annotation("checkpoint", Annotations.CHECKPOINT_PATH),
                        annotation("source-pod", Annotations.SOURCE_POD),
                        annotation("options", Annotations.RESTORE_OPTIONS),
                        annotation("volumes", Annotations.VOLUMES))
                .endDownwardAPI()
                .endSource()
                .addNewSource()
                .withNewConfigMap()
                .withName(settings.keysConfigMap().orElseThrow())
                .endConfigMap()
                .endSource()
                .endProjected()
                .build();
    }

    private static DownwardAPIVolumeFile annotation(String path, String key) {
        return field(path, "metadata.annotations['" + key + "']");
    }

    private static DownwardAPIVolumeFile field(String path, String field) {
        return new DownwardAPIVolumeFileBuilder()
                .withPath(path)
                .withNewFieldRef()
                .withFieldPath(field)
                .endFieldRef()
                .build();
    }

    /** The mounts to be appended to those of one container. */
    List<VolumeMount> mountsOf(ForContainer container) {
        if (container.loan().isEmpty()) {
            return mounts;
        }
        List<VolumeMount> all = new ArrayList<>(mounts);
        all.add(new VolumeMountBuilder()
                .withName(Injected.POD_VOLUME)
                .withMountPath(Injected.POD_DIRECTORY + "/" + container.name())
                .withReadOnly(true)
                .build());
        return List.copyOf(all);
    }

    private static List<VolumeMount> mounts(Settings settings) {
        List<VolumeMount> mounts = new ArrayList<>();
        boolean image = settings.delivery() == Delivery.IMAGE_VOLUME;
        mounts.add(new VolumeMountBuilder()
                .withName(Injected.VOLUME)
                .withMountPath(Injected.DIRECTORY)
                .withSubPath(image ? "usr/lib/lpm" : null)
                .withReadOnly(true)
                .build());
        if (settings.privileges() == Privileges.POD) {
            if (image) {
                mounts.add(new VolumeMountBuilder()
                        .withName(Injected.VOLUME)
                        .withMountPath(Injected.TOOLKIT)
                        .withReadOnly(true)
                        .build());
            }
            mounts.add(new VolumeMountBuilder()
                    .withName(Injected.REPOSITORY_VOLUME)
                    .withMountPath(Injected.REPOSITORY)
                    .build());
        }
        return List.copyOf(mounts);
    }

    private static Probe standbyProbe(Settings settings) {
        return new ProbeBuilder()
                .withNewExec()
                .withCommand(Injected.ENTRY, "probe")
                .endExec()
                .withPeriodSeconds(settings.standbyProbePeriodSeconds())
                .withTimeoutSeconds(5)
                .withFailureThreshold(settings.standbyProbeFailureThreshold())
                .build();
    }

    /** How long a copy may stand by, by the start-up probes of its other containers. */
    private static int standbySeconds(Settings settings) {
        long seconds = (long) settings.standbyProbePeriodSeconds() * settings.standbyProbeFailureThreshold();
        return (int) Math.min(Integer.MAX_VALUE, seconds);
    }

    /** One request in an init container would lift the whole pod out of BestEffort. */
    private static boolean isBestEffort(PodSpec spec) {
        return isEmpty(spec.getResources())
                && Stream.concat(spec.getInitContainers().stream(), spec.getContainers().stream())
                        .allMatch(container -> isEmpty(container.getResources()));
    }

    private static boolean isEmpty(ResourceRequirements resources) {
        return resources == null
                || ((resources.getRequests() == null || resources.getRequests().isEmpty())
                        && (resources.getLimits() == null
                                || resources.getLimits().isEmpty()));
    }
}
