package domain.my.lpm.api.validation;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.node.Capability;
import domain.my.lpm.api.node.CapabilityStatus;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.api.node.MigrationNodeStatus;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A pod on node-a, a migration of it to node-b, and all that is needed for it; tests take away or add what they are about. */
final class Scene {
    final PodMigration migration = migration("move", "counter");
    final List<PodMigration> others = new ArrayList<>();
    Optional<Pod> pod = Optional.of(new PodBuilder()
            .withNewMetadata()
            .withNamespace("shop")
            .withName("counter")
            .withUid("uid-1")
            .endMetadata()
            .withNewSpec()
            .withNodeName("node-a")
            .withContainers(container("app"))
            .endSpec()
            .withNewStatus()
            .withPhase("Running")
            .withContainerStatuses(running("app"))
            .endStatus()
            .build());
    Optional<Node> target = Optional.of(new NodeBuilder()
            .withNewMetadata()
            .withName("node-b")
            .addToLabels("kubernetes.io/arch", "amd64")
            .addToLabels("disk", "ssd")
            .addToLabels("cores", "8")
            .endMetadata()
            .withNewSpec()
            .endSpec()
            .withNewStatus()
            .addNewCondition()
            .withType("Ready")
            .withStatus("True")
            .endCondition()
            .withNewNodeInfo()
            .withArchitecture("amd64")
            .endNodeInfo()
            .endStatus()
            .build());
    Optional<MigrationNode> sourceAgent = Optional.of(agent("node-a"));
    Optional<MigrationNode> targetAgent = Optional.of(agent("node-b"));

    Scene() {
        migration.getSpec().setTargetNode("node-b");
    }

    static PodMigration migration(String name, String podName) {
        PodMigration migration = new PodMigration();
        migration.getMetadata().setNamespace("shop");
        migration.getMetadata().setName(name);
        migration.getSpec().setPodName(podName);
        return migration;
    }

    static Container container(String name) {
        return new ContainerBuilder()
                .withName(name)
                .withImage("registry.example/" + name)
                .withCommand("/" + name)
                .build();
    }

    static ContainerStatus running(String name) {
        return new ContainerStatusBuilder()
                .withName(name)
                .withStarted(true)
                .withNewState()
                .withNewRunning()
                .endRunning()
                .endState()
                .build();
    }

    static ContainerStatus ended(String name, int exitCode, String reason) {
        return new ContainerStatusBuilder()
                .withName(name)
                .withNewState()
                .withNewTerminated()
                .withExitCode(exitCode)
                .withReason(reason)
                .endTerminated()
                .endState()
                .build();
    }

    private static MigrationNode agent(String name) {
        MigrationNode node = new MigrationNode();
        node.getMetadata().setName(name);
        MigrationNodeStatus status = new MigrationNodeStatus();
        status.setArchitecture("amd64");
        status.setCpuFeatures(List.of("avx2", "fpu", "sse2"));
        status.setCriuVersion("4.2.1");
        status.setCapabilities(Arrays.stream(Capability.values())
                .map(capability -> new CapabilityStatus(capability, true, null))
                .toList());
        node.setStatus(status);
        return node;
    }

    Pod pod() {
        return pod.orElseThrow();
    }

    Node target() {
        return target.orElseThrow();
    }

    MigrationNodeStatus sourceAgent() {
        return sourceAgent.orElseThrow().getStatus();
    }

    MigrationNodeStatus targetAgent() {
        return targetAgent.orElseThrow().getStatus();
    }

    static void disable(MigrationNodeStatus status, Capability capability, String reason) {
        status.setCapabilities(status.getCapabilities().stream()
                .map(told -> told.name() == capability ? new CapabilityStatus(capability, false, reason) : told)
                .toList());
    }

    void annotate(String key, String value) {
        pod().getMetadata().getAnnotations().put(key, value);
    }

    /** A native sidecar, of which the pod's status says nothing yet. */
    Container addSidecar(String name) {
        Container sidecar = new ContainerBuilder(container(name))
                .withRestartPolicy("Always")
                .build();
        pod().getSpec().getInitContainers().add(sidecar);
        return sidecar;
    }

    void addInitStatus(ContainerStatus status) {
        pod().getStatus().getInitContainerStatuses().add(status);
    }

    void add(Volume volume) {
        pod().getSpec().getVolumes().add(volume);
    }

    PodMigration other(String name, MigrationPhase phase) {
        PodMigration other = migration(name, "counter");
        other.setStatus(new PodMigrationStatus());
        other.getStatus().setPhase(phase);
        others.add(other);
        return other;
    }

    List<Blocker> blockers() {
        return MigrationBlockers.of(migration, new MigrationFacts(pod, target, sourceAgent, targetAgent, others));
    }
}
