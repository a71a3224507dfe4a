package domain.my.lpm.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class CommandLineTest {
    private final CommandLine commandLine = Main.commandLine();

    @Test
    void everyOptionTellsItsEnvironmentVariable() {
        for (CommandLine command : commandLine.getSubcommands().values()) {
            for (OptionSpec option : command.getCommandSpec().options()) {
                if (option.usageHelp() || option.versionHelp()) {
                    continue;
                }
                String name = "LPM_"
                        + option.longestName().substring(2).replace('-', '_').toUpperCase(Locale.ROOT);
                String variable = name.equals("LPM_VOLUME") ? "LPM_VOLUMES" : name;
                assertThat(declaredDefault(option)).as(option.longestName()).startsWith("${env:" + variable);
                assertThat(String.join(" ", option.description()))
                        .as(option.longestName())
                        .contains("[" + variable);
            }
        }
    }

    private static String declaredDefault(OptionSpec option) {
        return ((Field) option.userObject())
                .getAnnotation(CommandLine.Option.class)
                .defaultValue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "90", "s", "-1s", "1h", "1234567s", "9.5s"})
    void aDurationThatIsNone(String text) {
        StringWriter errors = new StringWriter();
        int code = commandLine
                .setErr(new PrintWriter(errors))
                .execute("restore", "--namespace", "n", "--pod", "p", "--container", "c", "--deadline", text);

        assertThat(code).isEqualTo(2);
        assertThat(errors.toString()).contains("'" + text + "' is no duration; write for example 90s or 5m");
    }

    @Test
    void aDuration() {
        assertThat(new ContainerOptions.Seconds().convert("90s")).isEqualTo(Duration.ofSeconds(90));
        assertThat(new ContainerOptions.Seconds().convert("5m")).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void namesWhatIsMissing() {
        StringWriter errors = new StringWriter();

        assertThat(commandLine.setErr(new PrintWriter(errors)).execute("restore"))
                .isEqualTo(2);
        assertThat(errors.toString()).contains("--namespace=NAME", "--pod=NAME", "--container=NAME");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            --grant-user=1000          | '1000' is no user with its groups; write UID:GID or UID:GID:G1,G2
            --grant-user=1000:1000:    | '1000:1000:' is no user with its groups
            --grant-user=1000:-1       | '1000:-1' is no user with its groups
            --grant-capabilities=0x5fb | '0x5fb' is no hexadecimal mask of capabilities; write for example 5fb
            """)
    void aGrantThatIsNone(String option, String message) {
        StringWriter errors = new StringWriter();
        int code = commandLine
                .setErr(new PrintWriter(errors))
                .execute("restore", "--namespace", "n", "--pod", "p", "--container", "c", option);

        assertThat(code).isEqualTo(2);
        assertThat(errors.toString()).contains(message);
    }
}
