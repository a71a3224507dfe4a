package domain.my.lpm.sandbox.cluster;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Binds pods to nodes: of those that are ready, not cordoned, whose taints the pod tolerates, and that its node selector and
 * required node affinity allow, the one with the fewest pods. It knows no resources, no preferences, no affinity between pods and
 * no preemption.
 */
public final class Scheduler implements Component {
    private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);
    private static final String NAME = "default-scheduler";
    private static final String UNSCHEDULABLE = "node.kubernetes.io/unschedulable";

    private final KubernetesClient client;
    private final ExecutorService worker = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "scheduler");
        thread.setDaemon(true);
        return thread;
    });
    /** Pods that were bound just now, which the informer may not have seen: their uid and node. */
    private final Map<String, String> bound = new HashMap<>();

    private @Nullable SharedIndexInformer<Pod> pods;
    private @Nullable SharedIndexInformer<Node> nodes;

    /** By a client that is not closed with it. */
    public Scheduler(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public void start() {
        nodes = client.nodes().inform(new Wake<>());
        pods = client.pods().inAnyNamespace().inform(new Wake<>());
        wake();
    }

    @Override
    public void close() {
        worker.shutdownNow();
        if (pods != null) {
            pods.close();
        }
        if (nodes != null) {
            nodes.close();
        }
    }

    private final class Wake<T> implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T added) {
            wake();
        }

        @Override
        public void onUpdate(T before, T after) {
            wake();
        }

        @Override
        public void onDelete(T deleted, boolean unknown) {
            wake();
        }
    }

    private void wake() {
        try {
            worker.execute(() -> {
                try {
                    schedule();
                } catch (RuntimeException failed) {
                    LOG.error("Scheduling failed", failed);
                }
            });
        } catch (RejectedExecutionException closed) {
            LOG.debug("Nothing is scheduled any more", closed);
        }
    }

    private void schedule() {
        if (pods == null || nodes == null) {
            return;
        }
        List<Pod> all = pods.getStore().list();
        List<Node> candidates = nodes.getStore().list();
        Map<String, Integer> load = new HashMap<>();
        bound.keySet()
                .removeIf(uid -> all.stream()
                        .noneMatch(pod -> pod.getMetadata().getUid().equals(uid)
                                && pod.getSpec().getNodeName() == null));
        all.stream()
                .map(pod -> Objects.requireNonNullElse(
                        pod.getSpec().getNodeName(),
                        bound.getOrDefault(pod.getMetadata().getUid(), "")))
                .forEach(node -> load.merge(node, 1, Integer::sum));
        for (Pod pod : all) {
            if (isWaiting(pod)) {
                Optional<String> chosen = choose(pod, candidates, load);
                if (chosen.isPresent()) {
                    bind(pod, chosen.get());
                    load.merge(chosen.get(), 1, Integer::sum);
                } else {
                    explain(pod, candidates.size());
                }
            }
        }
    }

    private boolean isWaiting(Pod pod) {
        return pod.getSpec().getNodeName() == null
                && pod.getMetadata().getDeletionTimestamp() == null
                && pod.getSpec().getSchedulingGates().isEmpty()
                && !bound.containsKey(pod.getMetadata().getUid())
                && NAME.equals(pod.getSpec().getSchedulerName());
    }

    /** The node for a pod; empty when none is fit. */
    static Optional<String> choose(Pod pod, List<Node> nodes, Map<String, Integer> load) {
        return nodes.stream()
                .filter(node -> isFit(pod.getSpec(), node))
                .map(node -> node.getMetadata().getName())
                .min(Comparator.comparing((String name) -> load.getOrDefault(name, 0))
                        .thenComparing(name -> name));
    }

    private static boolean isFit(PodSpec pod, Node node) {
        boolean ready = node.getStatus() != null
                && node.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("True"));
        return ready && isTolerated(pod, node) && isSelected(pod, node);
    }

    private static boolean isTolerated(PodSpec pod, Node node) {
        List<Taint> taints = new ArrayList<>(node.getSpec().getTaints());
        if (Boolean.TRUE.equals(node.getSpec().getUnschedulable())) {
            taints.add(new Taint("NoSchedule", UNSCHEDULABLE, null, null));
        }
        return taints.stream()
                .filter(taint -> !taint.getEffect().equals("PreferNoSchedule"))
                .allMatch(taint -> pod.getTolerations().stream().anyMatch(toleration -> tolerates(toleration, taint)));
    }

    private static boolean tolerates(Toleration toleration, Taint taint) {
        boolean effect =
                toleration.getEffect() == null || toleration.getEffect().equals(taint.getEffect());
        boolean every = toleration.getKey() == null || toleration.getKey().isEmpty();
        if ("Exists".equals(toleration.getOperator())) {
            return effect && (every || taint.getKey().equals(toleration.getKey()));
        }
        return effect
                && taint.getKey().equals(toleration.getKey())
                && Objects.requireNonNullElse(taint.getValue(), "")
                        .equals(Objects.requireNonNullElse(toleration.getValue(), ""));
    }

    private static boolean isSelected(PodSpec pod, Node node) {
        Map<String, String> labels =
                Objects.requireNonNullElse(node.getMetadata().getLabels(), Map.of());
        if (pod.getNodeSelector() != null
                && !labels.entrySet().containsAll(pod.getNodeSelector().entrySet())) {
            return false;
        }
        if (pod.getAffinity() == null
                || pod.getAffinity().getNodeAffinity() == null
                || pod.getAffinity().getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution() == null) {
            return true;
        }
        Map<String, String> fields = Map.of("metadata.name", node.getMetadata().getName());
        return pod
                .getAffinity()
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms()
                .stream()
                .anyMatch(term -> matches(term, labels, fields));
    }

    private static boolean matches(NodeSelectorTerm term, Map<String, String> labels, Map<String, String> fields) {
        return !(term.getMatchExpressions().isEmpty() && term.getMatchFields().isEmpty())
                && term.getMatchExpressions().stream().allMatch(requirement -> holds(requirement, labels))
                && term.getMatchFields().stream().allMatch(requirement -> holds(requirement, fields));
    }

    private static boolean holds(NodeSelectorRequirement requirement, Map<String, String> values) {
        String value = values.get(requirement.getKey());
        List<String> wanted = requirement.getValues();
        return switch (requirement.getOperator()) {
            case "In" -> value != null && wanted.contains(value);
            case "NotIn" -> value == null || !wanted.contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> value != null && Long.parseLong(value) > Long.parseLong(wanted.get(0));
            case "Lt" -> value != null && Long.parseLong(value) < Long.parseLong(wanted.get(0));
            default -> false;
        };
    }

    private void bind(Pod pod, String node) {
        String namespace = pod.getMetadata().getNamespace();
        String name = pod.getMetadata().getName();
        try {
            client.raw(
                    "/api/v1/namespaces/" + namespace + "/pods/" + name + "/binding",
                    "POST",
                    Map.of(
                            "apiVersion",
                            "v1",
                            "kind",
                            "Binding",
                            "metadata",
                            Map.of("name", name),
                            "target",
                            Map.of("apiVersion", "v1", "kind", "Node", "name", node)));
            bound.put(pod.getMetadata().getUid(), node);
        } catch (KubernetesClientException gone) {
            LOG.debug("The pod {} was not bound: {}", name, gone.getMessage());
        }
    }

    /** Says on the pod that no node is fit, once. */
    private void explain(Pod pod, int nodeCount) {
        String message =
                "0/%d nodes are available: none is ready, lets itself be scheduled and fits the pod's selectors"
                        .formatted(nodeCount);
        boolean said = pod.getStatus().getConditions().stream()
                .anyMatch(condition ->
                        condition.getType().equals("PodScheduled") && message.equals(condition.getMessage()));
        if (said) {
            return;
        }
        Map<String, Object> condition = Map.of(
                "type",
                "PodScheduled",
                "status",
                "False",
                "reason",
                "Unschedulable",
                "message",
                message,
                "lastTransitionTime",
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        try {
            client.resource(pod)
                    .subresource("status")
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            client.getKubernetesSerialization()
                                    .asJson(Map.of("status", Map.of("conditions", List.of(condition)))));
        } catch (KubernetesClientException gone) {
            LOG.debug("The pod {} was not told: {}", pod.getMetadata().getName(), gone.getMessage());
        }
    }
}
