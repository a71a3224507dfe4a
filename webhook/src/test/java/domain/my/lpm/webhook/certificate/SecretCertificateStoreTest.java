package domain.my.lpm.webhook.certificate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SecretCertificateStoreTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Rotation ROTATION =
            new Rotation(Set.of("localhost"), Duration.ofDays(90), Duration.ofDays(365), Duration.ofHours(1));

    @Nested
    @EnableKubernetesMockClient(crud = true)
    class Stored {
        @SuppressWarnings("NullAway.Init")
        KubernetesClient client;

        @Test
        void isEmptyAtFirstThenHoldsWhatWasStored() throws IOException {
            SecretCertificateStore store = store(client);
            assertThat(store.load()).isEmpty();
            Credentials first = made();

            assertThat(store.replace(Optional.empty(), first)).isTrue();

            assertThat(store(client).load()).contains(first);
            Secret secret =
                    client.secrets().inNamespace("lpm-system").withName("keys").get();
            assertThat(secret.getType()).isEqualTo("kubernetes.io/tls");
            assertThat(secret.getData()).containsOnlyKeys("tls.crt", "tls.key", "ca.crt", "ca.key");

            Credentials second = made();
            assertThat(store.replace(Optional.of(first), second)).isTrue();
            assertThat(store.load()).contains(second);
        }

        @Test
        void replacesOnlyWhatWasSeen() throws IOException {
            SecretCertificateStore store = store(client);
            Credentials first = made();
            store.replace(Optional.empty(), first);

            assertThat(store.replace(Optional.empty(), made())).isFalse();
            assertThat(store.replace(Optional.of(made()), made())).isFalse();
            assertThat(store.load()).contains(first);
        }

        @Test
        void fillsAnEmptySecretThatWasMadeForIt() throws IOException {
            client.resource(new SecretBuilder()
                            .withNewMetadata()
                            .withNamespace("lpm-system")
                            .withName("keys")
                            .endMetadata()
                            .withType("kubernetes.io/tls")
                            .withData(Map.of("tls.crt", "", "tls.key", ""))
                            .build())
                    .create();
            Credentials credentials = made();

            assertThat(store(client).load()).isEmpty();
            assertThat(store(client).replace(Optional.empty(), credentials)).isTrue();
            assertThat(store(client).load()).contains(credentials);
        }

        /** Each replica believes that it must issue certificates; all end with those of one. */
        @Test
        void ofManyReplicasOneWins() throws Exception {
            int replicas = 6;
            CyclicBarrier together = new CyclicBarrier(replicas);
            ExecutorService running = Executors.newFixedThreadPool(replicas);
            List<Credentials> winners = new ArrayList<>();
            try {
                for (Optional<Credentials> seen = Optional.empty(); winners.size() < 3; ) {
                    Optional<Credentials> known = seen;
                    List<Future<Optional<Credentials>>> results = new ArrayList<>();
                    for (int i = 0; i < replicas; i++) {
                        results.add(running.submit(() -> {
                            Credentials mine = made();
                            together.await();
                            return store(client).replace(known, mine) ? Optional.of(mine) : Optional.empty();
                        }));
                    }
                    List<Credentials> won = new ArrayList<>();
                    for (Future<Optional<Credentials>> result : results) {
                        result.get().ifPresent(won::add);
                    }
                    assertThat(won).hasSize(1);
                    assertThat(store(client).load()).contains(won.get(0));
                    winners.addAll(won);
                    seen = Optional.of(won.get(0));
                }
            } finally {
                running.shutdownNow();
            }
        }

        @Test
        void namesTheEntryThatIsNoUse() {
            client.resource(new SecretBuilder()
                            .withNewMetadata()
                            .withNamespace("lpm-system")
                            .withName("keys")
                            .endMetadata()
                            .withData(Map.of("tls.crt", "eA=="))
                            .build())
                    .create();

            assertThatThrownBy(() -> store(client).load())
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "'tls.key' of the Secret 'lpm-system/keys' is missing; put both tls.crt and tls.key there, or neither");
        }
    }

    @Nested
    @EnableKubernetesMockClient
    class Refused {
        private static final String SECRETS = "/api/v1/namespaces/lpm-system/secrets";

        @SuppressWarnings("NullAway.Init")
        KubernetesClient client;

        @SuppressWarnings("NullAway.Init")
        KubernetesMockServer server;

        @Test
        void saysWhatIsNotAllowed() {
            server.expect()
                    .get()
                    .withPath(SECRETS + "/keys")
                    .andReturn(404, "{}")
                    .once();
            server.expect().post().withPath(SECRETS).andReturn(403, "{}").once();
            server.expect()
                    .get()
                    .withPath(SECRETS + "/keys")
                    .andReturn(403, "{}")
                    .once();

            assertThatThrownBy(() -> store(client).replace(Optional.empty(), made()))
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "the Secret 'lpm-system/keys' may not be written by the webhook; give its ServiceAccount the Role of"
                                    + " docs/webhook.md");
            assertThatThrownBy(() -> store(client).load())
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "the Secret 'lpm-system/keys' may not be read by the webhook; give its ServiceAccount the Role of"
                                    + " docs/webhook.md");
        }
    }

    private static SecretCertificateStore store(KubernetesClient client) {
        return new SecretCertificateStore(client, "lpm-system", "keys");
    }

    private static Credentials made() {
        return ROTATION.next(Optional.empty(), START);
    }
}
