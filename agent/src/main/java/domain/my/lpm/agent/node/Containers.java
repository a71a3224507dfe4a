package domain.my.lpm.agent.node;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.PodReference;
import domain.my.lpm.launcher.linux.Processes;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the containers of a pod on this node: what the API says of them, and their processes by their control groups. */
public final class Containers {
    private static final Pattern CONTAINER_ID = Pattern.compile("[a-z0-9.+-]{1,32}://([A-Za-z0-9_.-]{8,128})");

    private final String node;
    private final ApiServer api;
    private final ControlGroups processes = new ControlGroups();

    /** Those of a node. */
    public Containers(String node, ApiServer api) {
        this.node = node;
        this.api = api;
    }

    /** Whether the API knows no such pod any more. */
    public boolean isGone(PodReference reference) {
        return api.pod(reference.namespace(), reference.name())
                .filter(pod -> pod.getMetadata().getUid().equals(reference.uid()))
                .isEmpty();
    }

    /**
     * Looks for containers of a pod.
     *
     * @param names which; empty: all that run
     * @return the pod, and its containers in the order asked for
     * @throws AgentException NOT_FOUND if there is no such pod here, or a container does not run; ABORTED if the pod was
     *     replaced by another of its name
     */
    public Found find(PodReference reference, List<String> names) {
        Pod pod = api.pod(reference.namespace(), reference.name())
                .orElseThrow(() -> new AgentException(
                        Kind.NOT_FOUND, "there is no pod " + reference + "; it has been deleted, end the migration"));
        if (!reference.uid().equals(pod.getMetadata().getUid())) {
            throw new AgentException(
                    Kind.ABORTED,
                    "pod " + reference + " was replaced by another of the same name, with the uid "
                            + pod.getMetadata().getUid() + "; begin anew with that one");
        }
        if (!node.equals(pod.getSpec().getNodeName())) {
            throw new AgentException(
                    Kind.NOT_FOUND,
                    "pod " + reference + " is on the node " + pod.getSpec().getNodeName() + " and not on " + node
                            + "; ask the agent there");
        }
        Map<String, ContainerStatus> running = running(pod);
        List<String> wanted = names.isEmpty() ? List.copyOf(running.keySet()) : names;
        if (wanted.isEmpty()) {
            throw new AgentException(
                    Kind.NOT_FOUND, "no container of pod " + reference + " runs; look at its status and wait");
        }
        Map<String, String> ids = new LinkedHashMap<>();
        for (String name : wanted) {
            ContainerStatus status = running.get(name);
            if (status == null) {
                throw new AgentException(
                        Kind.NOT_FOUND,
                        "the container '" + name + "' of pod " + reference + " does not run; those that do: "
                                + String.join(", ", new TreeSet<>(running.keySet())));
            }
            ids.put(name, id(reference, status));
        }
        Map<String, Integer> first = processes.firstOf(Set.copyOf(ids.values()));
        List<NodeContainer> found = new ArrayList<>();
        ids.forEach((name, id) -> {
            Integer pid = first.get(id);
            if (pid == null) {
                throw new AgentException(
                        Kind.NOT_FOUND,
                        "the container '" + name + "' of pod " + reference + " (" + id
                                + ") has no process on this node; it has just ended, look at its status");
            }
            found.add(new NodeContainer(name, id, pid, Processes.identity(pid), mounts(pod, name)));
        });
        return new Found(pod, List.copyOf(found));
    }

    /**
     * What was found.
     *
     * @param pod as the API has it
     * @param containers at least one
     */
    public record Found(Pod pod, List<NodeContainer> containers) {}

