package domain.my.lpm.api.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.migration.HandOver;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationStrategy;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.SourcePod;
import domain.my.lpm.api.migration.TargetPod;
import domain.my.lpm.api.node.Capability;
import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MigrationBlockersTest {
    /**
     * @param about what is wrong
     * @param change makes it so
     * @param reason of the only blocker
     * @param message of it
     */
    private record Case(String about, Consumer<Scene> change, String reason, String message) {
        @Override
        public String toString() {
            return about;
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                        pod(),
                        state(),
                        mode(),
                        source(),
                        target(),
                        placement(),
                        machine(),
                        restore(),
                        volumes(),
                        others())
                .flatMap(cases -> cases);
    }

    private static Stream<Case> pod() {
        return Stream.of(
                new Case(
                        "the pod is gone",
                        scene -> scene.pod = Optional.empty(),
                        Reasons.POD_NOT_FOUND,
                        "there is no pod 'counter' in namespace 'shop', so that nothing can be moved; name a pod that runs"),
                new Case(
                        "the pod is another one of the same name",
                        scene -> {
                            scene.migration.setStatus(new PodMigrationStatus());
                            scene.migration.getStatus().setSourcePod(new SourcePod("uid-0", "node-a"));
                        },
                        Reasons.POD_REPLACED,
                        "pod 'counter' has the uid uid-1 and not uid-0 any more, so that it is another one than the migration began with;"
                                + " create another PodMigration if that is to be moved"),
                new Case(
                        "the pod is being deleted",
                        scene -> scene.pod().getMetadata().setDeletionTimestamp("2026-01-31T12:00:00Z"),
                        Reasons.POD_BEING_DELETED,
                        "pod 'counter' is being deleted, so that its copy would outlive it against somebody's will; create the pod anew"),
                new Case(
                        "a controller owns the pod",
                        scene -> scene.pod()
                                .getMetadata()
                                .getOwnerReferences()
                                .add(new OwnerReferenceBuilder()
                                        .withKind("ReplicaSet")
                                        .withName("counter-7d9")
                                        .withController(true)
                                        .build()),
                        Reasons.POD_OWNED,
                        "pod 'counter' belongs to ReplicaSet 'counter-7d9', which would delete the copy or the source or start a third;"
                                + " move pods that nobody owns, or drain the node as usual"),
                new Case(
                        "the pod lives in its node's namespaces",
                        scene -> {
                            scene.pod().getSpec().setHostNetwork(true);
                            scene.pod().getSpec().setHostPID(true);
                            scene.pod().getSpec().setHostIPC(true);
                        },
                        Reasons.POD_USES_HOST_NAMESPACES,
                        "pod 'counter' has hostNetwork and hostPID and hostIPC, so that its processes hold what belongs to their node;"
                                + " create it without"));
    }

    private static Stream<Case> state() {
        String wait = "; wait until all of it runs";
        String prefix =
                "pod 'counter' does not run as a whole, so that there is nothing complete to take a checkpoint of: ";
        return Stream.of(
                        Map.<String, Consumer<Scene>>entry(
                                "its phase is Pending",
                                scene -> scene.pod().getStatus().setPhase("Pending")),
                        Map.<String, Consumer<Scene>>entry(
                                "its phase is Succeeded",
                                scene -> scene.pod().getStatus().setPhase("Succeeded")),
                        Map.<String, Consumer<Scene>>entry(
                                "its phase is not known",
                                scene -> scene.pod().getStatus().setPhase(null)),
                        Map.<String, Consumer<Scene>>entry(
                                "container 'app' does not run (CrashLoopBackOff), container 'side' has no status yet",
                                scene -> {
                                    scene.pod().getSpec().getContainers().add(Scene.container("side"));
                                    scene.pod()
                                            .getStatus()
                                            .setContainerStatuses(new ArrayList<>(List.of(new ContainerStatusBuilder()
                                                    .withName("app")
                                                    .withNewState()
                                                    .withNewWaiting()
                                                    .withReason("CrashLoopBackOff")
                                                    .endWaiting()
                                                    .endState()
                                                    .build())));
                                }),
                        Map.<String, Consumer<Scene>>entry(
                                "container 'app' has not started yet, says its start-up probe",
                                scene -> scene.pod()
                                        .getStatus()
                                        .getContainerStatuses()
                                        .get(0)
                                        .setStarted(false)),
                        Map.<String, Consumer<Scene>>entry("init container 'fetch' has not finished (Error)", scene -> {
                            scene.pod().getSpec().getInitContainers().add(Scene.container("fetch"));
                            scene.addInitStatus(Scene.ended("fetch", 1, "Error"));
                        }),
                        Map.<String, Consumer<Scene>>entry("sidecar 'proxy' has no status yet", scene -> {
                            scene.addSidecar("proxy");
                        }),
                        Map.<String, Consumer<Scene>>entry("sidecar 'proxy' does not run (Completed)", scene -> {
                            scene.addSidecar("proxy");
                            scene.addInitStatus(Scene.ended("proxy", 0, "Completed"));
                        }))
                .map(state -> new Case(
                        state.getKey(), state.getValue(), Reasons.POD_NOT_RUNNING, prefix + state.getKey() + wait));
    }

    private static Stream<Case> mode() {
        return Stream.of(
                new Case(
                        "the pod opted out",
                        scene -> {
                            scene.annotate(Annotations.RESTORE_MODE, "none");
                            scene.migration.getSpec().setRestoreMode(RestoreMode.SELF_RESTORE);
                        },
                        Reasons.POD_OPTED_OUT,
                        "pod 'counter' opted out by the annotation migration.restore-mode: none; remove the annotation if it may be moved"),
                new Case(
                        "the annotation is none of the words",
                        scene -> scene.annotate(Annotations.RESTORE_MODE, "magic"),
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        "pod 'counter' does not say who restores it: annotation migration.restore-mode has the value 'magic'; allowed are"
                                + " self-restore, cri-o, none; correct the annotation or set restoreMode"),
                new Case(
                        "the runtime restores complete checkpoints only",
                        scene -> {
                            scene.annotate(Annotations.RESTORE_MODE, "cri-o");
                            scene.migration.getSpec().setStrategy(MigrationStrategy.PRE_COPY);
                        },
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        "pod 'counter' is restored by cri-o, which takes complete checkpoints only, and the strategy is PreCopy; set"
                                + " restoreMode to self-restore or strategy to StopAndCopy"),
                new Case(
                        "the runtime has its image on one node",
                        scene -> {
                            scene.migration.getSpec().setRestoreMode(RestoreMode.CRI_O);
                            scene.migration.getSpec().setTargetNode(null);
                        },
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        "pod 'counter' is restored by cri-o, for which its checkpoint becomes an image on the node before the copy is"
                                + " created; set targetNode"),
                new Case(
                        "the runtime reads no checkpoints of the launcher",
                        scene -> {
                            scene.migration.getSpec().setRestoreMode(RestoreMode.CRI_O);
                            scene.migration.getSpec().setCheckpointMethod(CheckpointMethod.LAUNCHER);
                        },
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        "pod 'counter' is restored by cri-o, which reads the checkpoints of the kubelet alone, and checkpointMethod is"
                                + " launcher; leave checkpointMethod out, or set restoreMode to self-restore"),
                new Case(
                        "the runtime would restore a sidecar again",
                        scene -> {
                            scene.addSidecar("proxy");
                            scene.addInitStatus(Scene.running("proxy"));
                            scene.migration.getSpec().setRestoreMode(RestoreMode.CRI_O);
                        },
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        "pod 'counter' is restored by cri-o, and its kubelet starts its sidecar 'proxy' again whatever restartPolicy says,"
                                + " from the checkpoint: what was done since would be done twice; set restoreMode to self-restore"),
                new Case(
                        "the runtime does not restore what the webhook has prepared",
                        scene -> {
                            scene.annotate(Annotations.INJECTED, "0123");
                            scene.migration.getSpec().setRestoreMode(RestoreMode.CRI_O);
                        },
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        "pod 'counter' was prepared to restore itself, and a container runtime does not restore what was added to it; set"
                                + " restoreMode to self-restore, or create it with the annotation migration.restore-mode: cri-o"),
                new Case(
                        "the runtime leaves emptyDirs behind",
                        scene -> {
                            scene.annotate(Annotations.RESTORE_MODE, "cri-o");
                            scene.add(volume().withNewEmptyDir().endEmptyDir().build());
                        },
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        "volume 'data' of pod 'counter' cannot follow it: it is an emptyDir, whose content a container runtime does not restore;"
                                + " set restoreMode to self-restore, which carries it along"),
                new Case(
                        "containers have no process 1 of their own",
                        scene -> scene.pod().getSpec().setShareProcessNamespace(true),
                        Reasons.POD_CANNOT_SELF_RESTORE,
                        "pod 'counter' has shareProcessNamespace, so that its containers do not have a process 1 of their own which could"
                                + " restore them; create it without, or set restoreMode to cri-o"),
                new Case(
                        "containers have no command",
                        scene -> {
                            scene.pod().getSpec().getContainers().add(Scene.container("side"));
                            scene.pod().getStatus().getContainerStatuses().add(Scene.running("side"));
                            scene.pod().getSpec().getContainers().forEach(it -> it.setCommand(List.of()));
                        },
                        Reasons.POD_CANNOT_SELF_RESTORE,
                        "containers 'app', 'side' of pod 'counter' have no command, so that the copy's launcher cannot tell what it stands"
                                + " in for; write the image's entry point as command into the pod, or set restoreMode to cri-o"),
                new Case(
                        "a container has a terminal",
                        scene -> scene.pod().getSpec().getContainers().get(0).setTty(true),
                        Reasons.POD_CANNOT_SELF_RESTORE,
                        "container 'app' of pod 'counter' has a tty, which does not survive a checkpoint; create the pod without tty: true"));
    }

    private static Stream<Case> source() {
        return Stream.of(
                new Case(
                        "there is no agent on the source",
                        scene -> scene.sourceAgent = Optional.empty(),
                        Reasons.AGENT_UNREACHABLE,
                        "there is no MigrationNode 'node-a', so that no agent works on the source node; deploy the agent there"),
                new Case(
                        "the agent of the source is not ready",
                        scene -> scene.sourceAgent()
                                .getConditions()
                                .add(new ConditionBuilder()
                                        .withType("Ready")
                                        .withStatus("False")
                                        .withMessage("the share is gone")
                                        .build()),
                        Reasons.AGENT_UNREACHABLE,
                        "the agent of the source node 'node-a' is not ready (the share is gone); look into its log there"),
                new Case(
                        "the source cannot be held",
                        scene -> Scene.disable(scene.sourceAgent(), Capability.HOLD, "the freezer is missing"),
                        Reasons.HOLD_UNAVAILABLE,
                        "node 'node-a' cannot keep pod 'counter' stopped after its checkpoint (the freezer is missing), so that"
                                + " instructions would run on both sides; move that out of the way, or set handOver to AtLeastOnce if they may"),
                new Case(
                        "nobody takes checkpoints on the source",
                        scene -> {
                            Scene.disable(scene.sourceAgent(), Capability.CHECKPOINT, "CRI-O has no CRIU");
                            scene.sourceAgent().setCriuVersion(null);
                        },
                        Reasons.CHECKPOINT_UNAVAILABLE,
                        "no checkpoint can be taken of pod 'counter' on node 'node-a', because the kubelet takes no checkpoints there"
                                + " (CRI-O has no CRIU), and the launcher has no CRIU there; let one of them, as the agent's log on the node says"),
                new Case(
                        "the kubelet of the source takes none",
                        scene -> {
                            Scene.disable(scene.sourceAgent(), Capability.CHECKPOINT, "CRI-O has no CRIU");
                            scene.migration.getSpec().setCheckpointMethod(CheckpointMethod.KUBELET);
                        },
                        Reasons.CHECKPOINT_UNAVAILABLE,
                        "no checkpoint can be taken of pod 'counter' on node 'node-a', because the kubelet takes no checkpoints there"
                                + " (CRI-O has no CRIU); set checkpointMethod to launcher or leave it out"),
                new Case(
                        "the kubelet of the source takes none, and the runtime restores no other",
                        scene -> {
                            Scene.disable(scene.sourceAgent(), Capability.CHECKPOINT, "CRI-O has no CRIU");
                            scene.migration.getSpec().setRestoreMode(RestoreMode.CRI_O);
                        },
                        Reasons.CHECKPOINT_UNAVAILABLE,
                        "no checkpoint can be taken of pod 'counter' on node 'node-a', because the kubelet takes no checkpoints there"
                                + " (CRI-O has no CRIU), and a runtime restores no other; set restoreMode to self-restore"),
                new Case(
                        "the launcher of the source takes none",
                        scene -> {
                            scene.sourceAgent().setCriuVersion(null);
                            scene.migration.getSpec().setCheckpointMethod(CheckpointMethod.LAUNCHER);
                        },
                        Reasons.CHECKPOINT_UNAVAILABLE,
                        "no checkpoint can be taken of pod 'counter' on node 'node-a', because the launcher has no CRIU there; set"
                                + " checkpointMethod to kubelet or leave it out"));
    }

    private static Stream<Case> target() {
        return Stream.of(
                new Case(
                        "the target node is gone",
                        scene -> {
                            scene.target = Optional.empty();
                            scene.targetAgent = Optional.empty();
                        },
                        Reasons.TARGET_NODE_NOT_FOUND,
                        "there is no node 'node-b', so that nothing can be moved there; name a node of this cluster, or none to have one"
                                + " chosen"),
                new Case(
                        "the target node is not ready",
                        scene -> scene.target()
                                .getStatus()
                                .getConditions()
                                .get(0)
                                .setStatus("Unknown"),
                        Reasons.TARGET_NODE_NOT_READY,
                        "node 'node-b' is not ready, so that the copy would not start; wait until it is, or name another"),
                new Case(
                        "the target node is cordoned",
                        scene -> {
                            scene.target().getSpec().setUnschedulable(true);
                            scene.target()
                                    .getSpec()
                                    .getTaints()
                                    .add(new TaintBuilder()
                                            .withKey("node.kubernetes.io/unschedulable")
                                            .withEffect("NoSchedule")
                                            .build());
                        },
                        Reasons.TARGET_NODE_UNSCHEDULABLE,
                        "node 'node-b' is cordoned, so that it is to take no more pods; uncordon it, or name another"),
                new Case(
                        "the target node is the source",
                        scene -> scene.pod().getSpec().setNodeName("node-b"),
                        Reasons.TARGET_NODE_IS_SOURCE,
                        "pod 'counter' runs on node 'node-b' already, so that nothing would be gained; name another node, or set"
                                + " allowSameNode"),
                new Case(
                        "there is no agent on the target",
                        scene -> scene.targetAgent = Optional.empty(),
                        Reasons.AGENT_UNREACHABLE,
                        "there is no MigrationNode 'node-b', so that no agent works on the target node; deploy the agent there"));
    }

    private static Stream<Case> placement() {
        return Stream.of(
                new Case(
                        "taints are not tolerated",
                        scene -> {
                            scene.target()
                                    .getSpec()
                                    .setTaints(List.of(
                                            new TaintBuilder()
                                                    .withKey("gpu")
                                                    .withValue("yes")
                                                    .withEffect("NoSchedule")
                                                    .build(),
                                            new TaintBuilder()
                                                    .withKey("tolerated")
                                                    .withEffect("NoExecute")
                                                    .build(),
                                            new TaintBuilder()
                                                    .withKey("leaving")
                                                    .withEffect("NoExecute")
                                                    .build()));
                            scene.pod()
                                    .getSpec()
                                    .setTolerations(List.of(new TolerationBuilder()
                                            .withKey("tolerated")
                                            .withOperator("Exists")
                                            .build()));
                        },
                        Reasons.TARGET_NODE_TAINTED,
                        "node 'node-b' has the taint gpu=yes:NoSchedule, leaving:NoExecute, which pod 'counter' does not tolerate; name"
                                + " another node, or create the pod with a toleration"),
                new Case(
                        "the node selector asks for other labels",
                        scene -> scene.pod()
                                .getSpec()
                                .setNodeSelector(Map.of("disk", "ssd", "zone", "b", "cores", "16")),
                        Reasons.TARGET_NODE_DOES_NOT_FIT,
                        "node 'node-b' lacks the label cores=16, zone=b, for which the nodeSelector of pod 'counter' asks; name a node that"
                                + " has it"),
                new Case(
                        "the required affinity excludes the target",
                        scene -> require(scene, "disk", "In", "hdd"),
                        Reasons.TARGET_NODE_DOES_NOT_FIT,
                        "the required node affinity of pod 'counter' excludes node 'node-b'; name a node that it admits"));
    }

    private static Stream<Case> machine() {
        return Stream.of(
                new Case(
                        "the architecture differs",
                        scene -> scene.targetAgent().setArchitecture("arm64"),
                        Reasons.ARCHITECTURE_DIFFERS,
                        "pod 'counter' runs on amd64 and node 'node-b' is arm64, where its instructions mean nothing; name a node that is"
                                + " amd64"),
                new Case(
                        "the processor lacks features",
                        scene -> scene.targetAgent().setCpuFeatures(List.of("fpu")),
                        Reasons.CPU_FEATURES_MISSING,
                        "the processor of node 'node-b' lacks avx2, sse2, which pod 'counter' may have begun to use; name a node whose"
                                + " processor has them"),
                new Case(
                        "the processor lacks many features",
                        scene -> {
                            scene.sourceAgent()
                                    .setCpuFeatures(Stream.iterate(10, i -> i < 30, i -> i + 1)
                                            .map(i -> "f" + i)
                                            .toList());
                            scene.targetAgent().setCpuFeatures(List.of("f10"));
                        },
                        Reasons.CPU_FEATURES_MISSING,
                        "the processor of node 'node-b' lacks f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22 and 7 more, which"
                                + " pod 'counter' may have begun to use; name a node whose processor has them"),
                new Case(
                        "there is no CRIU on the target",
                        scene -> scene.targetAgent().setCriuVersion(null),
                        Reasons.CRIU_MISSING,
                        "node 'node-b' has no CRIU that runs, so that nothing can be restored there; look into its agent's log, or name"
                                + " another"),
                new Case(
                        "CRIU of the target is older",
                        scene -> scene.targetAgent().setCriuVersion("4.2"),
                        Reasons.CRIU_TOO_OLD,
                        "node 'node-b' has CRIU 4.2, which does not read what CRIU 4.2.1 of the source writes; upgrade it, or name another"
                                + " node"));
    }

    private static Stream<Case> restore() {
        return Stream.of(
                new Case(
                        "the target cannot run pods that restore themselves",
                        scene -> Scene.disable(scene.targetAgent(), Capability.SELF_RESTORE, "no entry on the node"),
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        "node 'node-b' cannot restore pod 'counter' by self-restore (no entry on the node); move that out of the way, set"
                                + " restoreMode to cri-o, or name another node"),
                new Case(
                        "the runtime of the target cannot restore",
                        scene -> {
                            Scene.disable(scene.targetAgent(), Capability.CRI_O_RESTORE, "restore is off");
                            scene.annotate(Annotations.RESTORE_MODE, "cri-o");
                        },
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        "node 'node-b' cannot restore pod 'counter' by cri-o (restore is off); move that out of the way, set restoreMode to"
                                + " self-restore, or name another node"));
    }

    private static Stream<Case> volumes() {
        String disk =
                "it is a disk, which one node attaches at a time, and the source needs it until the copy has taken over; use a"
                        + " file system that several nodes mount, such as nfs";
        return Stream.of(
                        Map.entry(
                                volume().withNewHostPath()
                                        .withPath("/data")
                                        .endHostPath()
                                        .build(),
                                "/data is a directory of the node's own (hostPath); use an emptyDir, whose content is carried along, or a"
                                        + " PersistentVolumeClaim"),
                        Map.entry(
                                volume().withNewEphemeral().endEphemeral().build(),
                                "its claim is made for this pod alone and deleted with it (ephemeral); use a PersistentVolumeClaim that"
                                        + " exists by itself"),
                        Map.entry(
                                volume().withNewCsi()
                                        .withDriver("secrets.example")
                                        .endCsi()
                                        .build(),
                                "driver 'secrets.example' makes it for this pod alone (csi); use an emptyDir or a PersistentVolumeClaim"),
                        Map.entry(
                                volume().withNewGitRepo().endGitRepo().build(),
                                "it is cloned anew for every pod (gitRepo); use an emptyDir that an init container fills"),
                        Map.entry(volume().withNewIscsi().endIscsi().build(), disk),
                        Map.entry(volume().withNewRbd().endRbd().build(), disk),
                        Map.entry(
                                volume().withNewFlexVolume().endFlexVolume().build(),
                                "it is of a kind that is not known here; use an emptyDir or a PersistentVolumeClaim"))
                .map(volume -> new Case(
                        "a volume cannot follow: " + volume.getValue(),
                        scene -> scene.add(volume.getKey()),
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        "volume 'data' of pod 'counter' cannot follow it: " + volume.getValue()));
    }

    private static Stream<Case> others() {
        String rest = ", and one pod is moved by one at a time; wait for its end or delete it, which cancels it";
        return Stream.of(
                new Case(
                        "another migration moves the pod",
                        scene -> scene.other("first", MigrationPhase.CHECKPOINT_IN_PROGRESS),
                        Reasons.POD_ALREADY_MIGRATING,
                        "pod 'counter' is moved by PodMigration 'first'" + rest),
                new Case(
                        "another migration has no status yet",
                        scene -> scene.others.add(Scene.migration("first", "counter")),
                        Reasons.POD_ALREADY_MIGRATING,
                        "pod 'counter' is moved by PodMigration 'first'" + rest),
                new Case(
                        "the pod is the copy of another migration",
                        scene -> {
                            PodMigration other = scene.other("first", MigrationPhase.RESTORE_IN_PROGRESS);
                            other.getSpec().setPodName("original");
                            other.getStatus().setTargetPod(new TargetPod("counter", "uid-1", "node-a"));
                        },
                        Reasons.POD_ALREADY_MIGRATING,
                        "pod 'counter' is the copy made by PodMigration 'first'" + rest));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void namesWhatStandsInTheWay(Case what) {
        Scene scene = new Scene();

        what.change().accept(scene);

        assertThat(scene.blockers()).containsExactly(new Blocker(what.reason(), what.message()));
    }

    @Test
    void namesNothingWhereNothingStandsInTheWay() {
        assertThat(new Scene().blockers()).isEmpty();
    }

    @Test
    void namesAllOfThemAtOnce() {
        Scene scene = new Scene();
        cases().filter(what ->
                        !List.of(Reasons.POD_NOT_FOUND, Reasons.TARGET_NODE_NOT_FOUND, Reasons.TARGET_NODE_IS_SOURCE)
                                        .contains(what.reason())
                                && !what.message().startsWith("there is no MigrationNode")
                                && !what.message().startsWith("pod 'counter' opted out")
                                && !what.message().startsWith("pod 'counter' is restored by")
                                && !what.message().contains("by cri-o")
                                && !what.message().contains("a runtime restores")
                                && !what.message().contains("container runtime does not restore")
                                && !what.message().contains("'magic'"))
                .forEach(what -> what.change().accept(scene));

        assertThat(scene.blockers())
                .extracting(Blocker::reason)
                .containsExactly(
                        Reasons.POD_REPLACED,
                        Reasons.POD_BEING_DELETED,
                        Reasons.POD_NOT_RUNNING,
                        Reasons.POD_OWNED,
                        Reasons.POD_USES_HOST_NAMESPACES,
                        Reasons.POD_CANNOT_SELF_RESTORE,
                        Reasons.POD_CANNOT_SELF_RESTORE,
                        Reasons.POD_CANNOT_SELF_RESTORE,
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        Reasons.VOLUME_CANNOT_FOLLOW,
                        Reasons.AGENT_UNREACHABLE,
                        Reasons.CHECKPOINT_UNAVAILABLE,
                        Reasons.HOLD_UNAVAILABLE,
                        Reasons.TARGET_NODE_NOT_READY,
                        Reasons.TARGET_NODE_UNSCHEDULABLE,
                        Reasons.TARGET_NODE_TAINTED,
                        Reasons.TARGET_NODE_DOES_NOT_FIT,
                        Reasons.TARGET_NODE_DOES_NOT_FIT,
                        Reasons.ARCHITECTURE_DIFFERS,
                        Reasons.RESTORE_MODE_UNAVAILABLE,
                        Reasons.POD_ALREADY_MIGRATING);
    }

    @Test
    void tellsOfTheTargetEvenWhereThePodIsGone() {
        Scene scene = new Scene();
        scene.pod = Optional.empty();
        scene.target().getSpec().setUnschedulable(true);

        assertThat(scene.blockers())
                .extracting(Blocker::reason)
                .containsExactly(Reasons.POD_NOT_FOUND, Reasons.TARGET_NODE_UNSCHEDULABLE);
    }

    /** What looks as if it stood in the way. */
    static Stream<Case> harmless() {
        return Stream.of(
                        Map.<String, Consumer<Scene>>entry("no target node is named", scene -> {
                            scene.migration.getSpec().setTargetNode(null);
                            scene.target = Optional.empty();
                            scene.targetAgent = Optional.empty();
                        }),
                        Map.<String, Consumer<Scene>>entry("the same node, by permission, with a hostPath", scene -> {
                            scene.pod().getSpec().setNodeName("node-b");
                            scene.migration.getSpec().setAllowSameNode(true);
                            scene.add(volume().withNewHostPath()
                                    .withPath("/data")
                                    .endHostPath()
                                    .build());
                        }),
                        Map.<String, Consumer<Scene>>entry(
                                "what the webhook added from a directory of the node", scene -> {
                                    scene.annotate(Annotations.INJECTED, "0123");
                                    scene.add(new VolumeBuilder()
                                            .withName("lpm")
                                            .withNewHostPath()
                                            .withPath("/var/lib/lpm")
                                            .endHostPath()
                                            .build());
                                }),
                        Map.<String, Consumer<Scene>>entry("volumes that follow", scene -> {
                            scene.add(volume().withNewEmptyDir().endEmptyDir().build());
                            scene.add(volume().withNewProjected().endProjected().build());
                            scene.add(volume().withNewConfigMap().endConfigMap().build());
                            scene.add(volume().withNewSecret().endSecret().build());
                            scene.add(volume().withNewDownwardAPI()
                                    .endDownwardAPI()
                                    .build());
                            scene.add(volume().withNewPersistentVolumeClaim()
                                    .withClaimName("data")
                                    .endPersistentVolumeClaim()
                                    .build());
                            scene.add(volume().withNewNfs().endNfs().build());
                            scene.add(volume().withNewImage().endImage().build());
                        }),
                        Map.<String, Consumer<Scene>>entry("the source cannot be held, and need not", scene -> {
                            Scene.disable(scene.sourceAgent(), Capability.HOLD, "the freezer is missing");
                            scene.migration.getSpec().setHandOver(HandOver.AT_LEAST_ONCE);
                        }),
                        Map.<String, Consumer<Scene>>entry("no command, which cri-o does not need", scene -> {
                            scene.pod().getSpec().getContainers().get(0).setCommand(List.of());
                            scene.migration.getSpec().setRestoreMode(RestoreMode.CRI_O);
                        }),
                        Map.<String, Consumer<Scene>>entry(
                                "an owner that is no controller",
                                scene -> scene.pod()
                                        .getMetadata()
                                        .getOwnerReferences()
                                        .add(new OwnerReferenceBuilder()
                                                .withKind("Game")
                                                .withName("chess")
                                                .build())),
                        Map.<String, Consumer<Scene>>entry(
                                "init containers that finished, one that the kubelet has forgotten", scene -> {
                                    scene.pod().getSpec().getInitContainers().add(Scene.container("fetch"));
                                    scene.pod().getSpec().getInitContainers().add(Scene.container("forgotten"));
                                    scene.pod()
                                            .getStatus()
                                            .getInitContainerStatuses()
                                            .add(new ContainerStatusBuilder()
                                                    .withName("fetch")
                                                    .withNewState()
                                                    .withNewTerminated()
                                                    .withExitCode(0)
                                                    .endTerminated()
                                                    .endState()
                                                    .build());
                                }),
                        Map.<String, Consumer<Scene>>entry(
                                "a newer CRIU on the target",
                                scene -> scene.targetAgent().setCriuVersion("4.10-dev")),
                        Map.<String, Consumer<Scene>>entry(
                                "other migrations that are over, its own entry, one of another pod", scene -> {
                                    scene.other("first", MigrationPhase.SUCCEEDED);
                                    scene.other("second", MigrationPhase.FAILED);
                                    scene.other("third", MigrationPhase.ROLLED_BACK);
                                    scene.other("move", MigrationPhase.PENDING);
                                    scene.others.add(Scene.migration("elsewhere", "other"));
                                }))
                .map(entry -> new Case(entry.getKey(), entry.getValue(), "", ""));
    }

    @ParameterizedTest
    @MethodSource("harmless")
    void letsPassWhatOnlyLooksAsIfItStoodInTheWay(Case what) {
        Scene scene = new Scene();

        what.change().accept(scene);

        assertThat(scene.blockers()).isEmpty();
    }

    /** The target has the labels disk=ssd and cores=8 and the name node-b. */
    @ParameterizedTest
    @CsvSource({
        "disk, In, ssd hdd, true",
        "disk, In, hdd, false",
        "zone, In, b, false",
        "disk, NotIn, hdd, true",
        "disk, NotIn, ssd, false",
        "zone, NotIn, b, true",
        "disk, Exists, '', true",
        "zone, Exists, '', false",
        "disk, DoesNotExist, '', false",
        "zone, DoesNotExist, '', true",
        "cores, Gt, 7, true",
        "cores, Gt, 8, false",
        "cores, Lt, 9, true",
        "cores, Lt, 8, false",
        "disk, Lt, 9, false",
        "zone, Gt, 1, false",
        "disk, Resembles, ssd, false"
    })
    void readsAffinityAsTheSchedulerDoes(String key, String operator, String values, boolean admitted) {
        Scene scene = new Scene();

        require(scene, key, operator, values.isEmpty() ? new String[0] : values.split(" "));

        assertThat(scene.blockers().isEmpty()).isEqualTo(admitted);
    }

    @ParameterizedTest
    @CsvSource({"node-b, true", "node-c, false"})
    void readsAffinityToNodesByTheirName(String name, boolean admitted) {
        Scene scene = new Scene();
        scene.pod()
                .getSpec()
                .setAffinity(new AffinityBuilder()
                        .withNewNodeAffinity()
                        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                        .addNewNodeSelectorTerm()
                        .endNodeSelectorTerm()
                        .addNewNodeSelectorTerm()
                        .addToMatchFields(new NodeSelectorRequirement("metadata.name", "In", List.of(name)))
                        .endNodeSelectorTerm()
                        .endRequiredDuringSchedulingIgnoredDuringExecution()
                        .endNodeAffinity()
                        .build());

        assertThat(scene.blockers().isEmpty()).isEqualTo(admitted);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCopyMayMoveBackToTheNodeThatItWasKeptOff(boolean copy) {
        Scene scene = new Scene();
        scene.pod()
                .getSpec()
                .setAffinity(new AffinityBuilder()
                        .withNewNodeAffinity()
                        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                        .addNewNodeSelectorTerm()
                        .addToMatchFields(new NodeSelectorRequirement("metadata.name", "NotIn", List.of("node-b")))
                        .endNodeSelectorTerm()
                        .endRequiredDuringSchedulingIgnoredDuringExecution()
                        .endNodeAffinity()
                        .build());
        if (copy) {
            scene.pod().getMetadata().setAnnotations(Map.of(Annotations.SOURCE_POD, "counter"));
        }

        assertThat(scene.blockers().isEmpty()).isEqualTo(copy);
    }

    /** The taint is gpu=yes:NoSchedule. */
    @ParameterizedTest
    @CsvSource({
        "gpu, Equal, yes, NoSchedule, true",
        "gpu, '', yes, '', true",
        "gpu, Equal, no, NoSchedule, false",
        "gpu, Equal, yes, NoExecute, false",
        "gpu, Exists, '', NoSchedule, true",
        "cpu, Exists, '', NoSchedule, false",
        "'', Exists, '', '', true",
        "'', Equal, yes, '', false"
    })
    void readsTolerationsAsTheSchedulerDoes(
            String key, String operator, String value, String effect, boolean tolerated) {
        Scene scene = new Scene();
        scene.target()
                .getSpec()
                .setTaints(List.of(new TaintBuilder()
                        .withKey("gpu")
                        .withValue("yes")
                        .withEffect("NoSchedule")
                        .build()));
        scene.pod()
                .getSpec()
                .setTolerations(List.of(new TolerationBuilder()
                        .withKey(key)
                        .withOperator(operator)
                        .withValue(value)
                        .withEffect(effect)
                        .build()));

        assertThat(scene.blockers().isEmpty()).isEqualTo(tolerated);
    }

    /** Two migrations of one pod never wait for each other. */
    @ParameterizedTest
    @CsvSource({
        "2026-01-31T12:00:00Z, u1, false, 2026-01-31T12:00:01Z, u0, false",
        "2026-01-31T12:00:00Z, u0, false, 2026-01-31T12:00:00Z, u1, false",
        "2026-01-31T12:00:01Z, u1, true, 2026-01-31T12:00:00Z, u0, false",
        "2026-01-31T12:00:00Z, u0, true, 2026-01-31T12:00:00Z, u1, true"
    })
    void exactlyOneOfTwoMigrationsGoesOn(
            String time, String uid, boolean begun, String otherTime, String otherUid, boolean otherBegun) {
        PodMigration first = stored("first", time, uid, begun);
        PodMigration second = stored("second", otherTime, otherUid, otherBegun);
        Scene scene = new Scene();
        List<PodMigration> both = List.of(first, second);

        assertThat(MigrationBlockers.of(first, facts(scene, both))).isEmpty();
        assertThat(MigrationBlockers.of(second, facts(scene, both)))
                .extracting(Blocker::reason)
                .containsExactly(Reasons.POD_ALREADY_MIGRATING);
    }

    @Test
    void takesTheRestoreModeFromTheMigrationThenFromThePod() {
        Scene scene = new Scene();
        assertThat(MigrationBlockers.restoreMode(scene.migration, scene.pod())).isEqualTo(RestoreMode.SELF_RESTORE);
        scene.annotate(Annotations.RESTORE_MODE, "cri-o");
        assertThat(MigrationBlockers.restoreMode(scene.migration, scene.pod())).isEqualTo(RestoreMode.CRI_O);
        scene.migration.getSpec().setRestoreMode(RestoreMode.SELF_RESTORE);
        assertThat(MigrationBlockers.restoreMode(scene.migration, scene.pod())).isEqualTo(RestoreMode.SELF_RESTORE);
        scene.annotate(Annotations.RESTORE_MODE, "none");
        assertThat(MigrationBlockers.restoreMode(scene.migration, scene.pod())).isEqualTo(RestoreMode.NONE);
        scene.annotate(Annotations.RESTORE_MODE, "magic");
        assertThat(MigrationBlockers.restoreMode(scene.migration, scene.pod())).isEqualTo(RestoreMode.SELF_RESTORE);
        scene.migration.getSpec().setRestoreMode(null);
        assertThatThrownBy(() -> MigrationBlockers.restoreMode(scene.migration, scene.pod()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "annotation migration.restore-mode has the value 'magic'; allowed are self-restore, cri-o, none");
    }

    private static MigrationFacts facts(Scene scene, List<PodMigration> migrations) {
        return new MigrationFacts(scene.pod, scene.target, scene.sourceAgent, scene.targetAgent, migrations);
    }

    private static PodMigration stored(String name, String time, String uid, boolean begun) {
        PodMigration migration = Scene.migration(name, "counter");
        migration.getMetadata().setCreationTimestamp(time);
        migration.getMetadata().setUid(uid);
        if (begun) {
            migration.setStatus(new PodMigrationStatus());
            migration.getStatus().setSourcePod(new SourcePod("uid-1", "node-a"));
        }
        return migration;
    }

    private static VolumeBuilder volume() {
        return new VolumeBuilder().withName("data");
    }

    private static void require(Scene scene, String key, String operator, String... values) {
        scene.pod()
                .getSpec()
                .setAffinity(new AffinityBuilder()
                        .withNewNodeAffinity()
                        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                        .addNewNodeSelectorTerm()
                        .addToMatchExpressions(new NodeSelectorRequirement(key, operator, List.of(values)))
                        .endNodeSelectorTerm()
                        .endRequiredDuringSchedulingIgnoredDuringExecution()
                        .endNodeAffinity()
                        .build());
    }
}
