package domain.my.lpm.api.validation;

import domain.my.lpm.api.PodContainers;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.migration.MigrationStrategy;
import domain.my.lpm.api.migration.PodMigration;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Says what does not stand in the way of a migration, but may make it fail or surprise. Without I/O. */
public final class MigrationWarnings {
    /** What the API server puts where a probe does not say it (k8s.io/api, Probe). */
    private static final int PERIOD_SECONDS = 10;

    private static final int FAILURE_THRESHOLD = 3;

    private MigrationWarnings() {}

    /** What whoever asks for {@code migration} should know; nothing where there is no pod. */
    public static List<String> of(PodMigration migration, MigrationFacts facts) {
        return facts.pod().map(pod -> ofPod(migration, pod)).orElse(List.of());
    }

    private static List<String> ofPod(PodMigration migration, Pod pod) {
        List<String> warnings = new ArrayList<>();
        MigrationStrategy strategy = migration.getSpec().getStrategy();
        if (!strategy.isAvailable()) {
            warnings.add(strategy.instead());
        }
        int still = migration.getSpec().getTimeouts().getCheckpointSeconds();
        PodContainers.lasting(pod.getSpec()).stream()
                .flatMap(container -> restartedWithin(container).filter(budget -> budget < still).stream()
                        .map(budget ->
                                "the liveness probe of container '%s' fails after %d s, and the checkpoint may take %d s: the kubelet would restart it; lengthen the former, or shorten timeouts.checkpointSeconds"
                                        .formatted(container.getName(), budget, still)))
                .forEach(warnings::add);
        if (MigrationBlockers.usableMode(migration, pod)
                .filter(RestoreMode.SELF_RESTORE::equals)
                .isPresent()) {
            pod.getSpec().getInitContainers().stream()
                    .filter(container -> PodContainers.isSidecar(container) && container.getLivenessProbe() != null)
                    .forEach(sidecar -> warnings.add(
                            "the liveness probe of sidecar '%s' begins late in the copy: after as long as a copy may stand by, an hour by default; what hangs there before is not restarted"
                                    .formatted(sidecar.getName())));
        }
        Volumes.claims(pod)
                .forEach(claim -> warnings.add(
                        "PersistentVolumeClaim '%s' is mounted on both nodes at once for a time, which ReadWriteOnce does not allow; make sure that its access mode is ReadWriteMany"
                                .formatted(claim)));
        List<String> ephemeral = pod.getSpec().getEphemeralContainers().stream()
                .map(container -> container.getName())
                .toList();
        if (!ephemeral.isEmpty()) {
            warnings.add("ephemeral %s of pod '%s' stays behind, since no pod can be created with it"
                    .formatted(
                            Words.named("container", ephemeral),
                            pod.getMetadata().getName()));
        }
        if (MigrationBlockers.usableMode(migration, pod)
                        .filter(RestoreMode.CRI_O::equals)
                        .isPresent()
                && !"Never".equals(pod.getSpec().getRestartPolicy())) {
            warnings.add(
                    "the copy of pod '%s' has restartPolicy Never, since its kubelet would restore a container that has ended from the checkpoint again; set restoreMode to self-restore if it has to be restarted"
                            .formatted(pod.getMetadata().getName()));
        }
        return List.copyOf(warnings);
    }

    /** Seconds after which the kubelet restarts a container that stands still, at the least. */
    private static Optional<Integer> restartedWithin(Container container) {
        return Optional.ofNullable(container.getLivenessProbe())
                .map(probe -> or(probe.getFailureThreshold(), FAILURE_THRESHOLD)
                        * or(probe.getPeriodSeconds(), PERIOD_SECONDS));
    }

    private static int or(Integer value, int otherwise) {
        return value == null ? otherwise : value;
    }
}
