package domain.my.lpm.e2e;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Deleting a PodMigration: before the commit it cancels it, afterwards it ends it. */
@EndToEnd
class CancelTest {
    @ParameterizedTest
    @EnumSource(names = {"PENDING", "CHECKPOINT_IN_PROGRESS", "RESTORE_IN_PROGRESS"})
    void theApplicationGoesOnWhereverItIs(MigrationPhase phase, Scenario scenario) {
        Application counter = scenario.run(Scenario.counter("counter"));
        counter.goesOn(10);
        PodMigration migration = scenario.create("cancelled", counter.podName());
        MigrationPhase was = scenario.when(
                migration, phase, () -> scenario.client().resource(migration).delete());
        scenario.figure("phase in which it was deleted", was.value());

        Awaitility.await()
                .atMost(Cluster.PATIENCE)
                .until(() -> scenario.client().resource(migration).get() == null);

        // Which of the two it is may be decided already; there is one of them in any case.
        if (counter.find("counter") == null) {
            counter.movedTo("counter-restored");
        } else {
            scenario.awaitGone(counter, "counter-restored");
        }
        counter.goesOn(10);
        scenario.move("another", counter);
    }
}
