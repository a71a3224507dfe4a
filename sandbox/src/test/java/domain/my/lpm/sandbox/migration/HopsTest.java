package domain.my.lpm.sandbox.migration;

import static domain.my.lpm.sandbox.migration.Travel.awaitNextTick;
import static domain.my.lpm.sandbox.migration.Travel.nonces;
import static domain.my.lpm.sandbox.migration.Travel.ticks;
import static domain.my.lpm.sandbox.migration.Travel.upTo;
import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.migration.Cluster.Arrival;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import domain.my.lpm.sandbox.migration.Travel.Hop;
import domain.my.lpm.sandbox.migration.Travel.Landing;
import domain.my.lpm.webhook.rewrite.PodRewrite;
import domain.my.lpm.webhook.rewrite.Settings;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One container, many journeys: the first by the runtime's checkpoint or the launcher's, the others by the launcher's. */
@Tag("real")
class HopsTest {
    private static final int HOPS = 10;
    /** What CRI-O gives a container, as the mask in /proc/PID/status shows it. */
    private static final String CRI_O_CAPABILITIES = "5fb";

    @AutoClose
    private static final Cluster cluster = new Cluster();

    @Test
    void losesAndRepeatsNothingInTenHops() {
        Pod pod = Travel.ticker("hopper");
        List<RunningContainer> stations = new ArrayList<>();
        List<RunningPod> pods = new ArrayList<>();
        try {
            RunningPod first = cluster.source.run(pod);
            pods.add(first);
            RunningContainer here = first.container("main");
            stations.add(here);
            awaitNextTick(here);

            Arrival arrival = cluster.migrate(here, Journey.PLAIN);
            pods.add(arrival.pod());
            assertThat(arrival.status().state()).as(arrival.said()).isEqualTo(State.RESTORED);
            arrival.checkpoint().fence();
            here = arrival.container();
            stations.add(here);

            for (int hop = 2; hop <= HOPS; hop++) {
                awaitNextTick(here);
                Node there = here.node() == cluster.target ? cluster.source : cluster.target;
                Landing landing = Travel.hop(cluster, here, there, Travel.named(pod, "hopper-" + hop), Hop.PLAIN);
                pods.add(landing.pod());
                assertThat(landing.status().state())
                        .as("hop %d: %s", hop, landing.said())
                        .isEqualTo(State.RESTORED);
                assertThat(SourceAgent.end(here, "fence").exitCode()).isZero();
                here = landing.container();
                stations.add(here);
            }
            awaitNextTick(here);

            List<String> all = Travel.outputs(stations);
            assertThat(nonces(all)).hasSize(1);
            assertThat(ticks(all)).isEqualTo(upTo(ticks(all).size()));
            for (RunningContainer station : stations) {
                assertThat(ticks(station.output())).isNotEmpty();
            }
            for (RunningContainer left : stations.subList(0, HOPS)) {
                assertThat(left.awaitExit(Cluster.SOON)).isEqualTo(137);
            }
        } finally {
            pods.forEach(RunningPod::close);
        }
    }

    @Test
    void leavesAnOrdinaryContainerWithoutItsRuntime() {
        Pod pod = Travel.ticker("ordinary");
        try (RunningPod running = cluster.source.run(pod)) {
            RunningContainer source = running.container("main");
            awaitNextTick(source);
            try (Landing landing =
                    Travel.hop(cluster, source, cluster.target, Travel.named(pod, "ordinary-2"), Hop.PLAIN)) {
                assertGoesOn(source, landing);
                assertThat(SourceAgent.end(source, "fence").exitCode()).isZero();
                assertThat(source.awaitExit(Cluster.SOON)).isEqualTo(137);
            }
        }
    }

    @Test
    void leavesAContainerWhoseEntryNestedItAtBirth() {
        Pod pod = nestedTicker("nested");
        try (RunningPod running = cluster.source.run(pod)) {
            RunningContainer source = running.container("main");
            awaitNextTick(source);
            try (Landing landing = Travel.hop(
                    cluster, source, cluster.target, Travel.named(Travel.ticker("nested"), "nested-2"), Hop.PLAIN)) {
                assertGoesOn(source, landing);
                assertThat(SourceAgent.end(source, "fence").exitCode()).isZero();
                assertThat(source.awaitExit(Cluster.SOON)).isEqualTo(137);
            }
        }
    }

    private static void assertGoesOn(RunningContainer source, Landing landing) {
        assertThat(landing.status().state()).as(landing.said()).isEqualTo(State.RESTORED);
        assertThat(landing.exitCode()).isZero();
        awaitNextTick(landing.container());
        List<String> all = Travel.outputs(List.of(source, landing.container()));
        assertThat(nonces(all)).hasSize(1);
        assertThat(ticks(all)).isEqualTo(upTo(ticks(all).size()));
    }

    /** The ticker below an entry that nests it, which takes SYS_ADMIN; the application is left what it had. */
    private static Pod nestedTicker(String name) {
        Pod annotated = new PodBuilder(Travel.ticker(name))
                .editMetadata()
                .addToAnnotations(Annotations.RESTORE_MODE, RestoreMode.SELF_RESTORE.value())
                .endMetadata()
                .build();
        Pod rewritten = PodRewrite.rewrite(
                        annotated,
                        Settings.builder().toolkitImage(TargetPod.ENTRY_IMAGE).build())
                .pod();
        Container container = rewritten.getSpec().getContainers().get(0);
        List<String> command = new ArrayList<>(container.getCommand());
        command.addAll(command.indexOf("run") + 1, List.of("--nest", "--capabilities", CRI_O_CAPABILITIES));
        container.setCommand(command);
        container.setSecurityContext(new SecurityContextBuilder()
                .withNewCapabilities()
                .addToAdd("SYS_ADMIN")
                .endCapabilities()
                .build());
        return rewritten;
    }
}
