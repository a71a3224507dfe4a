package domain.my.lpm.controller;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The controller's command line. */
@Command(
        name = "controller",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description =
                "Moves pods as PodMigrations ask for, and takes checkpoints. Each option can be given by the environment,"
                        + " too, --hold-lease as LPM_CONTROLLER_HOLD_LEASE, or by the YAML file that LPM_CONTROLLER_SETTINGS names, as"
                        + " hold-lease; the command line comes first, the file last.",
        subcommands = ServeCommand.class)
public final class Main {
    private Main() {}

    /** Runs the command and ends with its exit code: 2 for a wrong command line, 1 for a failure. */
    public static void main(String[] arguments) {
        // Not a logback.xml at the root of the jar: that would speak for every program that takes this module as a
        // library.
        System.getProperties().putIfAbsent("logback.configurationFile", "domain/my/lpm/controller/logback.xml");
        try {
            System.exit(commandLine(System.getenv()).execute(arguments));
        } catch (IOException unusable) {
            System.err.println("error: " + unusable.getMessage());
            System.exit(2);
        }
    }

    static CommandLine commandLine(Map<String, String> environment) throws IOException {
        CommandLine line = new CommandLine(new Main());
        CommandLine serve = Objects.requireNonNull(line.getSubcommands().get("serve"), "serve");
        return line.setUsageHelpWidth(110)
                .setDefaultValueProvider(OptionDefaults.read(environment, serve.getCommandSpec()))
                .setExecutionExceptionHandler((failure, failed, result) -> {
                    failed.getErr().println("error: " + reason(failure));
                    return 1;
                });
    }

    /** What went wrong, by all that its causes say: "An error has occurred" is how the client begins. */
    static String reason(Throwable failure) {
        Set<String> messages = new LinkedHashSet<>();
        boolean ofTheApi = false;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            ofTheApi |= cause instanceof KubernetesClientException;
            String said = cause.getMessage();
            // Some say what their cause says.
            if (said == null || messages.stream().noneMatch(before -> before.contains(said))) {
                messages.add(said == null ? cause.getClass().getSimpleName() : said);
            }
        }
        return String.join(": ", messages) + (ofTheApi ? "; see whether the API server answers" : "");
    }

    /** The version in the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            @Nullable String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"controller " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
