package domain.my.lpm.sandbox;

import domain.my.lpm.sandbox.cluster.command.SandboxCommand;
import domain.my.lpm.sandbox.demo.DemoCommand;
import domain.my.lpm.sandbox.demo.InspectCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** What {@code ./lpm} runs. */
@Command(
        name = "lpm",
        mixinStandardHelpOptions = true,
        description = "Live pod migration on one machine.",
        subcommands = {DemoCommand.class, SandboxCommand.class, InspectCommand.class})
public final class Main {
    private Main() {}

    /** Runs the command and ends with its exit code: 0 it worked, 1 it did not, 2 wrong options. */
    public static void main(String[] arguments) {
        System.getProperties().putIfAbsent("logback.configurationFile", "domain/my/lpm/sandbox/logback.xml");
        System.exit(run(arguments));
    }

    /** Runs a command in this JVM. */
    public static int run(String... arguments) {
        return new CommandLine(new Main())
                .setUsageHelpWidth(110)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, line, result) -> {
                    line.getErr().println("error: " + failure.getMessage());
                    return 1;
                })
                .execute(arguments);
    }
}
