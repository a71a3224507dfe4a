package domain.my.lpm.agent;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The agent's command line. */
@Command(
        name = "agent",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "What runs on every node and alone is privileged there.",
        subcommands = {ServeCommand.class, CleanUpCommand.class})
public final class Main {
    private Main() {}

    /** Runs the command and ends with its exit code: 2 for a wrong command line, 1 for a failure. */
    public static void main(String[] arguments) {
        // Not a logback.xml at the root of the jar: that would speak for every program that takes this module as a
        // library.
        System.getProperties().putIfAbsent("logback.configurationFile", "domain/my/lpm/agent/logback.xml");
        System.exit(commandLine(System.getenv()).execute(arguments));
    }

    static CommandLine commandLine(Map<String, String> environment) {
        return new CommandLine(new Main())
                .setUsageHelpWidth(110)
                .setDefaultValueProvider(new EnvironmentDefaults(environment))
                .setExecutionExceptionHandler((failure, line, result) -> {
                    line.getErr().println("error: " + failure.getMessage());
                    return 1;
                });
    }

    /** The version in the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            @Nullable String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"agent " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
