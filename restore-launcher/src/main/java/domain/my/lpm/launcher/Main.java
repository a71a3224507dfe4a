package domain.my.lpm.launcher;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The launcher's command line. */
@Command(
        name = "restore-launcher",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Restores a checkpoint inside a running container, and takes checkpoints of containers.",
        subcommands = {
            RestoreCommand.class,
            CheckpointCommand.class,
            WarmUpCommand.class,
            HoldCommands.Resume.class,
            HoldCommands.Fence.class
        })
public final class Main {
    private Main() {}

    /** Runs the command and ends with its exit code: 2 for a wrong command line, else see the command. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs a command in this JVM. */
    public static int run(String... arguments) {
        return commandLine().execute(arguments);
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setUsageHelpWidth(110)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, line, result) -> {
                    line.getErr().println("error: " + failure.getMessage());
                    return 1;
                });
    }

    /** The version in the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"restore-launcher " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
