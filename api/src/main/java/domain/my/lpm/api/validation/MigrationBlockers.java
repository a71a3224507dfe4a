package domain.my.lpm.api.validation;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.PodContainers;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.SourcePod;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Says what stands in the way of a migration, all of it at once. Without I/O; asked at admission, and again by the controller
 * before it begins, since things change.
 */
public final class MigrationBlockers {
    private MigrationBlockers() {}

    /**
     * Everything that stands in the way of {@code migration}; nothing when it may begin. What the target node must have is asked
     * where the migration names a node or {@code facts} have one.
     */
    public static List<Blocker> of(PodMigration migration, MigrationFacts facts) {
        List<Blocker> blockers = new ArrayList<>();
        facts.pod()
                .ifPresentOrElse(
                        pod -> {
                            ofPod(migration, pod, blockers);
                            new NodeBlockers(migration, facts, pod).collect(blockers);
                        },
                        () -> {
                            blockers.add(new Blocker(
                                    Reasons.POD_NOT_FOUND,
                                    "there is no pod '%s' in namespace '%s', so that nothing can be moved; name a pod that runs"
                                            .formatted(
                                                    migration.getSpec().getPodName(),
                                                    migration.getMetadata().getNamespace())));
                            NodeBlockers.ofTargetAlone(migration, facts, blockers);
                        });
        otherMigration(migration, facts).ifPresent(blockers::add);
        return List.copyOf(blockers);
    }

    /**
     * Who is to restore {@code pod}: what the migration says, else the pod's annotation, else {@link RestoreMode#SELF_RESTORE}.
     * {@link RestoreMode#NONE} where the pod opted out, whatever the migration says.
     *
     * @throws IllegalArgumentException when the annotation is needed and none of the words allowed; {@link #of} has a blocker then
     */
    public static RestoreMode restoreMode(PodMigration migration, Pod pod) {
        Optional<String> annotation = annotation(pod);
        if (annotation.filter(RestoreMode.NONE.value()::equals).isPresent()) {
            return RestoreMode.NONE;
        }
        RestoreMode wanted = migration.getSpec().getRestoreMode();
        return wanted != null ? wanted : annotation.map(RestoreMode::parse).orElse(RestoreMode.SELF_RESTORE);
    }

    /** {@link #restoreMode}, empty where {@link #of} has a blocker instead of one. */
    static Optional<RestoreMode> usableMode(PodMigration migration, Pod pod) {
        try {
            return Optional.of(restoreMode(migration, pod)).filter(mode -> mode != RestoreMode.NONE);
        } catch (IllegalArgumentException invalid) {
            return Optional.empty();
        }
    }

    private static Optional<String> annotation(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return annotations == null ? Optional.empty() : Optional.ofNullable(annotations.get(Annotations.RESTORE_MODE));
    }

