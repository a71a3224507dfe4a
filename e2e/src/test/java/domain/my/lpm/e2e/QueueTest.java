package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Many migrations at once. The limits are those that the controller has by default. */
@EndToEnd
class QueueTest {
    private static final int IN_CLUSTER = 5;
    private static final int OUT_OF_NODE = 2;

    /** How many were under way at once, by what the API told at each change. */
    private static final class Crowd implements Watcher<PodMigration> {
        private final Map<String, String> sourceOf = new HashMap<>();
        private int most;
        private int mostOfNode;

        @Override
        public synchronized void eventReceived(Action action, PodMigration migration) {
            String name = migration.getMetadata().getName();
            if (action == Action.DELETED || Scenario.isOver(migration) || isWaiting(migration)) {
                sourceOf.remove(name);
            } else {
                sourceOf.put(
                        name,
                        Objects.requireNonNull(migration.getStatus().getSourcePod())
                                .node());
            }
            most = Math.max(most, sourceOf.size());
            Map<String, Integer> byNode = new HashMap<>();
            sourceOf.values().forEach(node -> byNode.merge(node, 1, Integer::sum));
            byNode.values().forEach(count -> mostOfNode = Math.max(mostOfNode, count));
        }

        private static boolean isWaiting(PodMigration migration) {
            // The copy is named when its turn has come.
            return migration.getStatus() == null || migration.getStatus().getTargetPod() == null;
        }

        @Override
        public void onClose(WatcherException failed) {
            throw new IllegalStateException("the watch has ended", failed);
        }
    }

    @Test
    void twentyMigrationsKeepToTheLimits(Scenario scenario) {
        List<Application> counters = new ArrayList<>();
        for (int index = 0; index < 20; index++) {
            counters.add(scenario.start(
                    Scenario.on(scenario.cluster().nodes().get(index % 2), Scenario.counter("counter-" + index))));
        }
        counters.forEach(counter -> scenario.awaitReady(counter.podName()));
        Crowd crowd = new Crowd();
        List<PodMigration> migrations = new ArrayList<>();
        try (Watch watch = scenario.client()
                .resources(PodMigration.class)
                .inNamespace(scenario.namespace())
                .watch(crowd)) {
            counters.forEach(
                    counter -> migrations.add(scenario.create("move-" + counter.podName(), counter.podName())));
            migrations.forEach(
                    migration -> Scenario.requirePhase(scenario.awaitEnd(migration), MigrationPhase.SUCCEEDED));
        }
        for (int index = 0; index < counters.size(); index++) {
            counters.get(index).movedTo("counter-" + index + "-restored");
            counters.get(index).goesOn(3);
        }
        scenario.figure("most at once", Integer.toString(crowd.most));
        scenario.figure("most at once out of one node", Integer.toString(crowd.mostOfNode));
        assertThat(crowd.most).isBetween(2, IN_CLUSTER);
        assertThat(crowd.mostOfNode).isBetween(1, OUT_OF_NODE);
    }

    @Test
    void aNodeIsEmptied(Scenario scenario) {
        String node = scenario.cluster().nodes().get(0);
        List<Application> counters = new ArrayList<>();
        for (int index = 0; index < 10; index++) {
            counters.add(scenario.start(Scenario.on(node, Scenario.counter("counter-" + index))));
        }
        counters.forEach(counter -> scenario.awaitReady(counter.podName()));
        PlacementTest.cordon(scenario, node, true);
        try {
            List<PodMigration> migrations = counters.stream()
                    .map(counter -> scenario.create("move-" + counter.podName(), counter.podName()))
                    .toList();
            long longest = 0;
            for (PodMigration migration : migrations) {
                PodMigration ended = scenario.awaitEnd(migration);
                Scenario.requirePhase(ended, MigrationPhase.SUCCEEDED);
                longest = Math.max(
                        longest, Objects.requireNonNull(ended.getStatus().getDowntimeMillis()));
            }
            scenario.figure("longest downtime", longest + " ms");
            for (Application counter : counters) {
                counter.movedTo(counter.name() + "-restored");
                counter.goesOn(3);
                assertThat(counter.node()).isNotEqualTo(node);
            }
        } finally {
            PlacementTest.cordon(scenario, node, false);
        }
    }
}
