package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What ends, hangs or is missing while a pod is moved. The sandbox's fault matrix hits every step of the protocol; here it is the
 * real participants, at the phases that the API shows, as close as one gets from outside.
 */
@EndToEnd
class FaultsTest {
    /** Who takes part. */
    enum Participant {
        SOURCE_AGENT,
        TARGET_AGENT,
        CONTROLLER,
        WEBHOOK,
        SOURCE_KUBELET,
        TARGET_KUBELET,
        SOURCE_RUNTIME,
        TARGET_RUNTIME
    }

    /** What happens to it. */
    enum Fault {
        /** It ends, and what keeps it starts it anew. */
        KILLED,
        /** It hangs for {@link #HANGS_SECONDS}, and goes on. */
        STOPPED
    }

    /** Less than the lease of a hold, and more than controller and agents wait for an answer without a word. */
    private static final int HANGS_SECONDS = 20;

    static Stream<Arguments> cells() {
        List<Arguments> cells = new ArrayList<>();
        for (Participant participant : Participant.values()) {
            for (MigrationPhase phase : List.of(
                    MigrationPhase.PENDING,
                    MigrationPhase.CHECKPOINT_IN_PROGRESS,
                    MigrationPhase.RESTORE_IN_PROGRESS)) {
                for (Fault fault : Fault.values()) {
                    cells.add(Arguments.of(participant, fault, phase));
                }
            }
        }
        return cells.stream();
    }

    private static void make(Fault fault, Scenario scenario, Participant participant, String source, String target) {
        switch (participant) {
            case SOURCE_AGENT -> containers(fault, scenario, "lpm-agent", source);
            case TARGET_AGENT -> containers(fault, scenario, "lpm-agent", target);
            case CONTROLLER -> containers(fault, scenario, "lpm-controller", null);
            case WEBHOOK -> containers(fault, scenario, "lpm-webhook", null);
            case SOURCE_KUBELET -> service(fault, scenario, source, "kubelet");
            case TARGET_KUBELET -> service(fault, scenario, target, "kubelet");
            case SOURCE_RUNTIME -> service(fault, scenario, source, "crio containerd");
            case TARGET_RUNTIME -> service(fault, scenario, target, "crio containerd");
        }
    }

    private static void containers(Fault fault, Scenario scenario, String application, @Nullable String node) {
        for (Pod pod : scenario.client()
                .pods()
                .inNamespace(Cluster.SYSTEM)
                .withLabel("app.kubernetes.io/name", application)
                .list()
                .getItems()) {
            String on = pod.getSpec().getNodeName();
            if (node == null || node.equals(on)) {
                String id = pod.getStatus().getContainerStatuses().get(0).getContainerID();
                String processes =
                        "$(for p in /proc/[0-9]*; do if grep -q -s %s $p/cgroup; then echo ${p#/proc/}; fi; done)"
                                .formatted(NodeShells.id(id));
                scenario.cluster().shells().run(on, script(fault, processes));
            }
        }
    }

    private static void service(Fault fault, Scenario scenario, String node, String programs) {
        // The runtime brings the answer of a shell itself.
        scenario.cluster()
                .shells()
                .soon(node, script(fault, "$(for name in " + programs + "; do pgrep -x $name || :; done)"));
    }

    private static String script(Fault fault, String processes) {
        return switch (fault) {
            case KILLED -> "kill -9 " + processes;
            case STOPPED -> """
                processes=$(echo %s)
                kill -STOP $processes
                setsid sh -c "sleep %d; kill -CONT $processes" >/dev/null 2>&1 </dev/null &
                """.formatted(processes, HANGS_SECONDS);
        };
    }

    @ParameterizedTest(name = "{0} {1} in {2}")
    @MethodSource("cells")
    void nothingIsLostOrDoneTwice(Participant participant, Fault fault, MigrationPhase phase, Scenario scenario) {
        Application counter = scenario.run(Scenario.counter("counter"));
        counter.goesOn(10);
        String source = counter.node();
        String target = scenario.cluster().nodeOtherThan(source);
        PodMigration migration = scenario.create("faulty", counter.podName(), "targetNode: " + target);
        MigrationPhase was = scenario.when(migration, phase, () -> make(fault, scenario, participant, source, target));
        scenario.figure("phase in which it happened", was.value());

        goesOnWhereverItIs(scenario, counter, migration);
    }

    /** However it ends: the application goes on on one side, and can be moved when everybody is back. */
    private static void goesOnWhereverItIs(Scenario scenario, Application counter, PodMigration migration) {
        PodMigration ended = scenario.awaitEnd(migration);
        scenario.figure("how it ended", String.valueOf(ended.getStatus().getPhase()));
        awaitSystem(scenario);
        if (ended.getStatus().getPhase() == MigrationPhase.SUCCEEDED) {
            counter.movedBy(ended);
            scenario.awaitGone(counter, "counter");
        }
        counter.goesOn(10);
        scenario.move("again", counter);
    }

