package domain.my.lpm.sandbox.cluster.node;

import domain.my.lpm.sandbox.cluster.node.ContainerRecord.Role;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HostIP;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The status of a pod, from what its kubelet knows. */
final class PodStatuses {
    private static final List<String> OURS = List.of("Initialized", "ContainersReady", "Ready");

    private PodStatuses() {}

    /**
     * Where and since when a pod runs.
     *
     * @param podAddress empty while it has none
     * @param failure why it cannot be run, if it cannot
     */
    record Place(Instant start, Optional<String> podAddress, String hostAddress, Optional<String> failure) {}

    static PodStatus of(
            Pod pod, List<ContainerRecord> containers, Place place, Predicate<ContainerRecord> isRestarted) {
        List<ContainerRecord> main = containers.stream()
                .filter(container -> container.role() == Role.MAIN)
                .toList();
        List<ContainerRecord> init = containers.stream()
                .filter(container -> container.role() != Role.MAIN)
                .toList();
        String phase = phase(main, init, isRestarted);
        boolean initialized = main.stream().anyMatch(ContainerRecord::wasStarted)
                || init.stream()
                        .allMatch(container ->
                                container.role() == Role.INIT ? container.hasSucceeded() : container.isStarted());
        boolean ready = phase.equals("Running")
                && containers.stream()
                        .filter(container -> container.role() != Role.INIT)
                        .allMatch(ContainerRecord::isReady);
        PodStatusBuilder status = new PodStatusBuilder()
                .withPhase(phase)
                .withStartTime(Optional.ofNullable(pod.getStatus())
                        .map(PodStatus::getStartTime)
                        .orElse(ContainerRecord.seconds(place.start())))
                .withHostIP(place.hostAddress())
                .withHostIPs(new HostIP(place.hostAddress()))
                .withMessage(place.failure().orElse(null))
                .withInitContainerStatuses(statuses(init, isRestarted))
                .withContainerStatuses(statuses(main, isRestarted));
        place.podAddress().ifPresent(address -> status.withPodIP(address).withPodIPs(new PodIP(address)));
        List<PodCondition> conditions = new ArrayList<>();
        List<PodCondition> known =
                pod.getStatus() == null ? List.of() : pod.getStatus().getConditions();
        known.stream().filter(condition -> !OURS.contains(condition.getType())).forEach(conditions::add);
        conditions.add(condition(known, "Initialized", initialized));
        conditions.add(condition(known, "ContainersReady", ready));
        conditions.add(condition(known, "Ready", ready));
        return status.withConditions(conditions).build();
    }

    private static List<ContainerStatus> statuses(
            List<ContainerRecord> containers, Predicate<ContainerRecord> isRestarted) {
        return containers.stream()
                .map(container -> container.status(container.hasEnded() && isRestarted.test(container)))
                .toList();
    }

    private static String phase(
            List<ContainerRecord> main, List<ContainerRecord> init, Predicate<ContainerRecord> isRestarted) {
        if (init.stream()
                .anyMatch(container -> container.role() == Role.INIT
                        && container.hasEnded()
                        && !container.hasSucceeded()
                        && !isRestarted.test(container))) {
            return "Failed";
        }
        if (main.stream().anyMatch(container -> !container.wasStarted())) {
            return "Pending";
        }
        if (main.stream().anyMatch(container -> container.isRunning() || isRestarted.test(container))) {
            return "Running";
        }
        return main.stream().allMatch(ContainerRecord::hasSucceeded) ? "Succeeded" : "Failed";
    }

    private static PodCondition condition(List<PodCondition> known, String type, boolean holds) {
        String status = holds ? "True" : "False";
        String since = known.stream()
                .filter(condition -> condition.getType().equals(type)
                        && condition.getStatus().equals(status))
                .map(PodCondition::getLastTransitionTime)
                .findFirst()
                .orElseGet(() -> ContainerRecord.seconds(Instant.now()));
        return new PodConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withLastTransitionTime(since)
                .withReason(
                        holds ? null : type.equals("Initialized") ? "ContainersNotInitialized" : "ContainersNotReady")
                .build();
    }
}
