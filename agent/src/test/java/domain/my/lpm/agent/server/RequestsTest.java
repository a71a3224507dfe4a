package domain.my.lpm.agent.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.checkpoint.CheckpointOrder;
import domain.my.lpm.agent.protocol.CheckpointRequest;
import domain.my.lpm.agent.protocol.ContainerRelease;
import domain.my.lpm.agent.protocol.HoldTerms;
import domain.my.lpm.agent.protocol.PodReference;
import domain.my.lpm.agent.protocol.PrepareRequest;
import domain.my.lpm.checkpoint.repository.Durability;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.launcher.criu.Tcp;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestsTest {
    private static final PodReference POD = PodReference.newBuilder()
            .setNamespace("shop")
            .setName("web")
            .setUid("8f14e45f-ceea-467f-a0e6-7d3c1d2b9f10")
            .build();

    private static CheckpointRequest.Builder checkpoint() {
        return CheckpointRequest.newBuilder()
                .setSource(POD)
                .setCheckpointId("hop-1")
                .setDeadlineMillis(60_000);
    }

    private static void assertRefused(CheckpointRequest.Builder request, String message) {
        assertThatThrownBy(() -> Requests.checkpoint(request.build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void whatIsLeftOutHasItsDefault() {
        CheckpointOrder order = Requests.checkpoint(checkpoint().build());

        assertThat(order.form()).isEqualTo(Form.COMPRESSED);
        assertThat(order.tcp()).isEqualTo(Tcp.ESTABLISHED);
        assertThat(order.taker()).isEmpty();
        assertThat(order.hold()).isEmpty();
        assertThat(order.deadline()).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void noNameLeadsOutOfItsPlace() {
        assertRefused(checkpoint().setCheckpointId("../x"), "the checkpoint id '../x' of a checkpoint must match");
        assertRefused(checkpoint().setCheckpointId(""), "the checkpoint id '' of a checkpoint must match");
        assertRefused(checkpoint().addContainers("a/b"), "'a/b' is no container: it must match");
        assertRefused(checkpoint().addContainers("volumes"), "rename the container");
        assertRefused(checkpoint().addVolumes("-x"), "'-x' is no volume");
        assertRefused(checkpoint().addContainers("main").addContainers("main"), "a container is named twice");
        assertRefused(
                checkpoint().setHold(HoldTerms.newBuilder().setMigration("nowhere")),
                "'nowhere' names no PodMigration: write its namespace, a slash and its name");
        assertRefused(
                checkpoint()
                        .setHold(
                                HoldTerms.newBuilder().setMigration("shop/../x").setMigrationUid("u")),
                "is no name of a pod");
        assertThatThrownBy(() -> Requests.standby(PrepareRequest.newBuilder()
                        .setTarget(POD)
                        .setSourceNamespace("shop")
                        .setSourceName("we b")
                        .build()))
                .hasMessageContaining("'we b' is no name of a pod");
    }

    @Test
    void onlyWhatIsHeldMayBeOnStableStorageLater() {
        HoldTerms terms = HoldTerms.newBuilder()
                .setMigration("shop/away")
                .setMigrationUid("m-1")
                .setLeaseMillis(30_000)
                .build();
        assertRefused(
                checkpoint().setDurableLater(true),
                "only a checkpoint that holds its source may be on stable storage later; ask for hold, or leave out"
                        + " durable_later");

        assertThat(Requests.checkpoint(checkpoint()
                                .setDurableLater(true)
                                .setHold(terms)
                                .build())
                        .durability())
                .isEqualTo(Durability.LATER);
        assertThat(Requests.checkpoint(checkpoint().setHold(terms).build()).durability())
                .isEqualTo(Durability.BEFORE_COMPLETE);
    }

    @Test
    void timesHaveTheirRange() {
        assertRefused(checkpoint().setDeadlineMillis(999), "a deadline of 999 ms is not between 1000 and 86400000 ms");
        assertRefused(checkpoint().setDeadlineMillis(-1), "a deadline of -1 ms");
    }

    @Test
    void anUnknownChoiceIsNoDefault() {
        assertRefused(checkpoint().setTakerValue(99), "this agent does not know the taker asked for");
        assertRefused(checkpoint().setFormValue(99), "this agent does not know the form asked for");
        assertRefused(checkpoint().setTcpValue(99), "this agent does not know the TCP policy asked for");
    }

    @Test
    void aReleaseNamesItsManifest() {
        ContainerRelease release = ContainerRelease.newBuilder()
                .setContainer("main")
                .setUri("shared://u/hop-1/main/dump.tar.zst")
                .setDigest("sha256:" + "0".repeat(64))
                .build();
        assertThat(Requests.releases(List.of(release))).hasSize(1);
        assertThatThrownBy(() -> Requests.releases(
                        List.of(release.toBuilder().setDigest("sha256:12").build())))
                .hasMessageContaining("'sha256:12' is no digest of a manifest");
        assertThatThrownBy(() -> Requests.releases(
                        List.of(release.toBuilder().setUri("file:///etc/shadow").build())))
                .hasMessageContaining("checkpoint 'file:///etc/shadow' is not named as it should be");
        assertThatThrownBy(() -> Requests.releases(List.of())).hasMessageContaining("name at least one");
        assertThatThrownBy(() -> Requests.releases(List.of(release, release)))
                .hasMessageContaining("a container is named twice");
    }
}