    /** Those that run: the pod's containers, and before them the init containers that go on beside them. */
    private static Map<String, ContainerStatus> running(Pod pod) {
        if (pod.getStatus() == null) {
            return Map.of();
        }
        Set<String> sidecars = pod.getSpec().getInitContainers().stream()
                .filter(container -> "Always".equals(container.getRestartPolicy()))
                .map(Container::getName)
                .collect(Collectors.toSet());
        return Stream.concat(
                        pod.getStatus().getInitContainerStatuses().stream()
                                .filter(status -> sidecars.contains(status.getName())),
                        pod.getStatus().getContainerStatuses().stream())
                .filter(status -> status.getState() != null
                        && status.getState().getRunning() != null
                        && status.getContainerID() != null)
                .collect(Collectors.toMap(
                        ContainerStatus::getName, status -> status, (one, other) -> one, LinkedHashMap::new));
    }

    private static String id(PodReference pod, ContainerStatus status) {
        var matcher = CONTAINER_ID.matcher(status.getContainerID());
        if (!matcher.matches()) {
            throw new AgentException(
                    Kind.FAILED_PRECONDITION,
                    "the container id '" + status.getContainerID() + "' of pod " + pod
                            + " has a form that is not known; use a CRI runtime");
        }
        return matcher.group(1);
    }

    private static Map<String, String> mounts(Pod pod, String container) {
        return Stream.concat(pod.getSpec().getInitContainers().stream(), pod.getSpec().getContainers().stream())
                .filter(candidate -> candidate.getName().equals(container))
                .flatMap(candidate -> candidate.getVolumeMounts().stream())
                .filter(mount -> mount.getSubPath() == null
                        && mount.getSubPathExpr() == null
                        && !Boolean.TRUE.equals(mount.getReadOnly()))
                .collect(Collectors.toMap(
                        VolumeMount::getName, VolumeMount::getMountPath, (one, other) -> one, LinkedHashMap::new));
    }

    /** The processes of containers, by their control groups. */
    private static final class ControlGroups {
        /**
         * The first process of each container. Of those whose parent is outside (what was executed in a container is, too) it
         * is the one with the id 1 in its own PID namespace; where the pod's containers share one, the oldest.
         */
        Map<String, Integer> firstOf(Set<String> ids) {
            Map<String, Set<Integer>> members = new LinkedHashMap<>();
            Map<String, Pattern> patterns = ids.stream().collect(Collectors.toMap(id -> id, ControlGroups::pattern));
            for (int pid : all()) {
                String groups = String.join("\n", Processes.controlGroups(pid).values());
                patterns.forEach((id, pattern) -> {
                    if (groups.contains(id) && pattern.matcher(groups).find()) {
                        members.computeIfAbsent(id, absent -> new TreeSet<>()).add(pid);
                    }
                });
            }
            Map<String, Integer> first = new LinkedHashMap<>();
            members.forEach((id, pids) -> first(pids).ifPresent(pid -> first.put(id, pid)));
            return first;
        }

        private static Optional<Integer> first(Set<Integer> members) {
            List<Integer> heads = members.stream()
                    .filter(pid -> !members.contains(parent(pid)))
                    .filter(pid ->
                            Processes.state(pid).filter(state -> state != 'Z').isPresent())
                    .toList();
            return heads.stream()
                    .filter(pid -> {
                        List<Integer> inside = Processes.namespaceIds(pid);
                        return inside.size() > 1 && inside.get(inside.size() - 1) == 1;
                    })
                    .findFirst()
                    .or(() -> heads.stream().min(Comparator.naturalOrder()));
        }

        private static int parent(int pid) {
            return Integer.parseInt(Processes.status(pid).getOrDefault("PPid", "0"));
        }

        /** A whole segment of the path: the scope of its monitor, crio-conmon-ID.scope, is another one. */
        private static Pattern pattern(String id) {
            return Pattern.compile(
                    "/(?:crio-|cri-containerd-|cri-o-|docker-|libpod-)?" + Pattern.quote(id) + "(?:\\.scope)?(?:/|$)",
                    Pattern.MULTILINE);
        }

        private static List<Integer> all() {
            String[] names = new java.io.File("/proc")
                    .list((directory, name) ->
                            name.chars().allMatch(character -> character >= '0' && character <= '9'));
            return names == null
                    ? List.of()
                    : Stream.of(names).map(Integer::valueOf).toList();
        }
    }
}
