package domain.my.lpm.webhook.rewrite;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.CheckpointReference;
import domain.my.lpm.api.Labels;
import domain.my.lpm.api.PodContainers;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.SchedulingGates;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes a pod that asks for self-restore one whose containers can be checkpointed and restored. A pure function: it does
 * no I/O and does not change what it is given. Applied to its own result it changes nothing; applied with other settings
 * it first takes out what it had put in.
 */
public final class PodRewrite {
    /** Bytes of all keys and values of an object (k8s.io/apimachinery, TotalAnnotationSizeLimitB). */
    private static final int ANNOTATIONS_LIMIT = 256 * 1024;

    private PodRewrite() {}

    /**
     * Rewrites {@code pod} as it is about to be created.
     *
     * @throws PodRefusedException when an annotation is invalid, or when the pod is the target of a migration and cannot be
     *     injected: admitted as it is, it would start anew and pass for restored
     */
    public static Rewrite rewrite(Pod pod, Settings settings) {
        Map<String, String> annotations = annotations(pod);
        Optional<RestoreMode> mode = read(annotations, Annotations.RESTORE_MODE, RestoreMode::parse);
        Optional<CheckpointReference> checkpoint =
                read(annotations, Annotations.CHECKPOINT_PATH, CheckpointReference::parse);
        boolean target = settings.standby() || checkpoint.isPresent();
        boolean asked = target
                || mode.isPresent()
                || settings.namespaceInjection()
                        .filter(Labels.INJECTION_ENABLED::equals)
                        .isPresent();
        return switch (mode.orElse(RestoreMode.SELF_RESTORE)) {
            case NONE -> new Rewrite(pod, Decision.OPTED_OUT, target ? List.of(startsAnew(pod)) : List.of());
            case CRI_O -> new Rewrite(pod, Decision.LEFT_TO_RUNTIME, List.of());
            case SELF_RESTORE ->
                asked
                        ? inject(pod, settings, target, checkpoint.flatMap(CheckpointReference::container))
                        : new Rewrite(pod, Decision.NOT_ASKED, labelWarning(settings));
        };
    }

    /**
     * What {@link #rewrite} would do.
     *
     * @throws PodRefusedException as {@link #rewrite} does
     */
    public static Decision decide(Pod pod, Settings settings) {
        return rewrite(pod, settings).decision();
    }

    /**
     * The pod as it was before {@link #rewrite}; a pod that was not rewritten comes back unchanged.
     *
     * @throws PodRefusedException when the pod's record of its rewrite does not fit it
     */
    public static Pod undo(Pod pod) {
        if (!Replaced.isIn(pod)) {
            return pod;
        }
        Pod bare = Json.copy(pod);
        Replaced.undo(bare);
        return bare;
    }

    private static Rewrite inject(Pod pod, Settings settings, boolean target, Optional<String> onlyContainer) {
        Pod result = Json.copy(undo(pod));
        Optional<String> obstacle = Obstacles.ofPod(result, settings);
        if (obstacle.isPresent()) {
            return cannot(pod, target, List.of(about(pod) + ": " + obstacle.get()));
        }
        PodSpec spec = result.getSpec();
        boolean gated = spec.getSchedulingGates().removeIf(gate -> SchedulingGates.UNPREPARED.equals(gate.getName()));
        onlyContainer.ifPresent(name -> requireContainer(pod, spec, name));
        List<String> warnings = new ArrayList<>();
        List<Additions.ForContainer> injected = new ArrayList<>();
        for (Container container : PodContainers.lasting(spec)) {
            boolean standby =
                    target && onlyContainer.map(container.getName()::equals).orElse(true);
            String subject = about(pod) + ", container '" + container.getName() + "': ";
            Optional<String> hindered = Obstacles.ofContainer(container)
                    .or(() -> settings.privileges() == Privileges.POD
                            ? Loan.obstacle(spec, container)
                            : Optional.empty());
            if (hindered.isPresent()) {
                if (standby) {
                    throw refused(subject + hindered.get());
                }
                warnings.add(subject + hindered.get());
                continue;
            }
            if (settings.privileges() == Privileges.POD) {
                Loan.warning(spec, container, settings).ifPresent(warning -> warnings.add(subject + warning));
            }
            if (standby
                    && container.getLifecycle() != null
                    && container.getLifecycle().getPostStart() != null) {
                warnings.add(subject + "its postStart hook runs while the container waits, before the restore;"
                        + " make it harmless or remove it from the target");
            }
            injected.add(Additions.forContainer(spec, container, settings, standby));
        }
        if (injected.isEmpty()) {
            return cannot(pod, target, warnings);
        }
        Additions additions = Additions.of(spec, settings, injected);
        String fingerprint = additions.fingerprint();
        if (!gated && fingerprint.equals(annotations(pod).get(Annotations.INJECTED))) {
            return new Rewrite(pod, Decision.ALREADY_INJECTED, warnings);
        }
        add(result, additions, fingerprint);
        int size = annotationsSize(result);
        if (size > ANNOTATIONS_LIMIT) {
            return cannot(
                    pod,
                    target,
                    List.of(
                            "%s: its annotations would take %d bytes with the record of its commands; allowed are %d; shorten them"
                                    .formatted(about(pod), size, ANNOTATIONS_LIMIT)));
        }
        return new Rewrite(result, Decision.INJECT, warnings);
    }

