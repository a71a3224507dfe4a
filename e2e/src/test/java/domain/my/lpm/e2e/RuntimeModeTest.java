package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.SourcePod;
import domain.my.lpm.api.migration.TargetPod;
import domain.my.lpm.api.node.MigrationNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The mode {@code cri-o}, beside self-restore. Needs nodes with CRI-O that restores; the tests say so where there are none. */
@EndToEnd
class RuntimeModeTest {
    private static final int MEBIBYTES = 64;
    private static final int RUNS = 3;
    private static final String RESTART = "kill -9 $(pgrep -x crio)";

    /** No volume and a user of the image, as this mode demands; it holds memory that it has written. */
    private static Pod heavy(String name, String mode) {
        Pod pod = Scenario.counter(name);
        pod.getMetadata().setAnnotations(Map.of("migration.restore-mode", mode));
        pod.getSpec().setVolumes(List.of());
        var container = pod.getSpec().getContainers().get(0);
        container.setVolumeMounts(List.of());
        container.getSecurityContext().setRunAsNonRoot(false);
        container.getSecurityContext().setRunAsUser(0L);
        container.getSecurityContext().setRunAsGroup(0L);
        container.getResources().setLimits(Map.of("memory", new Quantity("384Mi")));
        container.setCommand(List.of("/bin/busybox", "awk", """
                BEGIN {
                  getline nonce < "/proc/sys/kernel/random/uuid"
                  held = nonce
                  while (length(held) < %d) held = held held
                  while (1) { print "tick " ++n " nonce=" nonce; fflush(); system("/bin/busybox usleep 50000") }
                }""".formatted(MEBIBYTES << 20)));
        return pod;
    }

    private static void requireRuntimes(Scenario scenario) {
        for (String node : scenario.cluster().nodes()) {
            String obstacle = obstacle(scenario, node);
            Assumptions.assumeTrue(
                    obstacle.isEmpty(),
                    node + " cannot restore in the runtime, so that this is not tested: " + obstacle);
        }
    }

    /** Why the runtime of a node restores nothing, as its MigrationNode says; empty where it does. */
    private static String obstacle(Scenario scenario, String node) {
        MigrationNode found =
                scenario.client().resources(MigrationNode.class).withName(node).get();
        return found.getStatus().getCapabilities().stream()
                .filter(capability -> capability.name().value().equals("cri-o-restore"))
                .filter(capability -> !capability.available())
                .map(capability -> String.valueOf(capability.reason()))
                .findFirst()
                .orElse("");
    }

    private static PodMigration moveByRuntime(Scenario scenario, String name) {
        Application heavy = scenario.run(heavy(name, "cri-o"));
        heavy.goesOn(10);
        String target = scenario.cluster().nodeOtherThan(heavy.node());
        return scenario.move(name, heavy, "restoreMode: cri-o", "targetNode: " + target);
    }

    @Test
    void theRuntimeGoesOnWithIt(Scenario scenario) {
        requireRuntimes(scenario);
        PodMigration moved = moveByRuntime(scenario, "heavy");
        scenario.figure("downtime", moved.getStatus().getDowntimeMillis() + " ms");
    }

    @Test
    void aNodeThatRestoresNothingIsNamed(Scenario scenario) {
        requireRuntimes(scenario);
        Application heavy = scenario.run(heavy("heavy", "cri-o"));
        String target = scenario.cluster().nodeOtherThan(heavy.node());
        String off = "/etc/crio/crio.conf.d/99-lpm-e2e.conf";
        scenario.cluster()
                .shells()
                .run(
                        target,
                        "mkdir -p %s && printf '[crio.runtime]\\nenable_criu_support = false\\n' >%s"
                                .formatted(off.substring(0, off.lastIndexOf('/')), off));
        try {
            scenario.cluster().shells().soon(target, RESTART);
            Awaitility.await()
                    .atMost(Cluster.PATIENCE)
                    .until(() -> !obstacle(scenario, target).isEmpty());
            assertThatThrownBy(() ->
                            scenario.create("refused", heavy.podName(), "restoreMode: cri-o", "targetNode: " + target))
                    .hasMessageContaining(target)
                    .hasMessageContaining("restore is switched off")
                    .hasMessageContaining("container_level_enabled");
        } finally {
            // While CRI-O starts there are no shells.
            Awaitility.await()
                    .atMost(Cluster.PATIENCE)
                    .ignoreExceptions()
                    .until(
                            () -> scenario.cluster().shells().run(target, "rm -f " + off + "; echo done"),
                            "done\n"::equals);
            scenario.cluster().shells().soon(target, RESTART);
        }
        Awaitility.await()
                .atMost(Cluster.PATIENCE)
                .until(() -> obstacle(scenario, target).isEmpty());
    }

    @Test
    void selfRestoreStopsTheApplicationForLess(Scenario scenario) {
        requireRuntimes(scenario);
        List<Double> byRuntime = new ArrayList<>();
        List<Double> byItself = new ArrayList<>();
        for (int run = 1; run <= RUNS; run++) {
            byRuntime.add(gap(scenario, moveByRuntime(scenario, "runtime-" + run)));
            Application heavy = scenario.run(heavy("self-" + run, "self-restore"));
            heavy.goesOn(10);
            byItself.add(gap(scenario, scenario.move("self-" + run, heavy)));
        }
        scenario.figure("without ticks in the mode cri-o", words(byRuntime));
        scenario.figure("without ticks in self-restore", words(byItself));
        double ratio = median(byItself) / median(byRuntime);
        scenario.figure("self-restore against cri-o, medians", String.format(Locale.ROOT, "%.2f", ratio));
        assertThat(ratio).isLessThan(1);
    }

    /** How long the application did nothing, in milliseconds, as the runtimes have stamped its lines. */
    private static double gap(Scenario scenario, PodMigration moved) {
        SourcePod source = Objects.requireNonNull(moved.getStatus().getSourcePod());
        TargetPod target = Objects.requireNonNull(moved.getStatus().getTargetPod());
        return new Ledger(scenario.ticks())
                .gapMillis(source.uid(), Objects.requireNonNull(target.uid()))
                .orElseThrow();
    }

    private static String words(List<Double> millis) {
        return String.join(
                ", ",
                millis.stream()
                        .map(each -> String.format(Locale.ROOT, "%.0f ms", each))
                        .toList());
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
