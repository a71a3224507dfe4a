package domain.my.lpm.webhook;

import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import domain.my.lpm.webhook.configuration.Callee;
import domain.my.lpm.webhook.configuration.MutatingConfiguration;
import domain.my.lpm.webhook.configuration.ValidatingConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints the configurations by which the API server calls the webhook. */
@Command(
        name = "configuration",
        mixinStandardHelpOptions = true,
        description = "Prints the MutatingWebhookConfiguration and the ValidatingWebhookConfiguration as YAML.")
final class ConfigurationCommand implements Callable<Integer> {
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();

    @Mixin
    private ServiceOptions where = new ServiceOptions();

    @Option(
            names = "--name",
            paramLabel = "NAME",
            defaultValue = "live-pod-migration",
            description = "The name of both configurations. Default: ${DEFAULT-VALUE}")
    private String name = "";

    @Option(
            names = "--service-port",
            paramLabel = "PORT",
            defaultValue = "443",
            description = "The port of the Service. Default: ${DEFAULT-VALUE}")
    private int port;

    @Option(
            names = "--timeout-seconds",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "How long the API server waits, longer than --request-timeout of serve, at most 30."
                    + " Default: ${DEFAULT-VALUE}")
    private int timeoutSeconds;

    @Option(
            names = "--authorities",
            paramLabel = "FILE",
            description =
                    "The authorities that the API server is to trust, as PEM: ca.crt of the certificate directory.")
    private @Nullable Path authorities;

    @Option(
            names = "--cert-manager-certificate",
            paramLabel = "NAME",
            description = "The cert-manager Certificate whose authority cert-manager is to fill in.")
    private @Nullable String certificate;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        Optional<String> pem = authorities == null ? Optional.empty() : Optional.of(Files.readString(authorities));
        Callee callee = new Callee(
                name,
                where.namespace,
                where.service,
                port,
                timeoutSeconds,
                where.requestTimeout,
                pem,
                Optional.ofNullable(certificate));
        for (Object configuration : List.of(
                new MutatingConfiguration(callee, where.untouched()).generate(),
                new ValidatingConfiguration(callee).generate())) {
            spec.commandLine().getOut().print(YAML.writeValueAsString(configuration));
        }
        spec.commandLine().getOut().flush();
        return 0;
    }
}
