package domain.my.lpm.controller.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.protocol.PodReference;
import domain.my.lpm.controller.fake.Authority;
import domain.my.lpm.controller.fake.FakeAgent;
import domain.my.lpm.controller.fake.World;
import io.grpc.Grpc;
import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.concurrent.CompletionException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MutualTlsTest {
    private static final String AGENT = "lpm-agent";
    private static final Duration REFRESH = Duration.ofMillis(100);
    private static final PodReference POD = PodReference.newBuilder()
            .setNamespace("shop")
            .setName("counter")
            .setUid("0a1b")
            .build();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    private final Authority first = new Authority("first");
    private final Authority second = new Authority("second");

    @SuppressWarnings("NullAway.Init")
    private Server server;

    @BeforeEach
    void write() throws IOException {
        Files.writeString(directory.resolve("ca.crt"), first.certificate());
        write(first.issue("controller"));
    }

    private void write(Authority.Issued identity) throws IOException {
        Files.writeString(directory.resolve("tls.crt"), identity.certificate());
        Files.writeString(directory.resolve("tls.key"), identity.key());
    }

    @AfterEach
    void end() {
        if (server != null) {
            server.shutdownNow();
        }
    }

    /** An agent with a certificate of {@code authority}, that believes {@code trusted}. */
    private String serve(Authority authority, Authority trusted, int port) throws IOException {
        return serve(authority.issue(AGENT), trusted, port);
    }

    private String serve(Authority.Issued identity, Authority trusted, int port) throws IOException {
        server = Grpc.newServerBuilderForPort(
                        port,
                        TlsServerCredentials.newBuilder()
                                .keyManager(stream(identity.certificate()), stream(identity.key()))
                                .trustManager(stream(trusted.certificate()))
                                .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                                .build())
                .addService(new FakeAgent(new World(), new HashMap<>()))
                .build()
                .start();
        return "localhost:" + server.getPort();
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void agentAndControllerKnowEachOther() throws IOException {
        String endpoint = serve(first, first, 0);
        try (AgentTls tls = new AgentTls(directory, REFRESH);
                AgentClients agents = GrpcAgentClients.over(tls.credentials(), AGENT)) {
            assertThat(agents.at(endpoint).resume(POD).join()).isFalse();
            assertThat(agents.at(endpoint)).as("one channel for each endpoint").isSameAs(agents.at(endpoint));
        }
    }

    @Test
    void anAgentOfAnotherAuthorityIsNotBelieved() throws IOException {
        String endpoint = serve(second, first, 0);
        try (AgentTls tls = new AgentTls(directory, REFRESH);
                AgentClients agents = GrpcAgentClients.over(tls.credentials(), AGENT)) {
            assertThatThrownBy(() -> agents.at(endpoint).resume(POD).join())
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            AgentFailure.class,
                            failure -> assertThat(failure.kind()).isEqualTo(AgentFailure.Kind.UNREACHABLE))
                    .hasMessageStartingWith("the agent at " + endpoint + " cannot be reached for the call Resume");
        }
    }

    /** Who has a certificate of the same authority for something else is no agent. */
    @Test
    void whoIsNotNamedAsAnAgentIsNotBelieved() throws IOException {
        String endpoint = serve(first.issue("localhost"), first, 0);
        try (AgentTls tls = new AgentTls(directory, REFRESH);
                AgentClients agents = GrpcAgentClients.over(tls.credentials(), AGENT)) {
            assertThatThrownBy(() -> agents.at(endpoint).resume(POD).join())
                    .isInstanceOf(CompletionException.class)
                    .hasMessageContaining("the agent at " + endpoint + " cannot be reached for the call Resume");
        }
    }

    @Test
    void changedCertificatesAreTakenUpWithoutARestart() throws IOException {
        String endpoint = serve(first, first, 0);
        try (AgentTls tls = new AgentTls(directory, REFRESH);
                AgentClients agents = GrpcAgentClients.over(tls.credentials(), AGENT)) {
            assertThat(agents.at(endpoint).resume(POD).join()).isFalse();

            int port = server.getPort();
            server.shutdownNow();
            serve(second, second, port);
            Files.writeString(directory.resolve("ca.crt"), second.certificate());
            write(second.issue("controller"));

            Awaitility.await("the new ones are used")
                    .atMost(Duration.ofSeconds(30))
                    .pollInterval(REFRESH)
                    .until(() -> agents.at(endpoint)
                            .resume(POD)
                            .handle((answer, failure) -> failure == null)
                            .join());
        }
    }

    @Test
    void filesThatAreNotThereAreNamed() throws IOException {
        Files.delete(directory.resolve("tls.key"));

        assertThatThrownBy(() -> new AgentTls(directory, REFRESH))
                .isInstanceOf(IOException.class)
                .hasMessage("the certificates for the agents in " + directory
                        + " cannot be used: tls.key is missing or may not be"
                        + " read; tls.crt, tls.key and ca.crt must be there, in PEM");
    }
}
