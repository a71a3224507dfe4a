package domain.my.lpm.webhook.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.api.validation.MigrationFacts;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ClusterFactsTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @Nested
    @EnableKubernetesMockClient(crud = true)
    class OfWhatThereIs {
        @SuppressWarnings("NullAway.Init")
        KubernetesClient client;

        @Test
        void findsEverythingThatTheMigrationIsAbout() throws IOException {
            client.resource(new PodBuilder()
                            .withNewMetadata()
                            .withNamespace("shop")
                            .withName("counter")
                            .endMetadata()
                            .withNewSpec()
                            .withNodeName("node-a")
                            .endSpec()
                            .build())
                    .create();
            client.resource(new NodeBuilder()
                            .withNewMetadata()
                            .withName("node-b")
                            .endMetadata()
                            .build())
                    .create();
            for (String name : new String[] {"node-a", "node-b", "node-c"}) {
                MigrationNode node = new MigrationNode();
                node.getMetadata().setName(name);
                client.resource(node).create();
            }
            stored("shop", "running", MigrationPhase.PENDING);
            stored("shop", "over", MigrationPhase.SUCCEEDED);
            stored("other", "elsewhere", MigrationPhase.PENDING);

            try (ClusterFacts facts = new ClusterFacts(client, LIMIT)) {
                MigrationFacts found = facts.of(migration());

                assertThat(found.pod().orElseThrow().getMetadata().getName()).isEqualTo("counter");
                assertThat(found.targetNode().orElseThrow().getMetadata().getName())
                        .isEqualTo("node-b");
                assertThat(found.sourceMigrationNode()
                                .orElseThrow()
                                .getMetadata()
                                .getName())
                        .isEqualTo("node-a");
                assertThat(found.targetMigrationNode()
                                .orElseThrow()
                                .getMetadata()
                                .getName())
                        .isEqualTo("node-b");
                assertThat(found.otherMigrations())
                        .extracting(other -> other.getMetadata().getName())
                        .containsExactly("running");
            }
        }

        @Test
        void whatDoesNotExistIsAFact() throws IOException {
            try (ClusterFacts facts = new ClusterFacts(client, LIMIT)) {
                MigrationFacts found = facts.of(migration());

                assertThat(found.pod()).isEmpty();
                assertThat(found.targetNode()).isEmpty();
                assertThat(found.sourceMigrationNode()).isEmpty();
                assertThat(found.targetMigrationNode()).isEmpty();
                assertThat(found.otherMigrations()).isEmpty();
            }
        }

        private void stored(String namespace, String name, MigrationPhase phase) {
            PodMigration other = migration();
            other.getMetadata().setNamespace(namespace);
            other.getMetadata().setName(name);
            other.setStatus(new PodMigrationStatus());
            other.getStatus().setPhase(phase);
            client.resource(other).create();
        }
    }

    @Nested
    @EnableKubernetesMockClient
    class OfAnApiServerThatDoesNotTell {
        private static final String POD = "/api/v1/namespaces/shop/pods/counter";
        private static final String MIGRATIONS = "/apis/lpm.my.domain/v1/namespaces/shop/podmigrations";

        @SuppressWarnings("NullAway.Init")
        KubernetesClient client;

        @SuppressWarnings("NullAway.Init")
        KubernetesMockServer server;

        @Test
        void namesWhatItMayNotRead() {
            server.expect().get().withPath(POD).andReturn(403, "{}").always();

            try (ClusterFacts facts = new ClusterFacts(client, LIMIT)) {
                assertThatThrownBy(() -> facts.of(migration()))
                        .isInstanceOf(IOException.class)
                        .hasMessage(
                                "the webhook may not read pod 'shop/counter'; give its ServiceAccount the ClusterRole of docs/webhook.md");
            }
        }

        @Test
        void namesWhatCouldNotBeRead() {
            server.expect().get().withPath(POD).andReturn(422, "{}").always();

            try (ClusterFacts facts = new ClusterFacts(client, LIMIT)) {
                assertThatThrownBy(() -> facts.of(migration()))
                        .isInstanceOf(IOException.class)
                        .hasMessageStartingWith("pod 'shop/counter' could not be read from the API server: ")
                        .hasMessageEndingWith("; try again");
            }
        }

        @Test
        void givesUpAtTheLimit() throws IOException {
            try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    KubernetesClient waiting = new KubernetesClientBuilder()
                            .withConfig(new ConfigBuilder(Config.empty())
                                    .withMasterUrl("http://localhost:" + silent.getLocalPort())
                                    .build())
                            .build();
                    ClusterFacts facts = new ClusterFacts(waiting, Duration.ofMillis(200))) {
                assertThatThrownBy(() -> facts.of(migration()))
                        .isInstanceOf(IOException.class)
                        .hasMessage(
                                "the API server did not tell all about it within PT0.2S; try again, or raise the option --api-timeout");
            }
        }

        @Test
        void readsEveryPageOfTheMigrations() throws IOException {
            server.expect()
                    .get()
                    .withPath(MIGRATIONS + "?limit=500")
                    .andReturn(200, page("one", "next"))
                    .always();
            server.expect()
                    .get()
                    .withPath(MIGRATIONS + "?continue=next&limit=500")
                    .andReturn(200, page("two", ""))
                    .always();

            try (ClusterFacts facts = new ClusterFacts(client, LIMIT)) {
                assertThat(facts.of(migration()).otherMigrations())
                        .extracting(other -> other.getMetadata().getName())
                        .containsExactly("one", "two");
            }
        }

        private String page(String name, String next) {
            return """
                    {"apiVersion": "lpm.my.domain/v1", "kind": "PodMigrationList", "metadata": {"continue": "%s"},
                     "items": [{"metadata": {"name": "%s"}, "spec": {"podName": "counter"}}]}""".formatted(next, name);
        }
    }

    private static PodMigration migration() {
        PodMigration migration = new PodMigration();
        migration.getMetadata().setNamespace("shop");
        migration.getMetadata().setName("move");
        migration.getSpec().setPodName("counter");
        migration.getSpec().setTargetNode("node-b");
        return migration;
    }
}
