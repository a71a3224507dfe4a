package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.PodContainers;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.controller.MigrationFailure;
import domain.my.lpm.controller.migration.Migration;
import domain.my.lpm.controller.migration.TargetPods;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Source and copy as the API server has them. */
final class Pods {
    /** Why a container waits before anything was tried. */
    private static final Set<String> NOT_TRIED = Set.of("ContainerCreating", "PodInitializing");

    /** Why a container ended that its runtime could not start. */
    private static final Set<String> NEVER_RAN = Set.of("StartError", "ContainerCannotRun");

    private Pods() {}

    /** The source as last seen; empty when it is gone or another one has its name. */
    static Optional<Pod> seeSource(Migration migration) {
        String name = migration.spec().getPodName();
        return migration
                .cluster()
                .seePod(migration.namespace(), name)
                .or(() -> migration.cluster().readPod(migration.namespace(), name))
                .filter(pod -> migration.source().uid().equals(pod.getMetadata().getUid()));
    }

    /**
     * The source, which must be there and stay.
     *
     * @throws MigrationFailure when it is not so
     */
    static Pod requireSource(Migration migration) {
        String name = migration.spec().getPodName();
        Pod pod = migration
                .cluster()
                .seePod(migration.namespace(), name)
                .or(() -> migration.cluster().readPod(migration.namespace(), name))
                .orElseThrow(() -> new MigrationFailure(
                        Reasons.SOURCE_LOST,
                        "pod '%s' is gone, so that nothing is left to be moved; create it anew".formatted(name)));
        if (!migration.source().uid().equals(pod.getMetadata().getUid())) {
            throw new MigrationFailure(
                    Reasons.POD_REPLACED,
                    "pod '%s' has the uid %s and not %s any more: it is another one; create another PodMigration if that is to be moved"
                            .formatted(
                                    name,
                                    pod.getMetadata().getUid(),
                                    migration.source().uid()));
        }
        if (pod.isMarkedForDeletion()) {
            throw new MigrationFailure(
                    Reasons.SOURCE_LOST,
                    "pod '%s' is being deleted by somebody else, so that its copy would outlive it against somebody's will; create it anew"
                            .formatted(name));
        }
        return pod;
    }

    /** The copy as last seen; empty when it is gone or another one has its name. */
    static Optional<Pod> seeTarget(Migration migration) {
        String name = migration.target().name();
        return migration
                .cluster()
                .seePod(migration.namespace(), name)
                .or(() -> migration.cluster().readPod(migration.namespace(), name))
                .filter(pod -> TargetPods.isCopy(pod, migration.checkpoint()));
    }

    /**
     * The copy, which must be there and stay.
     *
     * @throws MigrationFailure when it is not so
     */
    static Pod requireTarget(Migration migration) {
        return seeTarget(migration)
                .filter(pod ->
                        pod.getMetadata().getUid().equals(migration.target().uid()))
                .filter(pod -> !pod.isMarkedForDeletion())
                .filter(pod -> !isOver(pod))
                .orElseThrow(() -> new MigrationFailure(
                        Reasons.TARGET_LOST,
                        "the copy '%s' is gone or has ended before it took over; see the events of that pod and of its node"
                                .formatted(migration.target().name())));
    }

    /** Somebody else's pod has the name of the copy. */
    static MigrationFailure nameTaken(Migration migration) {
        return new MigrationFailure(
                Reasons.NAME_TAKEN,
                "there is a pod '%s' already, which is not the copy that this migration needs under that name; delete or rename it"
                        .formatted(migration.target().name()));
    }

    /** Whether nothing of the pod will run again. */
    static boolean isOver(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        return "Failed".equals(phase) || "Succeeded".equals(phase);
    }

    /** Whether every container runs, sidecars among them. */
    static boolean allRun(Pod pod) {
        List<ContainerStatus> containers = containers(pod);
        return pod.getStatus() != null
                && "Running".equals(pod.getStatus().getPhase())
                && !containers.isEmpty()
                && containers.size() >= PodContainers.lasting(pod.getSpec()).size()
                && containers.stream()
                        .allMatch(container -> container.getState() != null
                                && container.getState().getRunning() != null);
    }

