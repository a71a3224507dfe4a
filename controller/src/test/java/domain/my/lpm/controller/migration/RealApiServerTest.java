package domain.my.lpm.controller.migration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.api.Reasons;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.apiserver.OnRealApiServer;
import domain.my.lpm.apiserver.RealApiServer;
import domain.my.lpm.controller.fake.FakeCluster;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the controller watches ends, and cannot go on where it ended. */
@OnRealApiServer
class RealApiServerTest {
    private static final String MIGRATIONS =
            "/apis/lpm.my.domain/v1/namespaces/%s/podmigrations".formatted(FakeCluster.NAMESPACE);
    private static final String NODE = "/apis/lpm.my.domain/v1/migrationnodes/b";
    private static final ObjectMapper JSON = new ObjectMapper();

    @SuppressWarnings("NullAway.Init")
    private FakeCluster cluster;

    @BeforeEach
    void begin() {
        cluster = new FakeCluster(ApiServerKind.REAL, "a", "b");
    }

    @AfterEach
    void end() {
        cluster.close();
        assertThat(cluster.world().violations()).isEmpty();
    }

    @Test
    void aMigrationGoesOnWhenTheApiServerIsKilledAndStartedAnew() throws Exception {
        aMigrationWaitsForTheAgentOfNodeB();

        RealApiServer.shared().restart();
        cluster.ready("b", true);

        succeeded("move");
    }

    @Test
    void whatHappenedWhileNobodyCouldWatchIsSeenAlthoughItsHistoryIsGone() throws Exception {
        RealApiServer server = RealApiServer.shared();
        aMigrationWaitsForTheAgentOfNodeB();
        cluster.pod("other", "a");
        String before = resourceVersion(server);

        server.forgetBehind(() -> {
            // Both by somebody else, as the controller's API server is away.
            JsonNode node = server.call("GET", NODE, null).body();
            ((ObjectNode) node.at("/status/conditions/0")).put("status", "True");
            good(server.call("PUT", NODE + "/status", node));
            good(server.call("POST", MIGRATIONS, JSON.readTree("""
                            {"apiVersion": "lpm.my.domain/v1", "kind": "PodMigration", "metadata": {"name": "another"},
                            "spec": {"podName": "other", "targetNode": "b"}}""")));
        });

        // A watch from there could miss something, and is refused.
        RealApiServer.Answer watch =
                server.call("GET", MIGRATIONS + "?watch=true&timeoutSeconds=1&resourceVersion=" + before, null);
        assertThat(watch.status() == 410 || watch.body().at("/object/code").asInt() == 410)
                .as("%s", watch)
                .isTrue();
        succeeded("move");
        succeeded("another");
    }

    private void aMigrationWaitsForTheAgentOfNodeB() {
        cluster.pod("counter", "a");
        cluster.ready("b", false);
        cluster.startController();
        cluster.migrate("move", "counter", "b");
        cluster.awaitMigration(
                "move",
                "waiting",
                migration -> migration.getStatus() != null
                        && Reasons.AGENT_UNREACHABLE.equals(
                                migration.getStatus().getReason()));
    }

    private void succeeded(String name) {
        PodMigration migration = cluster.awaitEnd(name);
        assertThat(migration.getStatus().getPhase())
                .as(migration.getStatus().getMessage())
                .isEqualTo(MigrationPhase.SUCCEEDED);
    }

    private static String resourceVersion(RealApiServer server) throws IOException, InterruptedException {
        return server.call("GET", MIGRATIONS, null)
                .body()
                .at("/metadata/resourceVersion")
                .asText();
    }

    private static void good(RealApiServer.Answer answer) {
        assertThat(answer.isGood()).as("%s", answer.body()).isTrue();
    }
}