    private static void add(Pod pod, Additions additions, String fingerprint) {
        PodSpec spec = pod.getSpec();
        Replaced replaced = new Replaced();
        for (Additions.ForContainer addition : additions.containers()) {
            Container container = PodContainers.lasting(spec).stream()
                    .filter(candidate -> addition.name().equals(candidate.getName()))
                    .findFirst()
                    .orElseThrow();
            replaced.note(container, addition);
            container.setCommand(Stream.of(addition.entry(), container.getCommand(), container.getArgs())
                    .flatMap(List::stream)
                    .toList());
            container.setArgs(List.of());
            List<VolumeMount> mounts = new ArrayList<>(container.getVolumeMounts());
            mounts.addAll(additions.mountsOf(addition));
            container.setVolumeMounts(mounts);
            addition.startupProbe().ifPresent(container::setStartupProbe);
            addition.quietSeconds().ifPresent(seconds -> {
                container.setStartupProbe(null);
                container.setLivenessProbe(quiet(container.getLivenessProbe(), seconds));
            });
            addition.loan()
                    .ifPresent(loan -> container.setSecurityContext(loan.applyTo(container.getSecurityContext())));
        }
        spec.setInitContainers(Stream.concat(additions.installer().stream(), spec.getInitContainers().stream())
                .toList());
        spec.setVolumes(Stream.concat(spec.getVolumes().stream(), additions.volumes().stream())
                .toList());
        if (pod.getMetadata() == null) {
            pod.setMetadata(new ObjectMeta());
        }
        Map<String, String> annotations = new LinkedHashMap<>(annotations(pod));
        annotations.put(Annotations.INJECTED, fingerprint);
        annotations.put(Annotations.REPLACED, replaced.text());
        if (!additions.travelling().isEmpty()) {
            annotations.put(Annotations.VOLUMES, additions.travelling());
        }
        pod.getMetadata().setAnnotations(annotations);
    }

    private static @Nullable Probe quiet(@Nullable Probe liveness, int seconds) {
        Integer delay = liveness == null ? null : liveness.getInitialDelaySeconds();
        return liveness == null
                ? null
                : new ProbeBuilder(liveness)
                        .withInitialDelaySeconds(Math.max(delay == null ? 0 : delay, seconds))
                        .build();
    }

    private static Rewrite cannot(Pod pod, boolean target, List<String> reasons) {
        if (target) {
            throw refused(String.join(" ", reasons));
        }
        return new Rewrite(pod, Decision.CANNOT, reasons);
    }

    private static PodRefusedException refused(String reason) {
        return new PodRefusedException(
                reason
                        + " (it is the target of a migration: admitted as it is, it would start anew instead of being restored)");
    }

    private static void requireContainer(Pod pod, PodSpec spec, String name) {
        List<String> names =
                PodContainers.lasting(spec).stream().map(Container::getName).toList();
        if (!names.contains(name)) {
            throw new PodRefusedException("annotation %s names container '%s', but %s has %s; name one of these"
                    .formatted(Annotations.CHECKPOINT_PATH, name, about(pod), String.join(", ", names)));
        }
    }

    private static int annotationsSize(Pod pod) {
        return annotations(pod).entrySet().stream()
                .flatMap(entry -> Stream.of(entry.getKey(), entry.getValue()))
                .mapToInt(text -> text.getBytes(StandardCharsets.UTF_8).length)
                .sum();
    }

    private static <T> Optional<T> read(Map<String, String> annotations, String key, Function<String, T> parse) {
        try {
            return Optional.ofNullable(annotations.get(key)).map(parse);
        } catch (IllegalArgumentException invalid) {
            throw new PodRefusedException(String.valueOf(invalid.getMessage()), invalid);
        }
    }

    private static String startsAnew(Pod pod) {
        return "%s is to be restored, but %s: none opts it out, so that it starts anew; remove that annotation"
                .formatted(about(pod), Annotations.RESTORE_MODE);
    }

    private static List<String> labelWarning(Settings settings) {
        return settings
                .namespaceInjection()
                .filter(value -> !value.equals(Labels.INJECTION_ENABLED) && !value.equals(Labels.INJECTION_DISABLED))
                .map(value -> "label %s of the namespace has the value '%s', which counts as %s; allowed are %s, %s"
                        .formatted(
                                Labels.INJECTION,
                                value,
                                Labels.INJECTION_DISABLED,
                                Labels.INJECTION_ENABLED,
                                Labels.INJECTION_DISABLED))
                .stream()
                .toList();
    }

    private static String about(Pod pod) {
        ObjectMeta metadata = pod.getMetadata();
        if (metadata == null || (metadata.getName() == null && metadata.getGenerateName() == null)) {
            return "the pod";
        }
        return "pod '%s'".formatted(metadata.getName() != null ? metadata.getName() : metadata.getGenerateName() + "*");
    }

    private static Map<String, String> annotations(Pod pod) {
        return pod.getMetadata() == null || pod.getMetadata().getAnnotations() == null
                ? Map.of()
                : pod.getMetadata().getAnnotations();
    }
}
