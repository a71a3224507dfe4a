package domain.my.lpm.controller.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.SourcePod;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MigrationQueueTest {
    private final List<PodMigration> seen = new ArrayList<>();
    private final MigrationQueue queue = new MigrationQueue(
            3,
            2,
            () -> seen,
            migration -> Optional.of(migration.getSpec().getPodName()).filter(node -> !node.isEmpty()));

    /** The pod's name stands for its node. */
    private PodMigration waiting(String name, String node, int second) {
        PodMigration migration = new PodMigration();
        migration.setMetadata(new ObjectMetaBuilder()
                .withNamespace("shop")
                .withName(name)
                .withUid("uid-" + name)
                .withCreationTimestamp("2026-01-01T00:00:%02dZ".formatted(second))
                .build());
        migration.getSpec().setPodName(node);
        seen.add(migration);
        return migration;
    }

    private static PodMigration begun(PodMigration migration, MigrationPhase phase) {
        PodMigrationStatus status = new PodMigrationStatus();
        status.setPhase(phase);
        status.setSourcePod(new SourcePod(
                "pod-" + migration.getMetadata().getName(), migration.getSpec().getPodName()));
        migration.setStatus(status);
        return migration;
    }

    @Test
    void theyBeginInTheOrderOfCreationThenOfName() {
        PodMigration second = waiting("b", "n1", 0);
        PodMigration first = waiting("a", "n2", 0);
        PodMigration third = waiting("0", "n3", 1);
        PodMigration fourth = waiting("1", "n4", 1);

        assertThat(queue.admit(fourth)).isFalse();
        assertThat(queue.admit(third)).isTrue();
        assertThat(queue.admit(second)).isTrue();
        assertThat(queue.admit(first)).isTrue();
        assertThat(queue.admit(fourth)).isFalse();
        assertThat(queue.release("uid-b")).containsExactly(fourth);
        assertThat(queue.admit(fourth)).isTrue();
    }

    @Test
    void oneThatWaitsForItsNodeLetsOthersPass() {
        waiting("a", "n1", 0);
        waiting("b", "n1", 1);
        PodMigration thirdOfTheNode = waiting("c", "n1", 2);
        PodMigration ofAnother = waiting("d", "n2", 3);

        assertThat(queue.admit(thirdOfTheNode)).isFalse();
        assertThat(queue.admit(ofAnother)).isTrue();
        assertThat(queue.length()).isEqualTo(3);
    }

    @Test
    void whatWasDecidedCountsAlsoWhereItIsNotSeenYet() {
        PodMigration[] all = {waiting("a", "n1", 0), waiting("b", "n2", 1), waiting("c", "n3", 2), waiting("d", "n4", 3)
        };

        assertThat(queue.admit(all[0])).isTrue();
        assertThat(queue.admit(all[1])).isTrue();
        assertThat(queue.admit(all[2])).isTrue();

        assertThat(queue.admit(all[3])).isFalse();
        assertThat(queue.underWay()).isEqualTo(3);
        assertThat(queue.admit(all[0])).as("asked again").isTrue();
    }

    @Test
    void oneThatIsOverDoesNotCountAlsoWhereThatIsNotSeenYet() {
        begun(waiting("a", "n1", 0), MigrationPhase.RESTORE_IN_PROGRESS);
        begun(waiting("b", "n2", 1), MigrationPhase.PENDING);
        begun(waiting("c", "n3", 2), MigrationPhase.ROLLING_BACK);
        PodMigration next = waiting("d", "n4", 3);

        assertThat(queue.admit(next)).isFalse();
        assertThat(queue.release("uid-a")).containsExactly(next);
        assertThat(queue.admit(next)).isTrue();
        assertThat(queue.underWay()).isEqualTo(3);
    }

    @Test
    void oneThatIsBeingDeletedGivesItsPlaceAway() {
        PodMigration deleted = waiting("a", "n1", 0);
        deleted.getMetadata().setDeletionTimestamp("2026-01-01T00:01:00Z");
        waiting("b", "n1", 1);
        PodMigration next = waiting("c", "n1", 2);

        assertThat(queue.admit(next)).isTrue();
    }
}
