package domain.my.lpm.controller.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerOutcome;
import domain.my.lpm.agent.protocol.RunRequest;
import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.migration.HandOver;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.MigrationTimeouts;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.migration.RestoreFailurePolicy;
import domain.my.lpm.api.node.Capability;
import domain.my.lpm.api.node.CapabilityStatus;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.apiserver.OnEveryApiServer;
import domain.my.lpm.controller.fake.FakeCluster;
import domain.my.lpm.controller.fake.World.Processes;
import domain.my.lpm.controller.step.Step;
import domain.my.lpm.controller.step.StepListener;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Pod;
import io.grpc.Status;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

@OnEveryApiServer
class FailureTest {
    private final FakeCluster cluster;

    FailureTest(ApiServerKind kind) {
        cluster = new FakeCluster(kind, "a", "b");
    }

    @AfterEach
    void end() {
        cluster.close();
        assertThat(cluster.world().violations()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "b, Prepare, FAILED_PRECONDITION, StandbyFailed, the copy does not stand by: no",
        "b, Prepare, RESOURCE_EXHAUSTED, StorageFull, the copy does not stand by: no",
        "a, Checkpoint, RESOURCE_EXHAUSTED, StorageFull, no checkpoint was taken: no",
        "a, Checkpoint, ABORTED, ContainerRestarted, no checkpoint was taken: no",
        "a, Checkpoint, NOT_FOUND, SourceLost, no checkpoint was taken: no",
        "a, Checkpoint, FAILED_PRECONDITION, CheckpointFailed, no checkpoint was taken: no",
        "a, Checkpoint, INVALID_ARGUMENT, CheckpointFailed, no checkpoint was taken: no",
        "b, Restore, FAILED_PRECONDITION, RestoreFailed, the copy could not be restored: no",
        "b, Restore, NOT_FOUND, TargetLost, the copy could not be restored: no",
    })
    void aRefusalRollsBack(String node, String call, Status.Code code, String reason, String message) {
        Pod source = cluster.pod("counter", "a");
        cluster.agent(node).fail(call, code.toStatus().withDescription("no"));
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        PodMigration migration = rolledBack(source);
        assertThat(migration.getStatus().getReason()).isEqualTo(reason);
        assertThat(migration.getStatus().getMessage()).isEqualTo(message + "\nThe copy is gone, the source goes on.");
    }

