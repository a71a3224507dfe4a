package domain.my.lpm.controller.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.agent.protocol.DeleteCheckpointRequest;
import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.checkpoint.CheckpointPhase;
import domain.my.lpm.api.checkpoint.CheckpointStatus;
import domain.my.lpm.api.checkpoint.ContainerCheckpoint;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.ContainerCheckpointSpec;
import domain.my.lpm.api.checkpoint.DeletionPolicy;
import domain.my.lpm.api.checkpoint.PodCheckpoint;
import domain.my.lpm.api.checkpoint.PodCheckpointContent;
import domain.my.lpm.api.checkpoint.PodCheckpointSpec;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.apiserver.OnEveryApiServer;
import domain.my.lpm.controller.fake.FakeCluster;
import domain.my.lpm.controller.fake.World.Processes;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.CustomResource;
import io.grpc.Status;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@OnEveryApiServer
class CheckpointTest {
    private final FakeCluster cluster;

    CheckpointTest(ApiServerKind kind) {
        cluster = new FakeCluster(kind, "a", "b");
    }

    @AfterEach
    void end() {
        cluster.close();
    }

    @Test
    void aPodIsCheckpointedAndRunsOn() {
        Pod pod = cluster.pod("counter", "a", "app", "helper");
        cluster.startController();

        PodCheckpoint checkpoint = podCheckpoint("save", spec -> {});

        PodCheckpoint saved = awaitEnd(checkpoint);
        assertThat(saved.getStatus().getPhase())
                .as(saved.getStatus().getMessage())
                .isEqualTo(CheckpointPhase.SUCCEEDED);
        assertThat(saved.getStatus().getReady()).isTrue();
        assertThat(saved.getStatus().getCheckpointId())
                .isEqualTo(checkpoint.getMetadata().getUid());
        assertThat(saved.getStatus().getContainers())
                .extracting(container -> container.checkpointName())
                .containsExactly("save-app", "save-helper");
        assertThat(cluster.world().of(pod.getMetadata().getUid())).isEqualTo(Processes.RUNNING);
        PodCheckpointContent content = cluster.client()
                .resources(PodCheckpointContent.class)
                .withName(saved.getStatus().getBoundContent())
                .get();
        assertThat(content.getMetadata().getName())
                .isEqualTo("pckpt-" + checkpoint.getMetadata().getUid());
        assertThat(content.getSpec().getContainerContents()).hasSize(2);
        cluster.await(
                "the data is available",
                () -> contents().stream()
                        .allMatch(found -> found.getStatus() != null
                                && Conditions.isTrue(found.getStatus().getConditions(), ConditionTypes.AVAILABLE)));
    }

    @Test
    void aContainerIsCheckpointedAlone() {
        cluster.pod("counter", "a", "app", "helper");
        cluster.startController();

        ContainerCheckpoint checkpoint = containerCheckpoint("save", "helper");

        ContainerCheckpoint saved = awaitEnd(checkpoint);
        assertThat(saved.getStatus().getPhase())
                .as(saved.getStatus().getMessage())
                .isEqualTo(CheckpointPhase.SUCCEEDED);
        assertThat(saved.getStatus().getArtifactUri()).endsWith("/helper/dump.tar.zst");
        assertThat(saved.getStatus().getSizeBytes()).isEqualTo(4096);
        assertThat(saved.getStatus().getBoundContent())
                .isEqualTo("cckpt-" + checkpoint.getMetadata().getUid());
    }

    @Test
    void aContainerThatThePodDoesNotHaveIsSaid() {
        cluster.pod("counter", "a", "app");
        cluster.startController();

        ContainerCheckpoint saved = awaitEnd(containerCheckpoint("save", "helper"));

        assertThat(saved.getStatus().getPhase()).isEqualTo(CheckpointPhase.FAILED);
        assertThat(saved.getStatus().getMessage())
                .isEqualTo("pod 'counter' has no container 'helper', but app; name one of these");
    }

    @ParameterizedTest
    @CsvSource({
        "RESOURCE_EXHAUSTED, StorageFull",
        "ABORTED, ContainerRestarted",
        "FAILED_PRECONDITION, CheckpointFailed",
        "NOT_FOUND, PodNotFound"
    })
    void aRefusalIsSaid(Status.Code code, String reason) {
        cluster.pod("counter", "a");
        cluster.agent("a").fail("Checkpoint", code.toStatus().withDescription("the share has 0 bytes left"));
        cluster.startController();

        PodCheckpoint saved = awaitEnd(podCheckpoint("save", spec -> {}));

        assertThat(saved.getStatus().getPhase()).isEqualTo(CheckpointPhase.FAILED);
        assertThat(saved.getStatus().getReason()).isEqualTo(reason);
        assertThat(saved.getStatus().getMessage()).isEqualTo("the share has 0 bytes left");
        assertThat(saved.getStatus().getReady()).isFalse();
    }

    @Test
    void nobodyHoldsAPodWithoutAMigration() {
        cluster.pod("counter", "a");
        cluster.startController();

        PodCheckpoint saved = awaitEnd(podCheckpoint("save", spec -> spec.setHold(true)));

        assertThat(saved.getStatus().getReason()).isEqualTo("HoldUnavailable");
        assertThat(saved.getStatus().getMessage())
                .startsWith("spec.hold is true, but only a PodMigration can hold a pod");
        assertThat(cluster.agent("a").calls()).isEmpty();
    }

    @Test
    void anotherPodOfTheNameIsNotTaken() {
        cluster.pod("counter", "a");
        cluster.startController();

        PodCheckpoint saved = awaitEnd(podCheckpoint("save", spec -> spec.setPodUid("another")));

        assertThat(saved.getStatus().getReason()).isEqualTo("PodReplaced");
        assertThat(cluster.agent("a").calls()).isEmpty();
    }

