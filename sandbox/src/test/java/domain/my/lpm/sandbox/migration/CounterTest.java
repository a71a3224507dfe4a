package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster.Arrival;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
@Tag("vm")
class CounterTest {
    @AutoClose
    private static final Cluster cluster = new Cluster();

    @Test
    void goesOnWhereItStoodStill() {
        try (RunningPod pod = cluster.source.run(Specimens.counter())) {
            RunningContainer counter = pod.container("counter");
            counter.awaitLine(line -> line.startsWith("tick 5 "), Cluster.SOON);

            try (Arrival arrival = cluster.migrate(counter, Journey.PLAIN)) {
                assertThat(arrival.status().state()).as(arrival.said()).isEqualTo(State.RESTORED);
                assertThat(arrival.exitCode()).isZero();
                int last = counter.output().size();
                String nonce = counter.output().get(0).replaceAll(".*(nonce=\\S+).*", "$1");
                assertThat(arrival.container().awaitLine(line -> true, Cluster.SOON))
                        .isEqualTo("tick " + (last + 1) + " " + nonce + " host=counter-restored");
                assertThat(arrival.checkpoint().isHeld()).isTrue();
                assertThat(counter.output()).hasSize(last);
            }
        }
    }
}