    private static void ofPod(PodMigration migration, Pod pod, List<Blocker> blockers) {
        String name = pod.getMetadata().getName();
        PodMigrationStatus status = migration.getStatus();
        SourcePod recorded = status == null ? null : status.getSourcePod();
        if (recorded != null && !recorded.uid().equals(pod.getMetadata().getUid())) {
            blockers.add(new Blocker(
                    Reasons.POD_REPLACED,
                    "pod '%s' has the uid %s and not %s any more, so that it is another one than the migration began with; create"
                                    .formatted(name, pod.getMetadata().getUid(), recorded.uid())
                            + " another PodMigration if that is to be moved"));
        }
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            blockers.add(new Blocker(
                    Reasons.POD_BEING_DELETED,
                    "pod '%s' is being deleted, so that its copy would outlive it against somebody's will; create the pod anew"
                            .formatted(name)));
        }
        List<String> notRunning = PodState.obstacles(pod);
        if (!notRunning.isEmpty()) {
            blockers.add(new Blocker(
                    Reasons.POD_NOT_RUNNING,
                    "pod '%s' does not run as a whole, so that there is nothing complete to take a checkpoint of: %s; wait until all"
                                    .formatted(name, String.join(", ", notRunning))
                            + " of it runs"));
        }
        owner(pod)
                .ifPresent(owner -> blockers.add(new Blocker(
                        Reasons.POD_OWNED,
                        "pod '%s' belongs to %s '%s', which would delete the copy or the source or start a third; move pods that nobody"
                                        .formatted(name, owner.getKind(), owner.getName())
                                + " owns, or drain the node as usual")));
        ofMode(migration, pod, blockers);
        hostNamespaces(pod).ifPresent(blockers::add);
        if (usableMode(migration, pod).filter(RestoreMode.SELF_RESTORE::equals).isPresent()) {
            selfRestore(pod).forEach(blockers::add);
        }
        if (usableMode(migration, pod).filter(RestoreMode.CRI_O::equals).isPresent()) {
            restoreByRuntime(migration, pod).forEach(blockers::add);
            Volumes.blockersOfRuntime(pod).forEach(blockers::add);
        }
        String target = migration.getSpec().getTargetNode();
        Volumes.blockers(pod, target != null && target.equals(pod.getSpec().getNodeName()))
                .forEach(blockers::add);
    }

    private static void ofMode(PodMigration migration, Pod pod, List<Blocker> blockers) {
        String name = pod.getMetadata().getName();
        RestoreMode mode;
        try {
            mode = restoreMode(migration, pod);
        } catch (IllegalArgumentException invalid) {
            blockers.add(new Blocker(
                    Reasons.RESTORE_MODE_UNAVAILABLE,
                    "pod '%s' does not say who restores it: %s; correct the annotation or set restoreMode"
                            .formatted(name, invalid.getMessage())));
            return;
        }
        if (mode == RestoreMode.NONE) {
            blockers.add(new Blocker(
                    Reasons.POD_OPTED_OUT,
                    "pod '%s' opted out by the annotation %s: %s; remove the annotation if it may be moved"
                            .formatted(name, Annotations.RESTORE_MODE, RestoreMode.NONE.value())));
        } else if (!migration.getSpec().getStrategy().allows(mode)) {
            blockers.add(new Blocker(
                    Reasons.RESTORE_MODE_UNAVAILABLE,
                    "pod '%s' is restored by %s, which takes complete checkpoints only, and the strategy is %s; set restoreMode to %s or"
                                    .formatted(
                                            name,
                                            mode.value(),
                                            migration.getSpec().getStrategy().value(),
                                            RestoreMode.SELF_RESTORE.value())
                            + " strategy to StopAndCopy"));
        }
    }

    private static Optional<OwnerReference> owner(Pod pod) {
        List<OwnerReference> owners = pod.getMetadata().getOwnerReferences();
        return owners == null
                ? Optional.empty()
                : owners.stream()
                        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
                        .findFirst();
    }

    private static Optional<Blocker> hostNamespaces(Pod pod) {
        PodSpec spec = pod.getSpec();
        List<String> used = Stream.of(
                        Map.entry("hostNetwork", Boolean.TRUE.equals(spec.getHostNetwork())),
                        Map.entry("hostPID", Boolean.TRUE.equals(spec.getHostPID())),
                        Map.entry("hostIPC", Boolean.TRUE.equals(spec.getHostIPC())))
                .filter(Map.Entry::getValue)
                .map(Map.Entry::getKey)
                .toList();
        return used.isEmpty()
                ? Optional.empty()
                : Optional.of(new Blocker(
                        Reasons.POD_USES_HOST_NAMESPACES,
                        "pod '%s' has %s, so that its processes hold what belongs to their node; create it without"
                                .formatted(pod.getMetadata().getName(), String.join(" and ", used))));
    }

    /** What keeps the webhook from making a standby of the copy. */
    private static Stream<Blocker> selfRestore(Pod pod) {
        String name = pod.getMetadata().getName();
        List<Blocker> blockers = new ArrayList<>();
        if (Boolean.TRUE.equals(pod.getSpec().getShareProcessNamespace())) {
            blockers.add(new Blocker(
                    Reasons.POD_CANNOT_SELF_RESTORE,
                    "pod '%s' has shareProcessNamespace, so that its containers do not have a process 1 of their own which could restore"
                                    .formatted(name)
                            + " them; create it without, or set restoreMode to cri-o"));
        }
        List<String> withoutCommand =
                named(pod, container -> container.getCommand().isEmpty());
        if (!withoutCommand.isEmpty()) {
            blockers.add(new Blocker(
                    Reasons.POD_CANNOT_SELF_RESTORE,
                    "%s of pod '%s' %s no command, so that the copy's launcher cannot tell what it stands in for; write the image's"
                                    .formatted(
                                            Words.named("container", withoutCommand),
                                            name,
                                            withoutCommand.size() == 1 ? "has" : "have")
                            + " entry point as command into the pod, or set restoreMode to cri-o"));
        }
        List<String> withTerminal = named(pod, container -> Boolean.TRUE.equals(container.getTty()));
        if (!withTerminal.isEmpty()) {
            blockers.add(new Blocker(
                    Reasons.POD_CANNOT_SELF_RESTORE,
                    "%s of pod '%s' %s a tty, which does not survive a checkpoint; create the pod without tty: true"
                            .formatted(
                                    Words.named("container", withTerminal),
                                    name,
                                    withTerminal.size() == 1 ? "has" : "have")));
        }
        return blockers.stream();
    }

    /** What the container runtime's restore cannot take along, or cannot read. */
    private static Stream<Blocker> restoreByRuntime(PodMigration migration, Pod pod) {
        String name = pod.getMetadata().getName();
        List<Blocker> blockers = new ArrayList<>();
        if (migration.getSpec().getTargetNode() == null) {
            blockers.add(new Blocker(
                    Reasons.RESTORE_MODE_UNAVAILABLE,
                    "pod '%s' is restored by cri-o, for which its checkpoint becomes an image on the node before the copy is created; set"
                                    .formatted(name)
                            + " targetNode"));
        }
        if (migration.getSpec().getCheckpointMethod() == CheckpointMethod.LAUNCHER) {
            blockers.add(new Blocker(
                    Reasons.RESTORE_MODE_UNAVAILABLE,
                    "pod '%s' is restored by cri-o, which reads the checkpoints of the kubelet alone, and checkpointMethod is launcher;"
                                    .formatted(name)
                            + " leave checkpointMethod out, or set restoreMode to self-restore"));
        }
        List<String> sidecars = pod.getSpec().getInitContainers().stream()
                .filter(PodContainers::isSidecar)
                .map(Container::getName)
                .toList();
        if (!sidecars.isEmpty()) {
            blockers.add(new Blocker(
                    Reasons.RESTORE_MODE_UNAVAILABLE,
                    "pod '%s' is restored by cri-o, and its kubelet starts its %s again whatever restartPolicy says, from the checkpoint: what"
                                    .formatted(name, Words.named("sidecar", sidecars))
                            + " was done since would be done twice; set restoreMode to self-restore"));
        }
        if (pod.getMetadata().getAnnotations() != null
                && pod.getMetadata().getAnnotations().containsKey(Annotations.INJECTED)) {
            blockers.add(new Blocker(
                    Reasons.RESTORE_MODE_UNAVAILABLE,
                    "pod '%s' was prepared to restore itself, and a container runtime does not restore what was added to it; set"
                                    .formatted(name)
                            + " restoreMode to self-restore, or create it with the annotation %s: %s"
                                    .formatted(Annotations.RESTORE_MODE, RestoreMode.CRI_O.value())));
        }
        return blockers.stream();
    }

    private static List<String> named(Pod pod, Predicate<Container> which) {
        return PodContainers.lasting(pod.getSpec()).stream()
                .filter(which)
                .map(Container::getName)
                .toList();
    }

    /** One at most: the one that comes first. */
    private static Optional<Blocker> otherMigration(PodMigration migration, MigrationFacts facts) {
        String pod = migration.getSpec().getPodName();
        return facts.otherMigrations().stream()
                .filter(other -> !isFinal(other) && !isSame(migration, other))
                .filter(other -> isCopy(pod, other)
                        || (pod.equals(other.getSpec().getPodName()) && comesBefore(other, migration)))
                .findFirst()
                .map(other -> new Blocker(
                        Reasons.POD_ALREADY_MIGRATING,
                        "pod '%s' is %s PodMigration '%s', and one pod is moved by one at a time; wait for its end or delete it, which"
                                        .formatted(
                                                pod,
                                                isCopy(pod, other) ? "the copy made by" : "moved by",
                                                other.getMetadata().getName())
                                + " cancels it"));
    }

    private static boolean isFinal(PodMigration migration) {
        return phase(migration).filter(MigrationPhase::isFinal).isPresent();
    }

    private static Optional<MigrationPhase> phase(PodMigration migration) {
        return Optional.ofNullable(migration.getStatus()).map(PodMigrationStatus::getPhase);
    }

    private static boolean isSame(PodMigration migration, PodMigration other) {
        String name = migration.getMetadata().getName();
        return name != null && name.equals(other.getMetadata().getName());
    }

    private static boolean isCopy(String pod, PodMigration other) {
        return Optional.ofNullable(other.getStatus())
                .map(PodMigrationStatus::getTargetPod)
                .filter(copy -> pod.equals(copy.name()))
                .isPresent();
    }

    /**
     * Of two migrations of one pod that were created at once, exactly one is in the way of the other: that which has begun, else the
     * older one, else the one with the lesser uid. One that is not stored yet comes last.
     */
    private static boolean comesBefore(PodMigration other, PodMigration migration) {
        boolean otherHasBegun = hasBegun(other);
        if (otherHasBegun != hasBegun(migration)) {
            return otherHasBegun;
        }
        int order = Optional.ofNullable(other.getMetadata().getCreationTimestamp())
                .map(theirs -> Optional.ofNullable(migration.getMetadata().getCreationTimestamp())
                        .map(theirs::compareTo)
                        .orElse(-1))
                .orElse(-1);
        return order != 0 ? order < 0 : uid(other).compareTo(uid(migration)) < 0;
    }

    private static boolean hasBegun(PodMigration migration) {
        return migration.getStatus() != null && migration.getStatus().getSourcePod() != null;
    }

    private static String uid(PodMigration migration) {
        return Optional.ofNullable(migration.getMetadata().getUid()).orElse("");
    }
}
