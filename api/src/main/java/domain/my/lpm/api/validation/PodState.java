package domain.my.lpm.api.validation;

import domain.my.lpm.api.PodContainers;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What keeps a pod's processes from being dumped, as far as the kubelet tells it. */
final class PodState {
    private PodState() {}

    /** Why {@code pod} does not run as a whole, one sentence a cause; empty when it does. */
    static List<String> obstacles(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        if (!"Running".equals(phase)) {
            return List.of("its phase is " + (phase == null ? "not known" : phase));
        }
        List<String> obstacles = new ArrayList<>();
        for (Container container : pod.getSpec().getContainers()) {
            mustRun("container", container, pod.getStatus().getContainerStatuses(), obstacles);
        }
        for (Container container : pod.getSpec().getInitContainers()) {
            List<ContainerStatus> statuses = pod.getStatus().getInitContainerStatuses();
            if (PodContainers.isSidecar(container)) {
                mustRun("sidecar", container, statuses, obstacles);
                continue;
            }
            // The kubelet may have forgotten those that finished; the pod's phase says that they did.
            status(statuses, container.getName())
                    .flatMap(PodState::finished)
                    .map(why -> "init container '%s' %s".formatted(container.getName(), why))
                    .ifPresent(obstacles::add);
        }
        return obstacles;
    }

    private static void mustRun(
            String kind, Container container, List<ContainerStatus> statuses, List<String> obstacles) {
        status(statuses, container.getName())
                .ifPresentOrElse(
                        status -> running(status)
                                .map(why -> "%s '%s' %s".formatted(kind, container.getName(), why))
                                .ifPresent(obstacles::add),
                        () -> obstacles.add("%s '%s' has no status yet".formatted(kind, container.getName())));
    }

    private static Optional<ContainerStatus> status(List<ContainerStatus> statuses, String container) {
        return statuses.stream()
                .filter(status -> container.equals(status.getName()))
                .findFirst();
    }

    private static Optional<String> running(ContainerStatus status) {
        ContainerState state = status.getState();
        if (state == null || state.getRunning() == null) {
            return Optional.of("does not run" + reason(state));
        }
        // False as long as its start-up probe fails, which is so of a copy that stands by, too.
        return Boolean.FALSE.equals(status.getStarted())
                ? Optional.of("has not started yet, says its start-up probe")
                : Optional.empty();
    }

    private static Optional<String> finished(ContainerStatus status) {
        ContainerState state = status.getState();
        boolean done = state != null
                && state.getTerminated() != null
                && Integer.valueOf(0).equals(state.getTerminated().getExitCode());
        return done ? Optional.empty() : Optional.of("has not finished" + reason(state));
    }

    private static String reason(ContainerState state) {
        String reason = null;
        if (state != null && state.getWaiting() != null) {
            reason = state.getWaiting().getReason();
        } else if (state != null && state.getTerminated() != null) {
            reason = state.getTerminated().getReason();
        }
        return reason == null ? "" : " (" + reason + ")";
    }
}
