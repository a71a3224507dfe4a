package domain.my.lpm.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.apiserver.OnEveryApiServer;
import domain.my.lpm.controller.fake.FakeCluster;
import domain.my.lpm.controller.migration.MigrationStatus;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The controller and the agents both decide by it, so that it must hold on a real API server. */
@OnEveryApiServer
class StatusPatchTest {
    @AutoClose
    private final FakeCluster cluster;

    StatusPatchTest(ApiServerKind kind) {
        cluster = new FakeCluster(kind);
    }

    private static PodMigration pending(PodMigration migration, String message) {
        return MigrationStatus.of(migration, Instant.now())
                .phase(MigrationPhase.PENDING, Reasons.QUEUED, message)
                .build();
    }

    @Test
    void whatWasReadIsWritten() {
        PodMigration created = cluster.migrate("move", "counter", "b");

        PodMigration first = StatusPatch.write(cluster.client(), pending(created, "first"));
        PodMigration second = StatusPatch.write(cluster.client(), pending(first, "second"));

        assertThat(second.getStatus().getMessage()).isEqualTo("second");
        assertThat(cluster.migration("move")).satisfies(stored -> {
            assertThat(stored.getStatus().getMessage()).isEqualTo("second");
            assertThat(stored.getMetadata().getResourceVersion())
                    .isEqualTo(second.getMetadata().getResourceVersion());
        });
    }

    @Test
    void whatSomebodyElseHasWrittenSinceIsNotOverwritten() {
        PodMigration created = cluster.migrate("move", "counter", "b");
        StatusPatch.write(cluster.client(), pending(created, "theirs"));

        assertThatThrownBy(() -> StatusPatch.write(cluster.client(), pending(created, "ours")))
                .isInstanceOf(ConflictException.class);

        assertThat(cluster.migration("move"))
                .satisfies(stored -> assertThat(stored.getStatus().getMessage()).isEqualTo("theirs"));
    }

    @Test
    void aChangeOfTheMetadataAloneIsOneToo() {
        PodMigration created = cluster.migrate("move", "counter", "b");
        cluster.client().resource(created).edit(found -> {
            found.getMetadata().setLabels(Map.of("a", "b"));
            return found;
        });

        assertThatThrownBy(() -> StatusPatch.write(cluster.client(), pending(created, "ours")))
                .isInstanceOf(ConflictException.class);
    }

    @Test
    void whatIsGoneIsAConflict() {
        PodMigration created = cluster.migrate("move", "counter", "b");
        cluster.client().resource(created).delete();
        cluster.await("it is gone", () -> cluster.migration("move") == null);

        assertThatThrownBy(() -> StatusPatch.write(cluster.client(), pending(created, "ours")))
                .isInstanceOf(ConflictException.class);
    }
}
