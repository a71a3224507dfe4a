package domain.my.lpm.webhook.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class AuthorityWriterTest {
    private static final String NAME = "live-pod-migration";

    @Nested
    @EnableKubernetesMockClient(crud = true)
    class OfWhatThereIs {
        @SuppressWarnings("NullAway.Init")
        KubernetesClient client;

        @Test
        void makesBothConfigurationsTrustAndNobodyElse() throws IOException {
            Callee callee = MutatingConfigurationTest.callee(Optional.of("former"), Optional.empty());
            client.resource(new MutatingConfiguration(callee, Set.of()).generate())
                    .create();
            client.resource(new ValidatingConfiguration(callee).generate()).create();

            new AuthorityWriter(client, NAME).write("one");

            assertThat(mutating().getWebhooks())
                    .hasSize(3)
                    .allSatisfy(entry ->
                            assertThat(entry.getClientConfig().getCaBundle()).isEqualTo(Callee.bundle("one")));
            assertThat(validating().getWebhooks())
                    .singleElement()
                    .satisfies(entry ->
                            assertThat(entry.getClientConfig().getCaBundle()).isEqualTo(Callee.bundle("one")));
            assertThat(mutating()
                            .getWebhooks()
                            .get(0)
                            .getClientConfig()
                            .getService()
                            .getPath())
                    .as("nothing else changes")
                    .isEqualTo("/mutate-pods");
        }

        @Test
        void writesNothingThatStandsThereAlready() throws IOException {
            Callee callee = MutatingConfigurationTest.callee(Optional.of("one"), Optional.empty());
            client.resource(new MutatingConfiguration(callee, Set.of()).generate())
                    .create();
            String before = mutating().getMetadata().getResourceVersion();

            new AuthorityWriter(client, NAME).write("one");

            assertThat(mutating().getMetadata().getResourceVersion()).isEqualTo(before);
        }

        @Test
        void passesOverConfigurationsThatAreNotThereUntilTheyAre() throws IOException {
            AuthorityWriter writer = new AuthorityWriter(client, NAME);
            writer.write("one");
            assertThat(mutating()).isNull();

            Callee callee = MutatingConfigurationTest.callee(Optional.empty(), Optional.empty());
            client.resource(new ValidatingConfiguration(callee).generate()).create();
            writer.write("one");

            assertThat(validating().getWebhooks().get(0).getClientConfig().getCaBundle())
                    .isEqualTo(Callee.bundle("one"));
        }

        private MutatingWebhookConfiguration mutating() {
            return client.resources(MutatingWebhookConfiguration.class)
                    .withName(NAME)
                    .get();
        }

        private ValidatingWebhookConfiguration validating() {
            return client.resources(ValidatingWebhookConfiguration.class)
                    .withName(NAME)
                    .get();
        }
    }

    @Nested
    @EnableKubernetesMockClient
    class Refused {
        private static final String PATH =
                "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" + NAME;

        @SuppressWarnings("NullAway.Init")
        KubernetesClient client;

        @SuppressWarnings("NullAway.Init")
        KubernetesMockServer server;

        @Test
        void saysWhatIsNotAllowed() {
            server.expect().get().withPath(PATH).andReturn(403, "{}").once();

            assertThatThrownBy(() -> new AuthorityWriter(client, NAME).write("one"))
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "the webhook may not write its authorities into the MutatingWebhookConfiguration 'live-pod-migration'; give its"
                                    + " ServiceAccount the ClusterRole of docs/webhook.md");
        }

        @Test
        void leavesItToTheNextCallWhereAnotherWroteMeanwhile() throws IOException {
            Callee callee = MutatingConfigurationTest.callee(Optional.of("former"), Optional.empty());
            MutatingWebhookConfiguration read = new MutatingConfiguration(callee, Set.of()).generate();
            read.getMetadata().setResourceVersion("7");
            server.expect().get().withPath(PATH).andReturn(200, read).once();
            server.expect().put().withPath(PATH).andReturn(409, "{}").once();

            new AuthorityWriter(client, NAME).write("one");

            assertThat(server.getRequestCount())
                    .as("get, put, and get of the other")
                    .isEqualTo(3);
        }
    }
}
