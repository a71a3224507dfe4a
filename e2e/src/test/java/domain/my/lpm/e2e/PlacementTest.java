package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import org.junit.jupiter.api.Test;

/** Where copies come to be. */
@EndToEnd
class PlacementTest {
    @Test
    void theSchedulerNeverChoosesTheSourceNode(Scenario scenario) {
        // Many small pods, none of which is asked to go anywhere: half of them would stay by chance.
        for (int index = 0; index < 4; index++) {
            Application counter = scenario.run(Scenario.counter("counter-" + index));
            String source = counter.node();
            scenario.move("away-" + index, counter);
            assertThat(counter.node()).isNotEqualTo(source);
        }
    }

    @Test
    void aNamedNodeIsTaken(Scenario scenario) {
        Application counter = scenario.run(Scenario.counter("counter"));
        String target = scenario.cluster().nodeOtherThan(counter.node());
        scenario.move("named", counter, "targetNode: " + target);
        assertThat(counter.node()).isEqualTo(target);
    }

    @Test
    void theSameNodeIsTakenWhereItIsAskedFor(Scenario scenario) {
        Application counter = scenario.run(Scenario.counter("counter"));
        String node = counter.node();
        assertThatThrownBy(() -> scenario.create("refused", counter.podName(), "targetNode: " + node))
                .hasMessageContaining(node)
                .hasMessageContaining("allowSameNode");
        scenario.move("same", counter, "targetNode: " + node, "allowSameNode: true");
        assertThat(counter.node()).isEqualTo(node);
    }

    @Test
    void aCordonedNodeIsNoTarget(Scenario scenario) {
        Application counter = scenario.run(Scenario.counter("counter"));
        String target = scenario.cluster().nodeOtherThan(counter.node());
        cordon(scenario, target, true);
        try {
            assertThatThrownBy(() -> scenario.create("cordoned", counter.podName(), "targetNode: " + target))
                    .hasMessageContaining(target)
                    .hasMessageContaining("cordoned");
        } finally {
            cordon(scenario, target, false);
        }
        scenario.move("again", counter, "targetNode: " + target);
    }

    /** As {@code kubectl cordon} and {@code uncordon} do. */
    static void cordon(Scenario scenario, String node, boolean unschedulable) {
        scenario.client()
                .nodes()
                .withName(node)
                .edit(each -> new NodeBuilder(each)
                        .editSpec()
                        .withUnschedulable(unschedulable)
                        .endSpec()
                        .build());
    }
}
