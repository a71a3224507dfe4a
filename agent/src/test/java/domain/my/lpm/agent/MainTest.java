package domain.my.lpm.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class MainTest {
    @Test
    void everyOptionIsDocumented() throws IOException {
        String page = Files.readString(Path.of("../docs/agent.md"));
        for (CommandLine command : Main.commandLine(Map.of()).getSubcommands().values()) {
            for (OptionSpec option : command.getCommandSpec().options()) {
                if (!option.usageHelp() && !option.versionHelp()) {
                    assertThat(page).contains("`" + option.longestName() + "`");
                }
            }
        }
    }

    private static CommandLine serve(CommandLine line) {
        return Objects.requireNonNull(line.getSubcommands().get("serve"));
    }

    @Test
    void theEnvironmentGivesWhatTheCommandLineDoesNot() {
        CommandLine line = Main.commandLine(Map.of(
                "LPM_AGENT_NODE", "node-a", "LPM_AGENT_ENDPOINT", "10.0.0.5:50051", "LPM_AGENT_LEASE_CHECK", "PT2S"));
        ServeCommand serve = serve(line).getCommand();

        line.parseArgs("serve", "--port", "1234");

        assertThat(serve.at.node).isEqualTo("node-a");
        assertThat(serve.endpoint).isEqualTo("10.0.0.5:50051");
        assertThat(serve.leaseCheck).hasSeconds(2);
        assertThat(serve.port).isEqualTo(1234);
        assertThat(serve.callers).containsExactly("lpm-controller");
        assertThat(serve.kubelet).isNull();
    }

    @Test
    void whatIsMissingIsNamed() {
        StringWriter errors = new StringWriter();

        int code = Main.commandLine(Map.of()).setErr(new PrintWriter(errors)).execute("serve");

        assertThat(code).isEqualTo(2);
        assertThat(errors.toString()).contains("--node=NAME", "--endpoint=HOST:PORT");
    }
}
