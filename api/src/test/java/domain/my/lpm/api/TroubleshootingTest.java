package domain.my.lpm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds docs/troubleshooting.md to the code. */
class TroubleshootingTest {
    private static final Path FILE = Path.of("..", "docs", "troubleshooting.md");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    /** Between two literals that make one text. */
    private static final Pattern JOINED =
            Pattern.compile("\"\\s*(?:\\.formatted\\([^;]*?\\))?\\s*\\+\\s*\"", Pattern.DOTALL);

    static Stream<String> reasons() {
        return Arrays.stream(Reasons.class.getFields()).map(TroubleshootingTest::text);
    }

    private static String text(Field constant) {
        try {
            return (String) constant.get(null);
        } catch (IllegalAccessException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @ParameterizedTest
    @MethodSource("reasons")
    void everyReasonIsThere(String reason) throws IOException {
        assertThat(Files.readString(FILE)).contains("`" + reason + "`");
    }

    @Test
    void everyMessageIsOneOfOurs() throws IOException {
        String sources = sources();
        List<String> foreign = new ArrayList<>();
        int messages = 0;
        for (String row : Files.readAllLines(FILE)) {
            if (!row.startsWith("| ")) {
                continue;
            }
            // The last cell is ours to say; before it stands what is seen.
            Matcher code = CODE.matcher(row.substring(0, row.lastIndexOf(" | ")));
            while (code.find()) {
                String message = code.group(1);
                if (!message.contains(" ") || message.contains("|")) {
                    continue;
                }
                messages++;
                for (String part : message.split("…", -1)) {
                    if (!sources.contains(part.replaceAll("^'|'$", "").strip())) {
                        foreign.add(message + ": nobody writes '" + part + "'");
                    }
                }
            }
        }
        assertThat(messages).isGreaterThan(50);
        assertThat(foreign).isEmpty();
    }

    private static String sources() throws IOException {
        StringBuilder all = new StringBuilder();
        for (String module : List.of("api", "controller", "webhook", "agent", "restore-launcher")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    all.append(JOINED.matcher(Files.readString(file)).replaceAll(""));
                }
            }
        }
        return all.toString();
    }
}
