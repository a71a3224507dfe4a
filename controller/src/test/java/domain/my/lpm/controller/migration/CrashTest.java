package domain.my.lpm.controller.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.agent.protocol.ContainerOutcome;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.apiserver.OnEveryApiServer;
import domain.my.lpm.controller.fake.Crash;
import domain.my.lpm.controller.fake.FakeCluster;
import domain.my.lpm.controller.fake.World.Processes;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A controller ends at every side of every act; the next one comes to the same end. */
@OnEveryApiServer(slow = true)
class CrashTest {
    private static final Set<Step> OF_A_SUCCESS = EnumSet.of(
            Step.RECORD_ACCEPTED,
            Step.CREATE_TARGET_POD,
            Step.RECORD_TARGET_POD,
            Step.PREPARE,
            Step.RECORD_CHECKPOINTING,
            Step.CREATE_POD_CHECKPOINT,
            Step.CHECKPOINT,
            Step.RECORD_CHECKPOINTED,
            Step.RECORD_TRANSFERRING,
            Step.RECORD_RESTORING,
            Step.RESTORE,
            Step.RECORD_COMMIT,
            Step.RUN,
            Step.RECORD_RUNNING,
            Step.DELETE_SOURCE_POD,
            Step.FENCE,
            Step.RECORD_SUCCEEDED,
            Step.RECORD_CHECKPOINT_RUNNING,
            Step.CREATE_CONTAINER_CHECKPOINT,
            Step.CREATE_CONTENT,
            Step.RECORD_CHECKPOINT_END);

    private static final Set<Step> OF_A_ROLLBACK = EnumSet.of(
            Step.RECORD_ROLLING_BACK, Step.WITHDRAW, Step.DELETE_TARGET_POD, Step.RESUME, Step.RECORD_ROLLED_BACK);

    private final FakeCluster cluster;

    CrashTest(ApiServerKind kind) {
        cluster = new FakeCluster(kind, "a", "b");
    }

    @AfterEach
    void end() {
        cluster.close();
        assertThat(cluster.world().violations()).isEmpty();
    }

    static Stream<Arguments> successes() {
        return sides(OF_A_SUCCESS);
    }

    static Stream<Arguments> rollbacks() {
        return sides(OF_A_ROLLBACK);
    }

    static Stream<Arguments> conversions() {
        return sides(EnumSet.of(Step.CONVERT, Step.RECORD_COMMIT, Step.CREATE_TARGET_POD, Step.RECORD_TARGET_POD));
    }

    private static Stream<Arguments> sides(Set<Step> steps) {
        return steps.stream().flatMap(step -> Stream.of(Arguments.of(step, true), Arguments.of(step, false)));
    }

    @ParameterizedTest(name = "{0}, before: {1}")
    @MethodSource("successes")
    void theNextControllerFinishes(Step step, boolean before) {
        Pod source = cluster.pod("counter", "a");

        crash(step, before, () -> cluster.migrate("move", "counter", "b"));
        PodMigration migration = cluster.awaitEnd("move");

        assertThat(migration.getStatus().getPhase())
                .as(migration.getStatus().getMessage())
                .isEqualTo(MigrationPhase.SUCCEEDED);
        assertThat(migration.getStatus().getReason()).isEqualTo("Restored");
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.NONE);
        assertThat(cluster.world().of(FakeCluster.copyOf(migration))).isEqualTo(Processes.RUNNING);
        assertThat(cluster.client()
                        .resources(PodCheckpoint.class)
                        .inNamespace(FakeCluster.NAMESPACE)
                        .withName("move")
                        .get()
                        .getStatus()
                        .getPhase())
                .isEqualTo(CheckpointPhase.SUCCEEDED);
    }

    @ParameterizedTest(name = "{0}, before: {1}")
    @MethodSource("rollbacks")
    void theNextControllerRollsBack(Step step, boolean before) {
        Pod source = cluster.pod("counter", "a");
        cluster.agent("b").outcome(ContainerOutcome.Kind.FAILED);

        crash(step, before, () -> cluster.migrate("move", "counter", "b"));
        PodMigration migration = cluster.awaitEnd("move");

        assertThat(migration.getStatus().getPhase())
                .as(migration.getStatus().getMessage())
                .isEqualTo(MigrationPhase.ROLLED_BACK);
        assertThat(migration.getStatus().getReason()).isEqualTo("RestoreFailed");
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.RUNNING);
        assertThat(cluster.find("counter-restored")).isNull();
    }

    @ParameterizedTest(name = "{0}, before: {1}")
    @MethodSource("conversions")
    void theNextControllerFinishesARestoreByTheRuntime(Step step, boolean before) {
        cluster.pod("counter", "a");

        crash(
                step,
                before,
                () -> cluster.migrate("move", "counter", "b", spec -> spec.setRestoreMode(RestoreMode.CRI_O)));
        PodMigration migration = cluster.awaitEnd("move");

        assertThat(migration.getStatus().getPhase())
                .as(migration.getStatus().getMessage())
                .isEqualTo(MigrationPhase.SUCCEEDED);
    }

    static Stream<Boolean> bothSides() {
        return Stream.of(true, false);
    }

    @ParameterizedTest(name = "before: {0}")
    @MethodSource("bothSides")
    void theNextControllerRefuses(boolean before) {
        crash(Step.RECORD_FAILED, before, () -> cluster.migrate("move", "counter", "b"));

        assertThat(cluster.awaitEnd("move").getStatus().getReason()).isEqualTo("PodNotFound");
    }

    @ParameterizedTest(name = "before: {0}")
    @MethodSource("bothSides")
    void theNextControllerDeletesWhatHasEnded(boolean before) {
        cluster.pod("counter", "a");

        crash(
                Step.DELETE_MIGRATION,
                before,
                () -> cluster.migrate("move", "counter", "b", spec -> spec.setTtlSecondsAfterFinished(1)));

        cluster.await("the migration is gone", () -> cluster.migration("move") == null);
    }

    @ParameterizedTest(name = "before: {0}")
    @MethodSource("bothSides")
    void theNextControllerKeepsTheQueue(boolean before) {
        List<String> pods = List.of("one", "two", "three", "four");
        pods.forEach(pod -> cluster.pod(pod, "a"));

        crash(Step.RECORD_QUEUED, before, () -> pods.forEach(pod -> cluster.migrate("move-" + pod, pod, "b")));

        for (String pod : pods) {
            assertThat(cluster.awaitEnd("move-" + pod).getStatus().getPhase()).isEqualTo(MigrationPhase.SUCCEEDED);
        }
    }

    private void crash(Step step, boolean before, Runnable begin) {
        Crash crash = new Crash(step, before);
        cluster.startController(FakeCluster.settings(), crash);
        begin.run();
        cluster.await("the controller has come to " + step, crash::isDead);
        cluster.startController();
    }
}
