package domain.my.lpm.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.webhook.certificate.DirectoryCertificateStore;
import domain.my.lpm.webhook.server.Client;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class MainTest {
    private static final Path DOCUMENTATION = Path.of("../docs/webhook.md");

    private static final Pattern LISTENING = Pattern.compile("\"formattedMessage\":\"Listening on [^\"]*:([0-9]+)\"");

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    @Test
    void serveHasTheseDefaults() {
        ServeCommand serve = serve(Map.of(), "--namespace=lpm-system", "--settings=settings.yaml");

        assertThat(serve.where.namespace).isEqualTo("lpm-system");
        assertThat(serve.where.service).isEqualTo("lpm-webhook");
        assertThat(serve.where.systemNamespaces)
                .containsExactlyInAnyOrder("kube-system", "kube-public", "kube-node-lease");
        assertThat(serve.where.untouched())
                .containsExactlyInAnyOrder("kube-system", "kube-public", "kube-node-lease", "lpm-system");
        assertThat(serve.where.requestTimeout).isEqualTo(Duration.ofSeconds(5));
        assertThat(serve.settings).isEqualTo(Path.of("settings.yaml"));
        assertThat(serve.address).isEqualTo("0.0.0.0");
        assertThat(serve.port).isEqualTo(8443);
        assertThat(serve.threads).isEqualTo(16);
        assertThat(serve.bodyLimit).isEqualTo(8 * 1024 * 1024);
        assertThat(serve.drain).isEqualTo(Duration.ofSeconds(5));
        assertThat(serve.stopTimeout).isEqualTo(Duration.ofSeconds(10));
        assertThat(serve.certificates).isEqualTo(ServeCommand.Certificates.SECRET);
        assertThat(serve.certificateSecret).isEqualTo("lpm-webhook-certificates");
        assertThat(serve.configuration).isEqualTo("live-pod-migration");
        assertThat(serve.apiTimeout).isEqualTo(Duration.ofSeconds(3));
        assertThat(serve.certificateDirectory).isEqualTo(Path.of("/var/lib/lpm-webhook/certificates"));
        assertThat(serve.refresh).isEqualTo(Duration.ofSeconds(10));
        assertThat(serve.dnsNames).isEmpty();
        assertThat(serve.servingValidity).isEqualTo(Duration.ofDays(90));
        assertThat(serve.authorityValidity).isEqualTo(Duration.ofDays(365));
        assertThat(serve.authorityOverlap).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void serveTakesEveryOptionFromTheEnvironment() {
        Map<String, String> environment = new HashMap<>();
        environment.put("LPM_WEBHOOK_NAMESPACE", "migration");
        environment.put("LPM_WEBHOOK_SERVICE", "hook");
        environment.put("LPM_WEBHOOK_SYSTEM_NAMESPACES", "storage,network");
        environment.put("LPM_WEBHOOK_REQUEST_TIMEOUT", "PT2S");
        environment.put("LPM_WEBHOOK_SETTINGS", "/etc/settings.yaml");
        environment.put("LPM_WEBHOOK_BIND_ADDRESS", "127.0.0.1");
        environment.put("LPM_WEBHOOK_PORT", "9443");
        environment.put("LPM_WEBHOOK_THREADS", "3");
        environment.put("LPM_WEBHOOK_BODY_LIMIT", "4096");
        environment.put("LPM_WEBHOOK_DRAIN", "PT1S");
        environment.put("LPM_WEBHOOK_STOP_TIMEOUT", "PT3S");
        environment.put("LPM_WEBHOOK_CERTIFICATES", "mounted");
        environment.put("LPM_WEBHOOK_CERTIFICATE_SECRET", "keys");
        environment.put("LPM_WEBHOOK_CONFIGURATION", "hooks");
        environment.put("LPM_WEBHOOK_API_TIMEOUT", "PT1S");
        environment.put("LPM_WEBHOOK_CERTIFICATE_DIRECTORY", "/certificates");
        environment.put("LPM_WEBHOOK_CERTIFICATE_REFRESH", "PT30S");
        environment.put("LPM_WEBHOOK_DNS_NAMES", "one.example,two.example");
        environment.put("LPM_WEBHOOK_SERVING_VALIDITY", "P10D");
        environment.put("LPM_WEBHOOK_AUTHORITY_VALIDITY", "P100D");
        environment.put("LPM_WEBHOOK_AUTHORITY_OVERLAP", "PT10M");

        ServeCommand serve = serve(environment);

        assertThat(environment.keySet())
                .isEqualTo(options("serve").map(EnvironmentDefaults::variable).collect(Collectors.toSet()));
        assertThat(serve.where.untouched()).containsExactlyInAnyOrder("storage", "network", "kube-system", "migration");
        assertThat(serve.where.service).isEqualTo("hook");
        assertThat(serve.where.requestTimeout).isEqualTo(Duration.ofSeconds(2));
        assertThat(serve.settings).isEqualTo(Path.of("/etc/settings.yaml"));
        assertThat(serve.address).isEqualTo("127.0.0.1");
        assertThat(serve.port).isEqualTo(9443);
        assertThat(serve.threads).isEqualTo(3);
        assertThat(serve.bodyLimit).isEqualTo(4096);
        assertThat(serve.drain).isEqualTo(Duration.ofSeconds(1));
        assertThat(serve.stopTimeout).isEqualTo(Duration.ofSeconds(3));
        assertThat(serve.certificates).isEqualTo(ServeCommand.Certificates.MOUNTED);
        assertThat(serve.certificateSecret).isEqualTo("keys");
        assertThat(serve.configuration).isEqualTo("hooks");
        assertThat(serve.apiTimeout).isEqualTo(Duration.ofSeconds(1));
        assertThat(serve.certificateDirectory).isEqualTo(Path.of("/certificates"));
        assertThat(serve.refresh).isEqualTo(Duration.ofSeconds(30));
        assertThat(serve.dnsNames).containsExactlyInAnyOrder("one.example", "two.example");
        assertThat(serve.servingValidity).isEqualTo(Duration.ofDays(10));
        assertThat(serve.authorityValidity).isEqualTo(Duration.ofDays(100));
        assertThat(serve.authorityOverlap).isEqualTo(Duration.ofMinutes(10));
    }

    @Test
    void theCommandLineComesBeforeTheEnvironment() {
        assertThat(serve(
                                Map.of(
                                        "LPM_WEBHOOK_PORT",
                                        "1",
                                        "LPM_WEBHOOK_NAMESPACE",
                                        "a",
                                        "LPM_WEBHOOK_SETTINGS",
                                        "s"),
                                "--port=2")
                        .port)
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "configuration"})
    void everyOptionIsDocumented(String command) throws IOException {
        List<String> lines = Files.readAllLines(DOCUMENTATION);

        assertThat(options(command))
                .isNotEmpty()
                .allSatisfy(option -> assertThat(lines)
                        .anyMatch(line -> line.startsWith("| `%s` | `%s` | %s |"
                                .formatted(
                                        option.longestName(),
                                        EnvironmentDefaults.variable(option),
                                        option.defaultValue() == null ? "" : "`" + option.defaultValue() + "`")
                                .replace("|  |", "| |"))));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            serve | 2 | Missing required option
            serve --namespace=a --settings=s --port=x | 2 | Invalid value for option '--port': 'x' is not an int
            serve --namespace=a --settings=absent.yaml | 1 | error: absent.yaml (No such file or directory)
            configuration --namespace=a --timeout-seconds=31 | 1 | error: the timeout of the webhook is 31 seconds; allowed are 1 to 30
            configuration --namespace=a --timeout-seconds=5 | 1 | error: the API server waits 5 seconds and a request may take PT5S; lengthen the first or shorten the second
            """)
    void tellsWhatIsWrong(String arguments, int code, String message) {
        StringWriter errors = new StringWriter();
        CommandLine line = Main.commandLine(Map.of()).setErr(new PrintWriter(errors));

        assertThat(line.execute(arguments.split(" "))).isEqualTo(code);
        assertThat(errors.toString()).startsWith(message);
    }

    @Test
    void namesTheSettingsThatCannotBeUsed() throws IOException {
        Path settings = Files.writeString(directory.resolve("settings.yaml"), "privileges: agent\n");

        try (KubernetesClient client =
                new KubernetesClientBuilder().withConfig(Config.empty()).build()) {
            assertThatThrownBy(() -> serve(Map.of(), "--namespace=a", "--settings=" + settings)
                            .start(client, InstantSource.system()))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("the settings in " + settings + " cannot be used: ")
                    .hasMessageContaining("setting toolkitImage is missing; name the image of the toolkit");
        }
    }

    /** The program itself, under requests, ended as Kubernetes ends it. */
    @Test
    void stopsInOrderOnSigterm() throws Exception {
        Path settings =
                Files.writeString(directory.resolve("settings.yaml"), "toolkitImage: registry.example/toolkit:1\n");
        Path certificates = directory.resolve("certificates");
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--bind-address=127.0.0.1",
                "--port=0",
                "--drain=PT6S",
                "--certificates=directory",
                "--configuration=");
        builder.environment().put("LPM_WEBHOOK_NAMESPACE", "lpm-system");
        builder.environment().put("LPM_WEBHOOK_SETTINGS", settings.toString());
        builder.environment().put("LPM_WEBHOOK_CERTIFICATE_DIRECTORY", certificates.toString());
        builder.environment().put("LPM_WEBHOOK_DNS_NAMES", "localhost");
        Process process = builder.redirectErrorStream(true).start();
        try (var output = process.inputReader()) {
            int port = output.lines()
                    .map(LISTENING::matcher)
                    .filter(Matcher::find)
                    .mapToInt(listening -> Integer.parseInt(listening.group(1)))
                    .findFirst()
                    .orElseThrow();
            Client client = new Client(
                    new InetSocketAddress("localhost", port),
                    () -> {
                        try {
                            return new DirectoryCertificateStore(certificates)
                                    .load()
                                    .orElseThrow()
                                    .trusted();
                        } catch (IOException unreadable) {
                            throw new IllegalStateException(unreadable);
                        }
                    },
                    InstantSource.system());
            assertThat(client.get("/readyz").statusCode()).isEqualTo(200);

            // Process.destroy would close the output, too.
            process.toHandle().destroy();
            HttpResponse<String> ready = client.get("/readyz");
            while (ready.statusCode() == 200) {
                ready = client.get("/readyz");
            }
            assertThat(ready.body()).isEqualTo("stopping\n");
            assertThat(client.post("/mutate-pods", "{}").statusCode())
                    .as("it serves on")
                    .isEqualTo(400);
            assertThat(output.lines()).anyMatch(line -> line.contains("Stopped; 0 requests were running"));
            assertThat(process.waitFor()).as("ended by signal 15").isEqualTo(128 + 15);
        } finally {
            process.destroyForcibly();
        }
        assertThat(Set.of("tls.crt", "tls.key", "ca.crt", "ca.key"))
                .allMatch(name -> Files.exists(certificates.resolve(name)));
    }

    private static ServeCommand serve(Map<String, String> environment, String... arguments) {
        CommandLine line = Main.commandLine(environment);
        line.parseArgs(Stream.concat(Stream.of("serve"), Stream.of(arguments)).toArray(String[]::new));
        return (ServeCommand) subcommand(line, "serve").getCommand();
    }

    private static Stream<OptionSpec> options(String command) {
        return subcommand(Main.commandLine(Map.of()), command).getCommandSpec().options().stream()
                .filter(option -> !option.usageHelp() && !option.versionHelp());
    }

    private static CommandLine subcommand(CommandLine line, String name) {
        return Objects.requireNonNull(line.getSubcommands().get(name));
    }
}
