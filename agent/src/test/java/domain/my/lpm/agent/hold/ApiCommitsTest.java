package domain.my.lpm.agent.hold;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.hold.Commits.Verdict;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationSpec;
import domain.my.lpm.api.migration.PodMigrationStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@EnableKubernetesMockClient(crud = true)
class ApiCommitsTest {
    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00.123Z");

    // Set by the extension.
    @SuppressWarnings("NullAway.Init")
    private KubernetesClient client;

    private ApiCommits commits(StepListener steps) {
        return new ApiCommits(client, () -> NOW, steps);
    }

    private static Hold hold(String uid) {
        return new Hold(new PodReference("shop", "web", "u-1"), "shop/web-away", uid, "hop-1", List.of(), NOW, false);
    }

    private PodMigration migration(MigrationPhase phase) {
        PodMigration migration = new PodMigration();
        migration.setMetadata(new ObjectMetaBuilder()
                .withNamespace("shop")
                .withName("web-away")
                .build());
        PodMigrationSpec spec = new PodMigrationSpec();
        spec.setPodName("web");
        migration.setSpec(spec);
        PodMigration made = client.resource(migration).create();
        PodMigrationStatus status = new PodMigrationStatus();
        status.setPhase(phase);
        made.setStatus(status);
        return client.resource(made).updateStatus();
    }

    private PodMigrationStatus status() {
        return client.resources(PodMigration.class)
                .inNamespace("shop")
                .withName("web-away")
                .get()
                .getStatus();
    }

    @Test
    void aMigrationIsOverWhenItHasEndedOrIsGone() {
        ApiCommits commits = commits(StepListener.NONE);
        assertThat(commits.isOver(hold("m-1"))).as("there is none").isTrue();
        PodMigration running = migration(MigrationPhase.RESTORE_IN_PROGRESS);
        Hold held = hold(running.getMetadata().getUid());
        assertThat(commits.isOver(held)).isFalse();
        assertThat(commits.isOver(hold("another"))).isTrue();
        running.getStatus().setPhase(MigrationPhase.SUCCEEDED);
        client.resource(running).updateStatus();
        assertThat(commits.isOver(held)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(MigrationPhase.class)
    void nothingIsStoppedForAMigrationThatTurnsBackOrHasEnded(MigrationPhase phase) {
        Hold held = hold(migration(phase).getMetadata().getUid());

        assertThat(commits(StepListener.NONE).mayHold(held))
                .isEqualTo(!phase.isFinal() && phase != MigrationPhase.ROLLING_BACK);
        assertThat(commits(StepListener.NONE).mayHold(hold("another"))).isFalse();
    }

    @Test
    void aMigrationThatIsGoneForbidsItself() {
        assertThat(commits(StepListener.NONE).forbid(hold("m-1"))).isEqualTo(Verdict.FORBIDDEN);
    }

    @Test
    void anotherOfTheSameNameIsNotIt() {
        migration(MigrationPhase.RESTORE_IN_PROGRESS);

        assertThat(commits(StepListener.NONE).forbid(hold("another"))).isEqualTo(Verdict.FORBIDDEN);
        assertThat(status().getPhase()).isEqualTo(MigrationPhase.RESTORE_IN_PROGRESS);
    }

    @Test
    void oneAtWorkIsTurnedBack() {
        String uid = migration(MigrationPhase.RESTORE_IN_PROGRESS).getMetadata().getUid();

        assertThat(commits(StepListener.NONE).forbid(hold(uid))).isEqualTo(Verdict.FORBIDDEN);

        assertThat(status().getPhase()).isEqualTo(MigrationPhase.ROLLING_BACK);
        assertThat(status().getReason()).isEqualTo("HoldLapsed");
        assertThat(status().since(MigrationPhase.ROLLING_BACK)).contains(NOW);
        assertThat(commits(StepListener.NONE).forbid(hold(uid))).as("repeated").isEqualTo(Verdict.FORBIDDEN);
    }

    @Test
    void aCommitThatWasRecordedStands() {
        PodMigration migration = migration(MigrationPhase.RESTORE_IN_PROGRESS);
        migration.getStatus().setCommitTime(NOW.toString());
        client.resource(migration).updateStatus();

        assertThat(commits(StepListener.NONE)
                        .forbid(hold(migration.getMetadata().getUid())))
                .isEqualTo(Verdict.COMMITTED);
        assertThat(status().getPhase()).isEqualTo(MigrationPhase.RESTORE_IN_PROGRESS);
    }

    /** The commit comes right between the look and the write, which is refused for its version. */
    @Test
    void ofBothOneSucceeds() throws IOException {
        PodMigration migration = migration(MigrationPhase.RESTORE_IN_PROGRESS);
        migration.getMetadata().setResourceVersion("7");
        PodMigration committed = migration;
        List<String> written = new CopyOnWriteArrayList<>();
        HttpServer api = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        api.createContext("/", exchange -> {
            boolean write = exchange.getRequestMethod().equals("PUT");
            if (write) {
                written.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                committed.getStatus().setCommitTime(NOW.toString());
            }
            byte[] answer = Serialization.asJson(
                            write
                                    ? new StatusBuilder()
                                            .withCode(409)
                                            .withReason("Conflict")
                                            .build()
                                    : committed)
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(write ? 409 : 200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        api.start();
        try (KubernetesClient direct = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withMasterUrl("http://127.0.0.1:" + api.getAddress().getPort() + "/")
                        .build())
                .build()) {
            assertThat(new ApiCommits(direct, () -> NOW, StepListener.NONE)
                            .forbid(hold(migration.getMetadata().getUid())))
                    .isEqualTo(Verdict.COMMITTED);
        } finally {
            api.stop(0);
        }
        assertThat(written).singleElement().asString().contains("\"resourceVersion\":\"7\"", "RollingBack");
    }

    @Test
    void aSilentApiDecidesNothing() {
        try (KubernetesClient silent = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        // Nobody listens there.
                        .withMasterUrl("http://127.0.0.1:1/")
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .build()) {
            ApiCommits commits = new ApiCommits(silent, () -> NOW, StepListener.NONE);
            assertThat(commits.forbid(hold("m-1"))).isEqualTo(Verdict.UNKNOWN);
            assertThat(commits.isOver(hold("m-1"))).isFalse();
            assertThat(commits.mayHold(hold("m-1"))).isTrue();
        }
    }
}
