package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.checkpoint.CheckpointMethod;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.migration.PodMigration;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The pod of samples/counter, which runs without root and capabilities and with the runtime's own seccomp profile. */
@EndToEnd
class CounterTest {
    /** Requires that its own file, in an emptyDir that was moved with it, has every tick once. */
    private static void requireWholeFile(Application counter) {
        String[] lines = counter.exec("cat", "/data/counter.log").split("\n");
        String nonce = lines[0].split(" ")[2];
        for (int index = 0; index < lines.length; index++) {
            assertThat(lines[index]).startsWith("tick " + (index + 1) + " " + nonce + " ");
        }
    }

    @Test
    void itMovesThereAndBack(Scenario scenario) {
        Application counter = scenario.run(Scenario.counter("counter"));
        counter.goesOn(10);
        String first = counter.node();
        String address = counter.pod().getStatus().getPodIP();

        PodMigration there = scenario.move("there", counter);

        assertThat(counter.node()).isNotEqualTo(first);
        assertThat(Objects.requireNonNull(there.getStatus().getTargetPod()).node())
                .isEqualTo(counter.node());
        assertThat(counter.pod().getStatus().getPodIP()).isNotEqualTo(address);
        assertThat(counter.exec("cat", "/proc/1/comm")).isNotBlank();
        requireWholeFile(counter);
        // What was restored has the limits of its pod.
        String container =
                counter.pod().getStatus().getContainerStatuses().get(0).getContainerID();
        assertThat(scenario.cluster().shells().processes(counter.node(), container))
                .contains("busybox");

        scenario.move("back", counter);

        assertThat(counter.node()).isEqualTo(first);
        requireWholeFile(counter);
    }

    @Test
    void itMovesFiveTimesInARow(Scenario scenario) {
        Application counter = scenario.run(Scenario.counter("counter"));
        counter.goesOn(10);
        for (int hop = 1; hop <= 5; hop++) {
            PodMigration moved = scenario.move("hop-" + hop, counter);
            scenario.figure("downtime of hop " + hop, moved.getStatus().getDowntimeMillis() + " ms");
        }
        requireWholeFile(counter);
        assertThat(counter.podName()).isEqualTo("counter-restored-5");
    }

    @Test
    void aPodThatNobodyPreparedMoves(Scenario scenario) {
        Application counter = scenario.run(Scenario.edited(
                Scenario.counter("plain"),
                pod -> pod.editMetadata().withAnnotations(null).endMetadata()));
        assertThat(counter.pod().getSpec().getInitContainers()).isEmpty();
        counter.goesOn(10);

        PodMigration moved = scenario.move("plain", counter);

        ContainerCheckpoint checkpoint = scenario.client()
                .resources(ContainerCheckpoint.class)
                .inNamespace(scenario.namespace())
                .withName(moved.getStatus().getCheckpointName() + "-counter")
                .get();
        assertThat(Set.of(CheckpointMethod.KUBELET, CheckpointMethod.LAUNCHER))
                .contains(Objects.requireNonNull(checkpoint.getStatus().getCheckpointMethod()));
        scenario.figure(
                "who took the checkpoint",
                checkpoint.getStatus().getCheckpointMethod().toString());
    }
}