    /** The containers that have ended or begun anew, and why; empty when none has. */
    static Optional<String> ended(Pod pod) {
        List<String> ended = containers(pod).stream()
                .filter(container ->
                        (container.getState() != null && container.getState().getTerminated() != null)
                                || (container.getRestartCount() != null && container.getRestartCount() > 0))
                .map(container -> "container '%s' has ended%s".formatted(container.getName(), why(container)))
                .toList();
        return ended.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", ended));
    }

    /** What the containers wait for that do not run yet. */
    static String waiting(Pod pod) {
        String waiting = containers(pod).stream()
                .filter(container ->
                        container.getState() != null && container.getState().getWaiting() != null)
                .map(container -> {
                    ContainerStateWaiting state = container.getState().getWaiting();
                    return "container '%s' waits: %s%s"
                            .formatted(
                                    container.getName(),
                                    state.getReason(),
                                    state.getMessage() == null ? "" : " (" + state.getMessage() + ")");
                })
                .collect(Collectors.joining(", "));
        if (!waiting.isEmpty()) {
            return waiting;
        }
        return pod.getSpec().getNodeName() == null ? "no node has been found for it" : "its containers do not run yet";
    }

    /**
     * Which containers the node has tried to start and could not, and why; empty where none.
     *
     * @return the words of the kubelet
     */
    static Optional<String> refused(Pod pod) {
        boolean some = containers(pod).stream()
                .map(container -> container.getState() == null
                        ? null
                        : container.getState().getWaiting())
                .anyMatch(state -> state != null && !NOT_TRIED.contains(String.valueOf(state.getReason())));
        return some ? Optional.of(waiting(pod)) : Optional.empty();
    }

    /** Whether a container of the pod runs or has run, as far as its node has told. */
    static boolean anyRan(Pod pod) {
        return containers(pod).stream()
                .anyMatch(container -> hasRun(container.getState()) || hasRun(container.getLastState()));
    }

    private static boolean hasRun(@Nullable ContainerState state) {
        return state != null
                && (state.getRunning() != null
                        || (state.getTerminated() != null
                                && !NEVER_RAN.contains(
                                        String.valueOf(state.getTerminated().getReason()))));
    }

    /** The runs of the containers, by which a restart is noticed: {@code name=containerID}, one on a line. */
    static String runs(Pod pod) {
        Map<String, String> ids = new TreeMap<>();
        containers(pod).forEach(container -> ids.put(container.getName(), String.valueOf(container.getContainerID())));
        return ids.entrySet().stream()
                .map(run -> run.getKey() + "=" + run.getValue())
                .collect(Collectors.joining("\n"));
    }

    private static String why(ContainerStatus container) {
        ContainerStateTerminated state =
                container.getState() == null || container.getState().getTerminated() == null
                        ? container.getLastState() == null
                                ? null
                                : container.getLastState().getTerminated()
                        : container.getState().getTerminated();
        return state == null
                ? ""
                : " with the exit code %d%s"
                        .formatted(
                                state.getExitCode(),
                                state.getMessage() == null
                                        ? ""
                                        : ": " + state.getMessage().strip());
    }

    private static List<ContainerStatus> containers(Pod pod) {
        if (pod.getStatus() == null) {
            return List.of();
        }
        Set<String> sidecars = pod.getSpec().getInitContainers().stream()
                .filter(PodContainers::isSidecar)
                .map(Container::getName)
                .collect(Collectors.toSet());
        return Stream.concat(
                        Stream.ofNullable(pod.getStatus().getInitContainerStatuses())
                                .flatMap(List::stream)
                                .filter(container -> sidecars.contains(container.getName())),
                        Stream.ofNullable(pod.getStatus().getContainerStatuses())
                                .flatMap(List::stream))
                .toList();
    }
}
