package domain.my.lpm.api.validation;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.migration.HandOver;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.node.Capability;
import domain.my.lpm.api.node.CapabilityStatus;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.api.node.MigrationNodeStatus;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What of the two nodes stands in the way. */
final class NodeBlockers {
    /** Features listed in a message; a processor of another make lacks dozens. */
    private static final int FEATURES_SHOWN = 12;

    private final PodMigration migration;
    private final MigrationFacts facts;
    private final Pod pod;
    private final String podName;

    /** Null: not scheduled. */
    private final @Nullable String source;

    NodeBlockers(PodMigration migration, MigrationFacts facts, Pod pod) {
        this.migration = migration;
        this.facts = facts;
        this.pod = pod;
        podName = pod.getMetadata().getName();
        source = pod.getSpec().getNodeName();
    }

    void collect(List<Blocker> blockers) {
        if (source != null) {
            ofSource(source, blockers);
        }
        ofTargetAlone(migration, facts, blockers);
        target(migration, facts).ifPresent(target -> ofTarget(target, blockers));
    }

    /** What is wrong with the target node whatever the pod. */
    static void ofTargetAlone(PodMigration migration, MigrationFacts facts, List<Blocker> blockers) {
        Optional<String> name = target(migration, facts);
        if (name.isEmpty()) {
            return;
        }
        String target = name.get();
        if (facts.targetNode().isEmpty()) {
            blockers.add(new Blocker(
                    Reasons.TARGET_NODE_NOT_FOUND,
                    "there is no node '%s', so that nothing can be moved there; name a node of this cluster, or none to have one chosen"
                            .formatted(target)));
            return;
        }
        Node node = facts.targetNode().get();
        if (!isReady(node)) {
            blockers.add(new Blocker(
                    Reasons.TARGET_NODE_NOT_READY,
                    "node '%s' is not ready, so that the copy would not start; wait until it is, or name another"
                            .formatted(target)));
        }
        if (node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable())) {
            blockers.add(new Blocker(
                    Reasons.TARGET_NODE_UNSCHEDULABLE,
                    "node '%s' is cordoned, so that it is to take no more pods; uncordon it, or name another"
                            .formatted(target)));
        }
        agent(target, "target", facts.targetMigrationNode()).ifPresent(blockers::add);
    }

    private void ofSource(String node, List<Blocker> blockers) {
        agent(node, "source", facts.sourceMigrationNode()).ifPresent(blockers::add);
        Optional<MigrationNodeStatus> known = facts.sourceMigrationNode().map(MigrationNode::getStatus);
        known.ifPresent(status -> {
            checkpoint(node, status).ifPresent(blockers::add);
            if (migration.getSpec().getHandOver() == HandOver.EXACTLY_ONCE && !status.can(Capability.HOLD)) {
                blockers.add(new Blocker(
                        Reasons.HOLD_UNAVAILABLE,
                        "node '%s' cannot keep pod '%s' stopped after its checkpoint%s, so that instructions would run on both sides; move"
                                        .formatted(node, podName, why(status, Capability.HOLD))
                                + " that out of the way, or set handOver to AtLeastOnce if they may"));
            }
        });
    }

    private Optional<Blocker> checkpoint(String node, MigrationNodeStatus status) {
        boolean byKubelet = status.can(Capability.CHECKPOINT);
        boolean byLauncher = status.getCriuVersion() != null;
        @Nullable CheckpointMethod method = migration.getSpec().getCheckpointMethod();
        String kubelet = "the kubelet takes no checkpoints there%s".formatted(why(status, Capability.CHECKPOINT));
        if (MigrationBlockers.usableMode(migration, pod)
                .filter(RestoreMode.CRI_O::equals)
                .isPresent()) {
            return byKubelet
                    ? Optional.empty()
                    : Optional.of(unavailable(
                            node, kubelet + ", and a runtime restores no other", "set restoreMode to self-restore"));
        }
        String launcher = "the launcher has no CRIU there";
        if (method == null) {
            return byKubelet || byLauncher
                    ? Optional.empty()
                    : Optional.of(unavailable(
                            node,
                            kubelet + ", and " + launcher,
                            "let one of them, as the agent's log on the node says"));
        }
        return switch (method) {
            case KUBELET ->
                byKubelet
                        ? Optional.empty()
                        : Optional.of(unavailable(node, kubelet, "set checkpointMethod to launcher or leave it out"));
            case LAUNCHER ->
                byLauncher
                        ? Optional.empty()
                        : Optional.of(unavailable(node, launcher, "set checkpointMethod to kubelet or leave it out"));
        };
    }

    private Blocker unavailable(String node, String why, String remedy) {
        return new Blocker(
                Reasons.CHECKPOINT_UNAVAILABLE,
                "no checkpoint can be taken of pod '%s' on node '%s', because %s; %s"
                        .formatted(podName, node, why, remedy));
    }

    private void ofTarget(String target, List<Blocker> blockers) {
        boolean sameNode = target.equals(source);
        if (sameNode && !migration.getSpec().getAllowSameNode()) {
            blockers.add(new Blocker(
                    Reasons.TARGET_NODE_IS_SOURCE,
                    "pod '%s' runs on node '%s' already, so that nothing would be gained; name another node, or set allowSameNode"
                            .formatted(podName, target)));
        }
        facts.targetNode().ifPresent(node -> placement(target, node, blockers));
        Optional<MigrationNodeStatus> to = facts.targetMigrationNode().map(MigrationNode::getStatus);
        Optional<MigrationNodeStatus> from = facts.sourceMigrationNode().map(MigrationNode::getStatus);
        if (!sameNode) {
            architecture(target, from, to).ifPresent(blockers::add);
        }
        to.ifPresent(status -> {
            if (!sameNode) {
                from.ifPresent(there -> features(target, there, status).ifPresent(blockers::add));
            }
            criu(target, from, status).ifPresent(blockers::add);
            restore(target, status, blockers);
        });
    }

    private void placement(String target, Node node, List<Blocker> blockers) {
        List<Taint> taints = Placement.untolerated(pod, node);
        if (!taints.isEmpty()) {
            blockers.add(new Blocker(
                    Reasons.TARGET_NODE_TAINTED,
                    "node '%s' has the taint %s, which pod '%s' does not tolerate; name another node, or create the pod with a toleration"
                            .formatted(
                                    target,
                                    taints.stream().map(NodeBlockers::text).collect(Collectors.joining(", ")),
                                    podName)));
        }
        Map<String, String> missing = Placement.missing(pod, node);
        if (!missing.isEmpty()) {
            blockers.add(new Blocker(
                    Reasons.TARGET_NODE_DOES_NOT_FIT,
                    "node '%s' lacks the label %s, for which the nodeSelector of pod '%s' asks; name a node that has it"
                            .formatted(
                                    target,
                                    missing.entrySet().stream()
                                            .map(label -> label.getKey() + "=" + label.getValue())
                                            .collect(Collectors.joining(", ")),
                                    podName)));
        }
        if (!Placement.affinityAdmits(pod, node)) {
            blockers.add(new Blocker(
                    Reasons.TARGET_NODE_DOES_NOT_FIT,
                    "the required node affinity of pod '%s' excludes node '%s'; name a node that it admits"
                            .formatted(podName, target)));
        }
    }

    private Optional<Blocker> architecture(
            String target, Optional<MigrationNodeStatus> from, Optional<MigrationNodeStatus> to) {
        Optional<String> there = from.map(MigrationNodeStatus::getArchitecture);
        Optional<String> here = to.map(MigrationNodeStatus::getArchitecture)
                .or(() -> facts.targetNode()
                        .map(Node::getStatus)
                        .map(status -> status.getNodeInfo())
                        .map(info -> info.getArchitecture()));
        return there.isPresent() && here.isPresent() && !there.equals(here)
                ? Optional.of(new Blocker(
                        Reasons.ARCHITECTURE_DIFFERS,
                        "pod '%s' runs on %s and node '%s' is %s, where its instructions mean nothing; name a node that is %s"
                                .formatted(podName, there.get(), target, here.get(), there.get())))
                : Optional.empty();
    }

    private Optional<Blocker> features(String target, MigrationNodeStatus from, MigrationNodeStatus to) {
        // Another architecture has none of them, and a blocker of its own; an agent that lists none does not know.
        if (to.getCpuFeatures().isEmpty() || !Objects.equals(from.getArchitecture(), to.getArchitecture())) {
            return Optional.empty();
        }
        List<String> missing = from.getCpuFeatures().stream()
                .filter(feature -> !to.getCpuFeatures().contains(feature))
                .sorted()
                .toList();
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        String shown = missing.stream().limit(FEATURES_SHOWN).collect(Collectors.joining(", "))
                + (missing.size() > FEATURES_SHOWN ? " and %d more".formatted(missing.size() - FEATURES_SHOWN) : "");
        return Optional.of(new Blocker(
                Reasons.CPU_FEATURES_MISSING,
                "the processor of node '%s' lacks %s, which pod '%s' may have begun to use; name a node whose processor has them"
                        .formatted(target, shown, podName)));
    }

    private static Optional<Blocker> criu(String target, Optional<MigrationNodeStatus> from, MigrationNodeStatus to) {
        String here = to.getCriuVersion();
        if (here == null) {
            return Optional.of(new Blocker(
                    Reasons.CRIU_MISSING,
                    "node '%s' has no CRIU that runs, so that nothing can be restored there; look into its agent's log, or name another"
                            .formatted(target)));
        }
        return from.map(MigrationNodeStatus::getCriuVersion)
                .filter(there -> Versions.compare(here, there) < 0)
                .map(there -> new Blocker(
                        Reasons.CRIU_TOO_OLD,
                        "node '%s' has CRIU %s, which does not read what CRIU %s of the source writes; upgrade it, or name another node"
                                .formatted(target, here, there)));
    }

    private void restore(String target, MigrationNodeStatus status, List<Blocker> blockers) {
        MigrationBlockers.usableMode(migration, pod).ifPresent(mode -> {
            Capability needed = switch (mode) {
                case SELF_RESTORE -> Capability.SELF_RESTORE;
                case CRI_O -> Capability.CRI_O_RESTORE;
                case NONE -> throw new IllegalStateException("mode none is not usable");
            };
            if (!status.can(needed)) {
                String other = (mode == RestoreMode.CRI_O ? RestoreMode.SELF_RESTORE : RestoreMode.CRI_O).value();
                blockers.add(new Blocker(
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        "node '%s' cannot restore pod '%s' by %s%s; move that out of the way, set restoreMode to %s, or name another node"
                                .formatted(target, podName, mode.value(), why(status, needed), other)));
            }
        });
    }

    private static Optional<Blocker> agent(String node, String role, Optional<MigrationNode> told) {
        if (told.isEmpty()) {
            return Optional.of(new Blocker(
                    Reasons.AGENT_UNREACHABLE,
                    "there is no MigrationNode '%s', so that no agent works on the %s node; deploy the agent there"
                            .formatted(node, role)));
        }
        return Optional.ofNullable(told.get().getStatus())
                .flatMap(status -> Conditions.find(status.getConditions(), ConditionTypes.READY))
                .filter(ready -> !"True".equals(ready.getStatus()))
                .map(ready -> new Blocker(
                        Reasons.AGENT_UNREACHABLE,
                        "the agent of the %s node '%s' is not ready%s; look into its log there"
                                .formatted(role, node, message(ready))));
    }

    private static String message(Condition condition) {
        return condition.getMessage() == null || condition.getMessage().isEmpty()
                ? ""
                : " (" + condition.getMessage() + ")";
    }

    private static Optional<String> target(PodMigration migration, MigrationFacts facts) {
        return Optional.ofNullable(migration.getSpec().getTargetNode())
                .or(() -> facts.targetNode().map(node -> node.getMetadata().getName()));
    }

    private static boolean isReady(Node node) {
        return node.getStatus() != null
                && node.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                "Ready".equals(condition.getType()) && "True".equals(condition.getStatus()));
    }

    private static String why(MigrationNodeStatus status, Capability capability) {
        return status.getCapabilities().stream()
                .filter(told -> told.name() == capability)
                .findFirst()
                .map(CapabilityStatus::reason)
                .map(reason -> " (" + reason.strip() + ")")
                .orElse("");
    }

    private static String text(Taint taint) {
        return taint.getKey() + (taint.getValue() == null ? "" : "=" + taint.getValue()) + ":" + taint.getEffect();
    }
}