    /** Until everybody is back, and without the kubelets' growing back-off, which would be all that later scenarios see. */
    private static void awaitSystem(Scenario scenario) {
        scenario.client().pods().inNamespace(Cluster.SYSTEM).list().getItems().stream()
                .filter(pod -> pod.getStatus().getContainerStatuses().stream()
                        .anyMatch(container -> container.getRestartCount() > 2))
                .forEach(pod -> scenario.client().resource(pod).delete());
        Awaitility.await()
                .atMost(Cluster.PATIENCE)
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(scenario.client()
                                .pods()
                                .inNamespace(Cluster.SYSTEM)
                                .list()
                                .getItems())
                        .allSatisfy(pod -> assertThat(pod.getStatus()
                                        .getContainerStatuses()
                                        .get(0)
                                        .getReady())
                                .as(pod.getMetadata().getName())
                                .isTrue()));
        Awaitility.await()
                .atMost(Cluster.PATIENCE)
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(scenario.client().nodes().list().getItems())
                        .allSatisfy(node -> assertThat(node.getStatus().getConditions())
                                .anyMatch(condition -> condition.getType().equals("Ready")
                                        && condition.getStatus().equals("True"))));
    }

    @Test
    void aRestoreThatFailsOnTheTargetIsRolledBack(Scenario scenario) {
        Application counter = scenario.run(Scenario.counter("counter"));
        counter.goesOn(10);
        String target = scenario.cluster().nodeOtherThan(counter.node());
        PodMigration migration = scenario.create("failing", counter.podName(), "targetNode: " + target);
        // CRIU runs there for nothing but the restore.
        scenario.when(
                migration,
                MigrationPhase.CHECKPOINT_IN_PROGRESS,
                () -> scenario.cluster()
                        .shells()
                        .run(
                                target,
                                "for i in $(seq 6000); do p=$(pgrep -x criu) && kill -9 $p && exit 0; sleep 0.01; done; exit 1"));

        PodMigration ended = scenario.awaitEnd(migration);

        Scenario.requirePhase(ended, MigrationPhase.ROLLED_BACK);
        assertThat(ended.getStatus().getReason()).isEqualTo("RestoreFailed");
        scenario.figure("what its status says", String.valueOf(ended.getStatus().getMessage()));
        counter.goesOn(10);
        scenario.move("again", counter);
    }

    @Test
    void anImageThatTheTargetDoesNotGetStopsNothing(Scenario scenario) {
        String image = "docker.io/library/only-here:1";
        String source = scenario.cluster().nodes().get(0);
        scenario.cluster().shells().run(source, """
                busybox=docker.io/library/busybox:1.37
                if pgrep -x containerd >/dev/null; then
                  ctr -n k8s.io images tag --force $busybox %1$s
                else
                  skopeo copy --insecure-policy containers-storage:$busybox containers-storage:%1$s
                fi""".formatted(image));
        Pod pod = Scenario.on(source, Scenario.counter("counter"));
        pod.getSpec().getContainers().get(0).setImage(image);
        Application counter = scenario.run(pod);
        counter.goesOn(10);
        PodMigration migration = scenario.create("imageless", counter.podName(), "timeouts: {pendingSeconds: 30}");

        PodMigration ended = scenario.awaitEnd(migration);

        assertThat(ended.getStatus().getPhase()).isIn(MigrationPhase.FAILED, MigrationPhase.ROLLED_BACK);
        scenario.figure(
                "what its status says",
                ended.getStatus().getReason() + ": " + ended.getStatus().getMessage());
        assertThat(ended.getStatus().getMessage()).contains(image);
        counter.goesOn(10);
    }

    @Test
    void aTargetThatIsCutOffIsGivenUp(Scenario scenario) {
        Application counter = scenario.run(Scenario.counter("counter"));
        counter.goesOn(10);
        String source = counter.node();
        String target = scenario.cluster().nodeOtherThan(source);
        PodMigration migration = scenario.create("cut-off", counter.podName(), "targetNode: " + target);
        MigrationPhase was =
                scenario.when(migration, MigrationPhase.CHECKPOINT_IN_PROGRESS, () -> cutOff(scenario, target));
        scenario.figure("phase in which it happened", was.value());

        goesOnWhereverItIs(scenario, counter, migration);
    }

    /** Nothing gets in or out of a node for a minute: longer than the lease of a hold. */
    private static void cutOff(Scenario scenario, String node) {
        scenario.cluster().shells().soon(node, """
                cat >/run/lpm-e2e-cut <<CUT
                table inet lpm_e2e_cut {
                  chain in { type filter hook input priority -300; iifname != "lo" drop; }
                  chain out { type filter hook output priority -300; oifname != "lo" drop; }
                  chain through { type filter hook forward priority -300; drop; }
                }
                CUT
                nft -f /run/lpm-e2e-cut
                sleep 60
                nft delete table inet lpm_e2e_cut
                """);
    }
}