    @Test
    void aNameThatIsTakenIsSaid() {
        cluster.pod("counter", "a", "app");
        cluster.startController();
        awaitEnd(containerCheckpoint("save-app", "app"));

        PodCheckpoint saved = awaitEnd(podCheckpoint("save", spec -> {}));

        assertThat(saved.getStatus().getReason()).isEqualTo("NameTaken");
        assertThat(saved.getStatus().getMessage())
                .isEqualTo(
                        "there is a ContainerCheckpoint 'save-app' already, which is not of PodCheckpoint 'save'; delete it, and checkpoint the pod again");
    }

    @Test
    void theDataGoesWithItsCheckpoint() {
        Pod pod = cluster.pod("counter", "a");
        cluster.startController();
        PodCheckpoint saved = awaitEnd(podCheckpoint("save", spec -> {}));
        assertThat(cluster.storage()).hasSize(1);

        cluster.client().resource(saved).delete();

        cluster.await(
                "the data is gone",
                () -> cluster.storage().isEmpty() && contents().isEmpty());
        String uri = "shared://%s/%s"
                .formatted(pod.getMetadata().getUid(), saved.getMetadata().getUid());
        assertThat(cluster.agent("a").requests(DeleteCheckpointRequest.class))
                .extracting(DeleteCheckpointRequest::getUri)
                .contains(uri);
        cluster.await(
                "its children are gone",
                () -> cluster.client()
                        .resources(ContainerCheckpoint.class)
                        .inNamespace(FakeCluster.NAMESPACE)
                        .list()
                        .getItems()
                        .isEmpty());
    }

    @Test
    void theDataStaysWhereThatIsAskedForAlsoAfterwards() {
        cluster.pod("counter", "a");
        cluster.startController();
        PodCheckpoint saved = awaitEnd(podCheckpoint("save", spec -> {}));

        cluster.client().resource(saved).edit(found -> {
            found.getSpec().setDeletionPolicy(DeletionPolicy.RETAIN);
            return found;
        });
        cluster.await(
                "the contents follow",
                () -> contents().stream()
                                .allMatch(content -> content.getSpec().getDeletionPolicy() == DeletionPolicy.RETAIN)
                        && podContents().stream()
                                .allMatch(content -> content.getSpec().getDeletionPolicy() == DeletionPolicy.RETAIN));
        cluster.client().resource(saved).delete();

        cluster.await(
                "the checkpoint is gone", () -> cluster.client().resource(saved).get() == null);
        assertThat(cluster.storage()).hasSize(1);
        assertThat(podContents()).hasSize(1);
        assertThat(cluster.agent("a").calls()).doesNotContain("DeleteCheckpoint");

        cluster.client()
                .resources(PodCheckpointContent.class)
                .withName(saved.getStatus().getBoundContent())
                .edit(content -> {
                    content.getSpec().setDeletionPolicy(DeletionPolicy.DELETE);
                    return content;
                });
        cluster.client()
                .resources(PodCheckpointContent.class)
                .withName(saved.getStatus().getBoundContent())
                .delete();
        cluster.await("the data is gone", () -> cluster.storage().isEmpty());
    }

    @Test
    void aDeletionThatFailsIsTriedAgain() {
        cluster.pod("counter", "a");
        cluster.agent("a").fail("DeleteCheckpoint", Status.UNAVAILABLE.withDescription("the share is gone"));
        cluster.startController();
        PodCheckpoint saved = awaitEnd(podCheckpoint("save", spec -> {}));

        cluster.client().resource(saved).delete();

        cluster.await(
                "the data is gone",
                () -> cluster.storage().isEmpty() && podContents().isEmpty());
    }

    private List<ContainerCheckpointContent> contents() {
        return cluster.client()
                .resources(ContainerCheckpointContent.class)
                .list()
                .getItems();
    }

    private List<PodCheckpointContent> podContents() {
        return cluster.client().resources(PodCheckpointContent.class).list().getItems();
    }

    private PodCheckpoint podCheckpoint(String name, Consumer<PodCheckpointSpec> change) {
        PodCheckpoint checkpoint = new PodCheckpoint();
        checkpoint.setMetadata(new ObjectMetaBuilder()
                .withNamespace(FakeCluster.NAMESPACE)
                .withName(name)
                .build());
        checkpoint.getSpec().setPodName("counter");
        change.accept(checkpoint.getSpec());
        checkpoint.setStatus(null);
        return cluster.client().resource(checkpoint).create();
    }

    private ContainerCheckpoint containerCheckpoint(String name, String container) {
        ContainerCheckpointSpec spec = new ContainerCheckpointSpec();
        spec.setPodName("counter");
        spec.setContainerName(container);
        ContainerCheckpoint checkpoint = new ContainerCheckpoint();
        checkpoint.setMetadata(new ObjectMetaBuilder()
                .withNamespace(FakeCluster.NAMESPACE)
                .withName(name)
                .build());
        checkpoint.setSpec(spec);
        checkpoint.setStatus(null);
        return cluster.client().resource(checkpoint).create();
    }

    private <R extends CustomResource<?, ? extends CheckpointStatus>> R awaitEnd(R checkpoint) {
        cluster.await(checkpoint.getMetadata().getName() + " is over", () -> {
            R found = cluster.client().resource(checkpoint).get();
            return found.getStatus() != null
                    && found.getStatus().getPhase() != null
                    && found.getStatus().getPhase().isFinal();
        });
        return cluster.client().resource(checkpoint).get();
    }
}
