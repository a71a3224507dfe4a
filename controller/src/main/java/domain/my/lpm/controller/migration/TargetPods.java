package domain.my.lpm.controller.migration;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.CheckpointReference;
import domain.my.lpm.api.PodContainers;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.SchedulingGates;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSchedulingGate;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The copy of a pod, as it is created: a pure function. */
public final class TargetPods {
    /** The init container by which the webhook brings the entry; the webhook counts on it in a pod that it has seen before. */
    private static final String INSTALLER = "lpm-install";

    private static final String HOST_NAME_LABEL = "kubernetes.io/hostname";
    private static final Set<String> VOLUMES_OF_THE_WEBHOOK = Set.of("lpm", "lpm-repository", "lpm-pod");

    /** What others have written about one pod on one node. */
    private static final List<String> FOREIGN = List.of(
            "kubectl.kubernetes.io/last-applied-configuration",
            "k8s.v1.cni.cncf.io/network-status",
            "cni.projectcalico.org/",
            "k8s.ovn.org/");

    private TargetPods() {}

    /**
     * The copy of {@code source}: all of it but what the API server, a node or an owner has set. Init containers that have done
     * their work are left out; sidecars go on as the containers do.
     *
     * @param name of the copy
     * @param targetNode its node; empty: any but that of the source
     * @param mode who restores it; where it is the copy itself, it has the gate {@link SchedulingGates#UNPREPARED}
     * @param checkpoint what it goes on from; by it {@link #isCopy} knows the copy again
     */
    public static Pod copy(
            Pod source, String name, Optional<String> targetNode, RestoreMode mode, CheckpointReference checkpoint) {
        PodSpec spec = Serialization.clone(source.getSpec());
        String sourceNode = spec.getNodeName();
        spec.setNodeName(targetNode.orElse(null));
        spec.setEphemeralContainers(null);
        spec.setSchedulingGates(
                mode == RestoreMode.SELF_RESTORE ? List.of(new PodSchedulingGate(SchedulingGates.UNPREPARED)) : null);
        spec.setInitContainers(spec.getInitContainers().stream()
                .filter(container -> PodContainers.isSidecar(container) || INSTALLER.equals(container.getName()))
                .toList());
        if (spec.getNodeSelector() != null) {
            Map<String, String> selector = new LinkedHashMap<>(spec.getNodeSelector());
            selector.remove(HOST_NAME_LABEL);
            spec.setNodeSelector(selector.isEmpty() ? null : selector);
        }
        if (targetNode.isEmpty() && sourceNode != null) {
            spec.setAffinity(avoiding(sourceNode, spec.getAffinity()));
        } else if (source.getMetadata().getAnnotations() != null
                && source.getMetadata().getAnnotations().containsKey(Annotations.SOURCE_POD)) {
            avoidNothing(spec.getAffinity());
        }
        return new PodBuilder()
                .withMetadata(metadata(source, name, mode, checkpoint))
                .withSpec(spec)
                .build();
    }

    /**
     * The copy for a container runtime that restores checkpoint images, by the names of their containers. No registry has them.
     * What has ended is not restarted: the kubelet would restore it from the checkpoint once more, and what it had done since would
     * be done twice.
     */
    public static Pod withImages(Pod copy, Map<String, String> images) {
        Pod changed = Serialization.clone(copy);
        changed.getSpec().setRestartPolicy("Never");
        for (Container container : PodContainers.lasting(changed.getSpec())) {
            Optional.ofNullable(images.get(container.getName())).ifPresent(image -> {
                container.setImage(image);
                container.setImagePullPolicy("Never");
            });
        }
        return changed;
    }

