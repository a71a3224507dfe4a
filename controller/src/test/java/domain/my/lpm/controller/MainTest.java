package domain.my.lpm.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.apiserver.ApiServerKind;
import domain.my.lpm.controller.agent.GrpcAgentClients;
import domain.my.lpm.controller.fake.ApiServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.grpc.inprocess.InProcessChannelBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class MainTest {
    private static final Path DOCUMENTATION = Path.of("../docs/controller.md");

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    @Test
    void whatWentWrongIsSaidByAllItsCauses() {
        assertThat(Main.reason(new IllegalStateException(
                        "it did not start",
                        new KubernetesClientException("An error has occurred.", new TimeoutException()))))
                .isEqualTo(
                        "it did not start: An error has occurred.: TimeoutException; see whether the API server answers");
        assertThat(Main.reason(new IOException("no such file"))).isEqualTo("no such file");
    }

    @Test
    void theseAreTheDefaults() throws IOException {
        ServeCommand serve = serve(Map.of());
        Settings settings = serve.settings(Optional.of("lpm-system"));

        assertThat(settings.migrationsInCluster()).isEqualTo(5);
        assertThat(settings.migrationsOutOfNode()).isEqualTo(2);
        assertThat(settings.holdLease()).isEqualTo(Duration.ofSeconds(30));
        assertThat(settings.checkpointTimeout()).isEqualTo(Duration.ofMinutes(10));
        assertThat(settings.reconcileThreads()).isEqualTo(10);
        assertThat(settings.stopTimeout()).isEqualTo(Duration.ofSeconds(10));
        Settings.LeaderElection election = settings.leaderElection().orElseThrow();
        assertThat(election.namespace()).isEqualTo("lpm-system");
        assertThat(election.lease()).isEqualTo("lpm-controller");
        assertThat(election.identity()).isNotEmpty();
        assertThat(election.duration()).isEqualTo(Duration.ofSeconds(15));
        assertThat(election.renewDeadline()).isEqualTo(Duration.ofSeconds(10));
        assertThat(election.retryPeriod()).isEqualTo(Duration.ofSeconds(2));
        assertThat(election.exitWhenLost()).isTrue();
        assertThat(serve.agentCertificates).isEqualTo(Path.of("/var/run/secrets/lpm-controller"));
        assertThat(serve.certificateRefresh).isEqualTo(Duration.ofSeconds(10));
        assertThat(serve.address).isEqualTo("0.0.0.0");
        assertThat(serve.port).isEqualTo(8080);
        Settings library = Settings.defaults();
        assertThat(new Settings(
                        settings.migrationsInCluster(),
                        settings.migrationsOutOfNode(),
                        settings.holdLease(),
                        settings.checkpointTimeout(),
                        settings.reconcileThreads(),
                        settings.stopTimeout(),
                        Optional.empty()))
                .isEqualTo(library);
    }

    @Test
    void theCommandLineComesFirstThenTheEnvironmentThenTheFile() throws IOException {
        Path file = directory.resolve("settings.yaml");
        Files.writeString(file, """
                migrations-in-cluster: 7
                migrations-out-of-node: 3
                hold-lease: PT1M
                leader-election: false
                """);

        Settings settings = serve(
                        Map.of(
                                "LPM_CONTROLLER_SETTINGS",
                                file.toString(),
                                "LPM_CONTROLLER_MIGRATIONS_OUT_OF_NODE",
                                "4",
                                "LPM_CONTROLLER_HOLD_LEASE",
                                "PT2M"),
                        "--hold-lease=PT3M")
                .settings(Optional.empty());

        assertThat(settings.migrationsInCluster()).isEqualTo(7);
        assertThat(settings.migrationsOutOfNode()).isEqualTo(4);
        assertThat(settings.holdLease()).isEqualTo(Duration.ofMinutes(3));
        assertThat(settings.leaderElection()).isEmpty();
    }

    @Test
    void aKeyThatIsNoneIsNamed() throws IOException {
        Path file = directory.resolve("settings.yaml");
        Files.writeString(file, "hold-leash: PT1M\n");

        assertThatThrownBy(() -> serve(Map.of("LPM_CONTROLLER_SETTINGS", file.toString())))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("the settings in %s have the key 'hold-leash'; known are ".formatted(file))
                .hasMessageContaining("hold-lease");
    }

    @ParameterizedTest
    @CsvSource({
        "--hold-lease=PT1S, --hold-lease is PT1S; allowed is PT5S to PT10M",
        "--migrations-in-cluster=0, --migrations-in-cluster is 0; allowed is 1 or more",
        "--reconcile-threads=0, --reconcile-threads is 0; allowed is 1 or more",
    })
    void aValueOutOfItsRangeIsNamed(String option, String message) throws IOException {
        ServeCommand serve = serve(Map.of(), option, "--leader-election=false");

        assertThatThrownBy(() -> serve.settings(Optional.empty()))
                .isInstanceOf(CommandLine.ParameterException.class)
                .hasMessage(message);
    }

    @Test
    void everyOptionIsDocumented() throws IOException {
        String documentation = Files.readString(DOCUMENTATION);
        CommandLine serve = Objects.requireNonNull(
                Main.commandLine(Map.of()).getSubcommands().get("serve"));
        StringWriter help = new StringWriter();
        serve.usage(new PrintWriter(help, true));

        assertThat(serve.getCommandSpec().options())
                .filteredOn(option -> !option.usageHelp() && !option.versionHelp())
                .isNotEmpty()
                .allSatisfy(option -> {
                    String line = documentation
                            .lines()
                            .filter(row -> row.startsWith("| `" + option.longestName() + "` "))
                            .findFirst()
                            .orElse("no line");
                    assertThat(line).contains("`" + OptionDefaults.variable(option) + "`");
                    assertThat(line).contains(defaultOf(option));
                    assertThat(help.toString()).contains(option.longestName());
                });
    }

    private static String defaultOf(OptionSpec option) {
        return option.defaultValue() == null ? "" : "`" + option.defaultValue() + "`";
    }

    @Test
    void itAnswersAboutItself() throws Exception {
        try (ApiServer api = ApiServer.of(ApiServerKind.IN_MEMORY);
                KubernetesClient client = api.client()) {
            ServeCommand serve = serve(Map.of(), "--port=0", "--bind-address=127.0.0.1", "--leader-election=false");
            GrpcAgentClients agents = new GrpcAgentClients(
                    endpoint -> InProcessChannelBuilder.forName(endpoint).build());
            int port;
            try (ServeCommand.Started started = serve.start(client, serve.settings(Optional.empty()), agents)) {
                port = started.health().port();
                assertThat(get(port, "/healthz").statusCode()).isEqualTo(200);
                assertThat(get(port, "/readyz").body()).isEqualTo("ok\n");
                assertThat(get(port, "/metrics").body())
                        .contains(
                                "lpm_migrations_under_way",
                                "lpm_migrations_queued",
                                "lpm_migration_downtime_seconds",
                                "lpm_agent_calls_in_flight",
                                "jvm_memory_used_bytes");
            }
            assertThatThrownBy(() -> get(port, "/healthz")).isInstanceOf(IOException.class);
        }
    }

    private static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private static ServeCommand serve(Map<String, String> environment, String... options) throws IOException {
        CommandLine line = Main.commandLine(environment);
        String[] arguments = new String[options.length + 1];
        arguments[0] = "serve";
        System.arraycopy(options, 0, arguments, 1, options.length);
        CommandLine.ParseResult parsed = line.parseArgs(arguments);
        return (ServeCommand)
                Objects.requireNonNull(parsed.subcommand()).commandSpec().userObject();
    }
}