    @ParameterizedTest
    @CsvSource({
        "b, Prepare",
        "a, Checkpoint",
        "b, Restore",
        "b, Run",
        "a, Fence",
    })
    void aFailureInPassingIsTriedAgain(String node, String call) {
        cluster.pod("counter", "a");
        cluster.agent(node).fail(call, Status.UNAVAILABLE.withDescription("the kubelet is silent"));
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase())
                .as(migration.getStatus().getMessage())
                .isEqualTo(MigrationPhase.SUCCEEDED);
        assertThat(cluster.agent(node).calls().stream().filter(call::equals)).hasSize(2);
    }

    @Test
    void whileTheCopyCannotBePreparedTheStatusSaysWhy() {
        cluster.pod("counter", "a");
        for (int i = 0; i < 3; i++) {
            cluster.agent("b").fail("Prepare", Status.UNAVAILABLE.withDescription("no route to it"));
        }
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        cluster.awaitMigration(
                "move",
                "saying why",
                migration -> migration.getStatus() != null
                        && "AgentUnreachable".equals(migration.getStatus().getReason())
                        && String.valueOf(migration.getStatus().getMessage()).contains("no route to it")
                        && String.valueOf(migration.getStatus().getMessage()).endsWith("; it is tried again"));
        assertThat(cluster.awaitEnd("move").getStatus().getPhase()).isEqualTo(MigrationPhase.SUCCEEDED);
    }

    @Test
    void aResumeThatFailsIsTriedAgain() {
        Pod source = cluster.pod("counter", "a");
        cluster.agent("b").outcome(ContainerOutcome.Kind.FAILED);
        cluster.agent("a").fail("Resume", Status.UNAVAILABLE.withDescription("the kubelet is silent"));
        cluster.agent("b").fail("Withdraw", Status.UNAVAILABLE.withDescription("gone"));
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        rolledBack(source);
    }

    @Test
    void anUnrestorableCopyRollsBack() {
        Pod source = cluster.pod("counter", "a");
        cluster.agent("b").outcome(ContainerOutcome.Kind.UNRESTORABLE);
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        assertThat(rolledBack(source).getStatus().getMessage())
                .isEqualTo(
                        "the copy could not be restored: container 'app': CRIU said no\nThe copy is gone, the source goes on.");
    }

    @Test
    void anUnrestorableCopyStartsFreshWhereThatIsAskedFor() {
        cluster.pod("counter", "a");
        cluster.agent("b").outcome(ContainerOutcome.Kind.UNRESTORABLE);
        cluster.startController();

        cluster.migrate("move", "counter", "b", spec -> spec.setOnRestoreFailure(RestoreFailurePolicy.START_FRESH));

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.SUCCEEDED);
        assertThat(migration.getStatus().getReason()).isEqualTo("StartedFresh");
        Condition restored = Conditions.find(migration.getStatus().getConditions(), ConditionTypes.RESTORED)
                .orElseThrow();
        assertThat(restored.getStatus()).isEqualTo("False");
        assertThat(restored.getReason()).isEqualTo("StartedFresh");
        assertThat(restored.getMessage())
                .isEqualTo(
                        "the copy begins anew, as spec.onRestoreFailure has it, and what memory held is lost: container 'app': CRIU said no");
        assertThat(cluster.agent("b").requests(RunRequest.class))
                .extracting(RunRequest::getFresh)
                .containsExactly(true);
        assertThat(cluster.world().of(FakeCluster.copyOf(migration))).isEqualTo(Processes.FRESH);
    }

    @Test
    void aSourceThatRanOnIsNotHandedOver() {
        Pod source = cluster.pod("counter", "a");
        cluster.agent("a").holds(false);
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        PodMigration migration = rolledBack(source);
        assertThat(migration.getStatus().getReason()).isEqualTo("HoldBroken");
        assertThat(migration.getStatus().getMessage())
                .startsWith(
                        "the source ran on after its checkpoint, so that what it did since would be lost or done twice; see why node 'a' cannot hold");
    }

    @Test
    void aSourceThatCannotBeHeldIsHandedOverWhereThatIsAllowed() {
        cluster.pod("counter", "a");
        cluster.changeNode(
                "a",
                status -> status.setCapabilities(Arrays.stream(Capability.values())
                        .map(capability ->
                                new CapabilityStatus(capability, capability != Capability.HOLD, "no leave-stopped"))
                        .toList()));
        cluster.startController();

        cluster.migrate("move", "counter", "b", spec -> spec.setHandOver(HandOver.AT_LEAST_ONCE));

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase())
                .as(migration.getStatus().getMessage())
                .isEqualTo(MigrationPhase.SUCCEEDED);
        Condition handOver = Conditions.find(migration.getStatus().getConditions(), ConditionTypes.HAND_OVER)
                .orElseThrow();
        assertThat(handOver.getReason()).isEqualTo("AtLeastOnce");
        assertThat(cluster.agent("a").requests(CheckpointRequest.class))
                .extracting(CheckpointRequest::hasHold)
                .containsExactly(false);
        assertThat(cluster.agent("a").calls()).doesNotContain("Fence", "RenewHold");
        assertThat(cluster.world().violations()).isNotEmpty();
        cluster.world().forgive();
    }

    @Test
    void aPodThatIsNotThereIsRefused() {
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.FAILED);
        assertThat(migration.getStatus().getReason()).isEqualTo("PodNotFound");
        assertThat(migration.getStatus().getMessage())
                .isEqualTo(
                        "there is no pod 'counter' in namespace 'shop', so that nothing can be moved; name a pod that runs");
        assertThat(Conditions.find(migration.getStatus().getConditions(), ConditionTypes.ACCEPTED)
                        .orElseThrow()
                        .getStatus())
                .isEqualTo("False");
    }

    @Test
    void theRuntimeIsNotAskedWhereItsRestoreIsOff() {
        cluster.pod("counter", "a");
        cluster.changeNode(
                "b",
                status -> status.setCapabilities(Arrays.stream(Capability.values())
                        .map(capability -> new CapabilityStatus(
                                capability, capability != Capability.CRI_O_RESTORE, "checkpoint_only"))
                        .toList()));
        cluster.startController();

        cluster.migrate("move", "counter", "b", spec -> spec.setRestoreMode(RestoreMode.CRI_O));

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.FAILED);
        assertThat(migration.getStatus().getReason()).isEqualTo("RestoreModeUnavailable");
    }

    @Test
    void aCopyThatTheRuntimeDoesNotRestoreIsSaidToBeLost() {
        Pod source = cluster.pod("counter", "a");
        cluster.doNotStart("counter-restored");
        cluster.startController(FakeCluster.settings(), new StepListener() {
            @Override
            public void after(Step step) {
                if (step == Step.CREATE_TARGET_POD) {
                    cluster.changePodStatus(
                            "counter-restored",
                            status -> status.withPhase("Pending")
                                    .addNewContainerStatus()
                                    .withName("app")
                                    .withNewState()
                                    .withNewWaiting()
                                    .withReason("RunContainerError")
                                    .withMessage("CRIU refuses")
                                    .endWaiting()
                                    .endState()
                                    .endContainerStatus());
                }
            }
        });

        cluster.migrate("move", "counter", "b", spec -> {
            spec.setRestoreMode(RestoreMode.CRI_O);
            spec.getTimeouts().setRestoreSeconds(2);
        });

        PodMigration waiting = cluster.awaitMigration(
                "move",
                "refused",
                migration -> migration.getStatus() != null
                        && "RestoreFailed".equals(migration.getStatus().getReason()));
        String refused =
                "the hand-over is decided, but the runtime of node 'b' does not restore the copy 'counter-restored':"
                        + " container 'app' waits: RunContainerError (CRIU refuses); no container of it has run an instruction";
        assertThat(waiting.getStatus().getMessage()).startsWith(refused);
        PodMigration migration = cluster.awaitEnd("move");
        Condition restored = Conditions.find(migration.getStatus().getConditions(), ConditionTypes.RESTORED)
                .orElseThrow();
        assertThat(restored.getStatus()).isEqualTo("False");
        assertThat(restored.getReason()).isEqualTo("RestoreFailed");
        assertThat(migration.getStatus().getReason()).isEqualTo("RestoreFailed");
        assertThat(migration.getStatus().getMessage())
                .startsWith(refused
                        + "; the copy is removed; the hand-over had been decided, so that the source does not go on"
                        + " either. What memory held is in the checkpoint shared://"
                        + source.getMetadata().getUid());
        assertThat(cluster.find("counter-restored")).isNull();
    }

    @Test
    void aLeaseThatLapsedForbidsTheCommit() {
        Pod source = cluster.pod("counter", "a");
        AtomicBoolean once = new AtomicBoolean();
        cluster.startController(FakeCluster.settings(), new StepListener() {
            @Override
            public void before(Step step) {
                if (step == Step.RECORD_COMMIT && once.compareAndSet(false, true)) {
                    cluster.client()
                            .resources(PodMigration.class)
                            .inNamespace(FakeCluster.NAMESPACE)
                            .withName("move")
                            .editStatus(migration -> {
                                PodMigrationStatus status = migration.getStatus();
                                status.setPhase(MigrationPhase.ROLLING_BACK);
                                status.setReason("HoldLapsed");
                                status.setMessage("nobody renewed the lease");
                                return migration;
                            });
                    cluster.agent("a").lapse(source.getMetadata().getUid());
                }
            }
        });

        cluster.migrate("move", "counter", "b");

        PodMigration migration = rolledBack(source);
        assertThat(migration.getStatus().getReason()).isEqualTo("HoldLapsed");
        assertThat(migration.getStatus().getCommitTime()).isNull();
        assertThat(cluster.agent("b").calls()).doesNotContain("Run");
    }

    @ParameterizedTest
    @CsvSource({
        "b, Prepare, the copy 'counter-restored' did not stand by within 1 s, pendingSeconds",
        "a, Checkpoint, the checkpoint was not complete within 1 s, checkpointSeconds",
        "b, Restore, the copy 'counter-restored' was not restored within 1 s, restoreSeconds",
    })
    void whatTakesTooLongIsRolledBack(String node, String call, String message, String setting) {
        Pod source = cluster.pod("counter", "a");
        cluster.agent(node).silence(call);
        cluster.startController();

        cluster.migrate("move", "counter", "b", spec -> {
            MigrationTimeouts timeouts = new MigrationTimeouts();
            timeouts.setPendingSeconds(setting.equals("pendingSeconds") ? 1 : 60);
            timeouts.setCheckpointSeconds(setting.equals("checkpointSeconds") ? 1 : 60);
            timeouts.setRestoreSeconds(setting.equals("restoreSeconds") ? 1 : 60);
            spec.setTimeouts(timeouts);
        });

        PodMigration migration = rolledBack(source);
        assertThat(migration.getStatus().getReason()).isEqualTo("DeadlineExceeded");
        assertThat(migration.getStatus().getMessage())
                .isEqualTo(message + "; see the events of the pods, or allow more by spec.timeouts." + setting
                        + "\nThe copy is gone, the source goes on.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Prepare", "Checkpoint", "Restore"})
    void deletingTheMigrationCancelsIt(String call) {
        Pod source = cluster.pod("counter", "a");
        cluster.agent(call.equals("Checkpoint") ? "a" : "b").silence(call);
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.await(
                call + " is called",
                () -> cluster.agent(call.equals("Checkpoint") ? "a" : "b")
                        .calls()
                        .contains(call));

        cluster.client()
                .resources(PodMigration.class)
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("move")
                .delete();

        cluster.await("the migration is gone", () -> cluster.migration("move") == null);
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.RUNNING);
        assertThat(cluster.find("counter-restored")).isNull();
    }

    @Test
    void deletingACommittedMigrationFinishesIt() {
        Pod source = cluster.pod("counter", "a");
        cluster.agent("b").silence("Run");
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.awaitMigration(
                "move",
                "committed",
                found -> found.getStatus() != null && found.getStatus().getCommitTime() != null);

        cluster.client()
                .resources(PodMigration.class)
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("move")
                .delete();
        cluster.await("Run is called", () -> cluster.agent("b").calls().contains("Run"));
        cluster.agent("b").speak("Run");
        // The call that nobody answers would be given up after its deadline.
        cluster.startController();

        cluster.await("the migration is gone", () -> cluster.migration("move") == null);
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.NONE);
    }

    @Test
    void aPodThatIsReplacedIsNotTouched() {
        cluster.pod("counter", "a");
        cluster.doNotStart("counter-restored");
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.awaitMigration(
                "move",
                "waiting for its copy",
                found -> !FakeCluster.copyOf(found).isEmpty());

        cluster.client()
                .pods()
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("counter")
                .delete();
        cluster.await("the pod is gone", () -> cluster.find("counter") == null);
        Pod other = cluster.pod("counter", "a");

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.ROLLED_BACK);
        assertThat(migration.getStatus().getReason()).isIn("PodReplaced", "SourceLost");
        assertThat(cluster.world().of(other.getMetadata().getUid())).isEqualTo(Processes.RUNNING);
        assertThat(cluster.agent("a").calls()).isEmpty();
    }

    @Test
    void aContainerThatIsRestartedIsNotHandedOver() {
        cluster.pod("counter", "a");
        cluster.agent("b").silence("Restore");
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.await("Restore is called", () -> cluster.agent("b").calls().contains("Restore"));

        cluster.changePodStatus(
                "counter",
                status -> status.editFirstContainerStatus()
                        .withContainerID("cri-o://another")
                        .withRestartCount(1)
                        .endContainerStatus());

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.ROLLED_BACK);
        assertThat(migration.getStatus().getReason()).isEqualTo("ContainerRestarted");
    }

    @Test
    void aSidecarThatIsRestartedIsNotHandedOver() {
        cluster.pod("counter", "a", "sidecar-proxy", "app");
        cluster.agent("b").silence("Restore");
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.await("Restore is called", () -> cluster.agent("b").calls().contains("Restore"));

        cluster.changePodStatus(
                "counter",
                status -> status.editFirstInitContainerStatus()
                        .withContainerID("cri-o://another")
                        .withRestartCount(1)
                        .endInitContainerStatus());

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.ROLLED_BACK);
        assertThat(migration.getStatus().getReason()).isEqualTo("ContainerRestarted");
    }

    @Test
    void aCopyWhoseSidecarHasEndedDoesNotStandBy() {
        cluster.pod("counter", "a", "sidecar-proxy", "app");
        cluster.agent("b").silence("Prepare");
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.await("Prepare is called", () -> cluster.agent("b").calls().contains("Prepare"));

        cluster.changePodStatus(
                "counter-restored",
                status -> status.editFirstInitContainerStatus()
                        .editState()
                        .withRunning(null)
                        .withNewTerminated()
                        .withExitCode(137)
                        .endTerminated()
                        .endState()
                        .endInitContainerStatus());

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.ROLLED_BACK);
        assertThat(migration.getStatus().getMessage())
                .contains(
                        "the copy 'counter-restored' does not stand by: container 'sidecar-proxy' has ended with the exit code 137;");
    }

    @Test
    void aSourceThatIsDeletedWhileItStandsStillIsNotHandedOver() {
        cluster.pod("counter", "a");
        cluster.agent("b").silence("Restore");
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.await("Restore is called", () -> cluster.agent("b").calls().contains("Restore"));

        cluster.client()
                .pods()
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("counter")
                .delete();

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.ROLLED_BACK);
        assertThat(migration.getStatus().getReason()).isEqualTo("SourceLost");
        cluster.await(
                "the copy is gone",
                () -> cluster.client()
                                .pods()
                                .inNamespace(FakeCluster.NAMESPACE)
                                .withName("counter-restored")
                                .get()
                        == null);
    }

    @Test
    void theDataOfACheckpointThatIsDeletedStaysUntilTheMigrationHasEnded() {
        cluster.pod("counter", "a");
        cluster.agent("b").silence("Restore");
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.await("Restore is called", () -> cluster.agent("b").calls().contains("Restore"));

        cluster.client()
                .resources(PodCheckpoint.class)
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("move")
                .delete();
        cluster.agent("b").speak("Restore");
        // The call that nobody answers would be given up after its deadline.
        cluster.startController();

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase())
                .as(migration.getStatus().getMessage())
                .isEqualTo(MigrationPhase.SUCCEEDED);
        cluster.await("the data is gone", () -> cluster.storage().isEmpty());
    }

    @Test
    void aCopyThatSomebodyDeletesIsNotHandedOver() {
        Pod source = cluster.pod("counter", "a");
        cluster.agent("b").silence("Restore");
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.await("Restore is called", () -> cluster.agent("b").calls().contains("Restore"));

        cluster.client()
                .pods()
                .inNamespace(FakeCluster.NAMESPACE)
                .withName("counter-restored")
                .delete();

        assertThat(rolledBack(source).getStatus().getReason()).isEqualTo("TargetLost");
    }

    @Test
    void aCopyThatIsLostAfterTheCommitIsNotHidden() {
        Pod source = cluster.pod("counter", "a");
        cluster.agent("b").fail("Run", Status.UNAVAILABLE.withDescription("the node is off"));
        cluster.startController(FakeCluster.settings(), new StepListener() {
            @Override
            public void before(Step step) {
                if (step == Step.RUN) {
                    cluster.client()
                            .pods()
                            .inNamespace(FakeCluster.NAMESPACE)
                            .withName("counter-restored")
                            .delete();
                }
            }
        });

        cluster.migrate("move", "counter", "b");

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.SUCCEEDED);
        assertThat(migration.getStatus().getReason()).isEqualTo("TargetLost");
        assertThat(migration.getStatus().getMessage())
                .startsWith("the copy 'counter-restored' is gone before its agent could say that it runs")
                .contains("the hand-over had been decided, so that the source does not go on either");
        assertThat(Conditions.find(migration.getStatus().getConditions(), ConditionTypes.RESTORED)
                        .orElseThrow()
                        .getReason())
                .isEqualTo("TargetLost");
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.NONE);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = "b")
    void aCopyThatNoWebhookHasPreparedNeverRuns(@Nullable String targetNode) {
        Pod source = cluster.pod("counter", "a");
        cluster.loseWebhook();
        cluster.startController();

        cluster.migrate("move", "counter", targetNode);

        PodMigration migration = rolledBack(source);
        assertThat(migration.getStatus().getReason()).isEqualTo("StandbyFailed");
        assertThat(migration.getStatus().getMessage())
                .startsWith(
                        "no webhook has prepared the copy 'counter-restored', which would begin anew; see that the webhook"
                                + " runs, and that its MutatingWebhookConfiguration is there and takes in this namespace");
        assertThat(cluster.find("counter-restored")).isNull();
    }

    @Test
    void aNameThatIsTakenIsSaid() {
        Pod source = cluster.pod("counter", "a");
        cluster.pod("counter-restored", "b");
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getReason()).isEqualTo("NameTaken");
        assertThat(migration.getStatus().getMessage())
                .startsWith("there is a pod 'counter-restored' already, which is not the copy");
        assertThat(cluster.client()
                        .pods()
                        .inNamespace(FakeCluster.NAMESPACE)
                        .withName("counter-restored")
                        .get())
                .isNotNull();
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.RUNNING);
    }

    @Test
    void theCheckpointOfAMigrationThatWasRolledBackIsNoCheckpoint() {
        Pod source = cluster.pod("counter", "a");
        cluster.agent("b").fail("Restore", Status.FAILED_PRECONDITION.withDescription("no"));
        cluster.startController();

        cluster.migrate("move", "counter", "b");
        rolledBack(source);

        cluster.await("the checkpoint is over", () -> {
            PodCheckpoint checkpoint = cluster.client()
                    .resources(PodCheckpoint.class)
                    .inNamespace(FakeCluster.NAMESPACE)
                    .withName("move")
                    .get();
            CheckpointPhase phase = checkpoint == null || checkpoint.getStatus() == null
                    ? null
                    : checkpoint.getStatus().getPhase();
            return phase != null
                    && phase.isFinal()
                    && (phase == CheckpointPhase.SUCCEEDED)
                            == !cluster.storage().isEmpty();
        });
    }

    @Test
    void aMigrationIsDeletedWhenItsTimeAfterTheEndIsOver() {
        cluster.pod("counter", "a");
        cluster.startController();

        cluster.migrate("move", "counter", "b", spec -> spec.setTtlSecondsAfterFinished(1));

        cluster.await("the migration is gone", () -> cluster.migration("move") == null);
        assertThat(cluster.client()
                        .pods()
                        .inNamespace(FakeCluster.NAMESPACE)
                        .withName("counter-restored")
                        .get())
                .isNotNull();
    }

    private PodMigration rolledBack(Pod source) {
        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase())
                .as(migration.getStatus().getMessage())
                .isEqualTo(MigrationPhase.ROLLED_BACK);
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.RUNNING);
        assertThat(cluster.find("counter-restored")).isNull();
        return migration;
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void aMigrationWhoseTurnComesWaitsForAnAgentThatIsNotReady(String node) {
        cluster.pod("counter", "a");
        cluster.ready(node, false);
        cluster.startController();

        cluster.migrate("move", "counter", "b");

        cluster.awaitMigration(
                "move",
                "waiting",
                migration -> isHindered(migration)
                        && migration.getStatus().getPhase() == MigrationPhase.PENDING
                        && "AgentUnreachable".equals(migration.getStatus().getReason())
                        && String.valueOf(migration.getStatus().getMessage())
                                .contains("node '" + node + "' is not ready"));
        cluster.ready(node, true);
        assertThat(cluster.awaitEnd("move").getStatus().getPhase()).isEqualTo(MigrationPhase.SUCCEEDED);
    }

    @Test
    void itWaitsForAnAgentNoLongerThanItMay() {
        Pod source = cluster.pod("counter", "a");
        cluster.ready("b", false);
        cluster.startController();

        cluster.migrate("move", "counter", "b", spec -> {
            MigrationTimeouts timeouts = new MigrationTimeouts();
            timeouts.setPendingSeconds(1);
            spec.setTimeouts(timeouts);
        });

        PodMigration migration = cluster.awaitEnd("move");
        assertThat(migration.getStatus().getPhase()).isEqualTo(MigrationPhase.FAILED);
        assertThat(migration.getStatus().getReason()).isEqualTo("AgentUnreachable");
        assertThat(isHindered(migration)).isTrue();
        assertThat(cluster.world().of(source.getMetadata().getUid())).isEqualTo(Processes.RUNNING);
    }

    private static boolean isHindered(PodMigration migration) {
        return migration.getStatus() != null
                && Conditions.find(migration.getStatus().getConditions(), "Accepted")
                        .filter(condition -> condition.getStatus().equals("False"))
                        .isPresent();
    }
}
