package domain.my.lpm.controller.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerRelease;
import domain.my.lpm.agent.protocol.PrepareRequest;
import domain.my.lpm.agent.protocol.RestoreRequest;
import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.CheckpointedContainer;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationStrategy;
import domain.my.lpm.api.migration.PhaseTransition;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.apiserver.OnEveryApiServer;
import domain.my.lpm.controller.fake.FakeCluster;
import domain.my.lpm.controller.fake.World.Processes;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Pod;
import io.grpc.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@OnEveryApiServer
class SelfRestoreTest {
    private final FakeCluster cluster;

    SelfRestoreTest(ApiServerKind kind) {
        cluster = new FakeCluster(kind, "a", "b");
    }

    @AfterEach
    void end() {
        cluster.close();
        assertThat(cluster.world().violations()).isEmpty();
    }

    @Test
    void aStrategyThatIsNotAvailableIsReplacedAndThatIsSaid() {
        cluster.startController();
        cluster.pod("counter", "a");

        cluster.migrate("move", "counter", "b", spec -> spec.setStrategy(MigrationStrategy.POST_COPY));
        PodMigration migration = cluster.awaitEnd("move");

        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.SUCCEEDED);
        Condition followed = Conditions.find(migration.getStatus().getConditions(), ConditionTypes.STRATEGY_FOLLOWED)
                .orElseThrow();
        assertThat(followed.getStatus()).isEqualTo("False");
        assertThat(followed.getReason()).isEqualTo("StoppedAndCopied");
        assertThat(followed.getMessage()).startsWith("strategy PostCopy is not available in this version");
    }

    @Test
    void aPodMoves() {
        cluster.startController();
        Pod source = cluster.pod("counter", "a");

        cluster.migrate("move", "counter", "b");
        PodMigration migration = cluster.awaitEnd("move");

        assertThat(migration.getStatus().getMessage())
                .isEqualTo("pod 'counter' runs on as 'counter-restored' on node 'b'");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.SUCCEEDED);
        assertThat(migration.getStatus().getPhaseTransitions())
                .extracting(PhaseTransition::phase)
                .containsExactly(
                        MigrationPhase.PENDING,
                        MigrationPhase.CHECKPOINT_IN_PROGRESS,
                        MigrationPhase.CHECKPOINT_COMPLETED,
                        MigrationPhase.MIGRATION_IN_PROGRESS,
                        MigrationPhase.RESTORE_IN_PROGRESS,
                        MigrationPhase.SUCCEEDED);
        for (String type : new String[] {
            ConditionTypes.ACCEPTED,
            ConditionTypes.STANDBY_READY,
            ConditionTypes.CHECKPOINTED,
            ConditionTypes.HAND_OVER,
            ConditionTypes.COMMITTED,
            ConditionTypes.RESTORED,
            ConditionTypes.SOURCE_FENCED
        }) {
            assertThat(Conditions.isTrue(migration.getStatus().getConditions(), type))
                    .as(type)
                    .isTrue();
        }
        assertThat(cluster.agent("b").calls()).containsExactly("Prepare", "Restore", "Run");
        assertThat(cluster.agent("a").calls())
                // On a slow machine the lease is renewed.
                .filteredOn(call -> !call.equals("RenewHold"))
                .containsExactly("Checkpoint", "SyncCheckpoint", "Fence");
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.NONE);
        assertThat(cluster.client()
                        .pods()
                        .inNamespace(FakeCluster.NAMESPACE)
                        .list()
                        .getItems())
                .extracting(pod -> pod.getMetadata().getName())
                .containsExactly("counter-restored");
        PodCheckpoint checkpoint = cluster.client()
                .resources(PodCheckpoint.class)
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("move")
                .get();
        assertThat(checkpoint.getStatus().getPhase()).isEqualTo(CheckpointPhase.SUCCEEDED);
        assertThat(checkpoint.getStatus().getReady()).isTrue();
    }

    @Test
    void sidecarsMoveWithTheirPod() {
        cluster.startController();
        cluster.pod("counter", "a", "app", "sidecar-proxy", "helper");

        cluster.migrate("move", "counter", "b");

        assertThat(cluster.awaitEnd("move").getStatus().getPhase()).isEqualTo(MigrationPhase.SUCCEEDED);
        String[] all = {"sidecar-proxy", "app", "helper"};
        assertThat(cluster.agent("b").requests(PrepareRequest.class))
                .allSatisfy(request -> assertThat(request.getContainersList()).containsExactly(all));
        assertThat(cluster.agent("a").requests(CheckpointRequest.class))
                .allSatisfy(request -> assertThat(request.getContainersList()).containsExactly(all));
        assertThat(cluster.agent("b").requests(RestoreRequest.class))
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request.getReleasesList())
                        .extracting(ContainerRelease::getContainer)
                        .containsExactly(all));
        assertThat(checkpoint().getStatus().getContainers())
                .extracting(CheckpointedContainer::name)
                .containsExactly(all);
    }

    private PodCheckpoint checkpoint() {
        return cluster.client()
                .resources(PodCheckpoint.class)
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("move")
                .get();
    }

    @Test
    void theSourceIsKeptUntilTheCheckpointIsOnStableStorage() {
        cluster.agent("a").silence("SyncCheckpoint");
        cluster.startController();
        Pod source = cluster.pod("counter", "a");

        cluster.migrate("move", "counter", "b");
        cluster.await(
                "the copy runs",
                () -> cluster.agent("b").calls().contains("Run")
                        && cluster.agent("a").calls().contains("SyncCheckpoint"));

        assertThat(cluster.agent("a").requests(CheckpointRequest.class))
                .singleElement()
                .satisfies(request -> assertThat(request.getDurableLater()).isTrue());
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.HELD);
        assertThat(cluster.client().resource(source).get()).isNotNull();
        assertThat(checkpoint().getStatus().getPhase()).isEqualTo(CheckpointPhase.RUNNING);
    }

    @Test
    void theCopyRunsThoughTheCheckpointIsNotOnStableStorage() {
        cluster.agent("a")
                .fail(
                        "SyncCheckpoint",
                        Status.FAILED_PRECONDITION.withDescription("the share has no room; give it more"));
        cluster.startController();
        cluster.pod("counter", "a");

        cluster.migrate("move", "counter", "b");

        assertThat(cluster.awaitEnd("move").getStatus().getPhase()).isEqualTo(MigrationPhase.SUCCEEDED);
        assertThat(checkpoint().getStatus().getPhase()).isEqualTo(CheckpointPhase.FAILED);
        assertThat(checkpoint().getStatus().getMessage()).contains("the share has no room; give it more");
    }
}