    /** Whether {@code pod} was made to go on from {@code checkpoint}. */
    public static boolean isCopy(Pod pod, CheckpointReference checkpoint) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return annotations != null && checkpoint.toString().equals(annotations.get(Annotations.CHECKPOINT_PATH));
    }

    /** Whether no webhook has prepared the copy, which stays off every node then. */
    public static boolean isUnprepared(Pod copy) {
        return copy.getSpec().getSchedulingGates().stream()
                .anyMatch(gate -> gate.getName().equals(SchedulingGates.UNPREPARED));
    }

    /** What to do about a copy that {@linkplain #isUnprepared no webhook has prepared}: a sentence. */
    public static String unprepared(String copy) {
        return ("no webhook has prepared the copy '%s', which would begin anew; see that the webhook runs, and that its"
                        + " MutatingWebhookConfiguration is there and takes in this namespace")
                .formatted(copy);
    }

    /** The emptyDir volumes whose content moves: those that a container mounts as a whole and can write to. */
    public static List<String> volumes(Pod source) {
        boolean injected = source.getMetadata().getAnnotations() != null
                && source.getMetadata().getAnnotations().containsKey(Annotations.INJECTED);
        return source.getSpec().getVolumes().stream()
                .filter(volume -> volume.getEmptyDir() != null)
                .map(volume -> volume.getName())
                .filter(volume -> !(injected && VOLUMES_OF_THE_WEBHOOK.contains(volume)))
                .filter(volume -> PodContainers.lasting(source.getSpec()).stream()
                        .flatMap(container -> container.getVolumeMounts().stream())
                        .anyMatch(mount -> volume.equals(mount.getName())
                                && mount.getSubPath() == null
                                && mount.getSubPathExpr() == null
                                && !Boolean.TRUE.equals(mount.getReadOnly())))
                .toList();
    }

    private static ObjectMeta metadata(Pod source, String name, RestoreMode mode, CheckpointReference checkpoint) {
        Map<String, String> annotations = new LinkedHashMap<>();
        if (source.getMetadata().getAnnotations() != null) {
            source.getMetadata().getAnnotations().forEach((key, value) -> {
                if (FOREIGN.stream().noneMatch(key::startsWith)) {
                    annotations.put(key, value);
                }
            });
        }
        annotations.put(Annotations.CHECKPOINT_PATH, checkpoint.toString());
        annotations.put(Annotations.SOURCE_POD, source.getMetadata().getName());
        annotations.put(Annotations.RESTORE_MODE, mode.value());
        return new ObjectMetaBuilder()
                .withNamespace(source.getMetadata().getNamespace())
                .withName(name)
                .withLabels(source.getMetadata().getLabels())
                .withAnnotations(annotations)
                .build();
    }

    /** Takes back what {@link #avoiding} put into a copy that moves on. */
    private static void avoidNothing(@Nullable Affinity affinity) {
        if (affinity == null
                || affinity.getNodeAffinity() == null
                || affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution() == null) {
            return;
        }
        NodeSelector required = affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution();
        required.getNodeSelectorTerms()
                .forEach(term -> term.setMatchFields(term.getMatchFields().stream()
                        .filter(field -> !isAvoidance(field))
                        .toList()));
        if (required.getNodeSelectorTerms().stream()
                .anyMatch(term -> term.getMatchFields().isEmpty()
                        && term.getMatchExpressions().isEmpty())) {
            affinity.getNodeAffinity().setRequiredDuringSchedulingIgnoredDuringExecution(null);
        }
    }

    private static boolean isAvoidance(NodeSelectorRequirement field) {
        return field.getKey().equals("metadata.name") && field.getOperator().equals("NotIn");
    }

    private static Affinity avoiding(String node, Affinity present) {
        Affinity affinity = present == null ? new Affinity() : present;
        if (affinity.getNodeAffinity() == null) {
            affinity.setNodeAffinity(new NodeAffinity());
        }
        NodeAffinity nodes = affinity.getNodeAffinity();
        NodeSelector required = nodes.getRequiredDuringSchedulingIgnoredDuringExecution();
        if (required == null) {
            required = new NodeSelector();
            nodes.setRequiredDuringSchedulingIgnoredDuringExecution(required);
        }
        NodeSelectorRequirement elsewhere = new NodeSelectorRequirement("metadata.name", "NotIn", List.of(node));
        // One of the terms must hold, and of a term everything.
        List<NodeSelectorTerm> terms = required.getNodeSelectorTerms().isEmpty()
                ? List.of(new NodeSelectorTerm())
                : required.getNodeSelectorTerms();
        for (NodeSelectorTerm term : terms) {
            List<NodeSelectorRequirement> fields = new ArrayList<>();
            for (NodeSelectorRequirement field : term.getMatchFields()) {
                if (!isAvoidance(field)) {
                    fields.add(field);
                }
            }
            fields.add(elsewhere);
            term.setMatchFields(fields);
        }
        required.setNodeSelectorTerms(terms);
        return affinity;
    }
}
