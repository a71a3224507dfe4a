package domain.my.lpm.launcher.criu;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** CRIU's log file. */
public final class CriuLog {
    /** For example: {@code (00.012345)     12: Error (criu/a.c:12): Can't open file x: No such file}; the time may lack. */
    private static final Pattern ERROR =
            Pattern.compile("^(?:\\(\\d+\\.\\d+\\))?\\s*(?:\\d+:\\s*)?Error \\([^)]*\\): (.*)$");

    /** Logged as errors while CRIU looks for features that it can do without. */
    private static final List<String> HARMLESS =
            List.of("tun: Unable to create tun", "rlimit: Can't setup RLIMIT_NOFILE");

    private static final int LINES_READ = 200_000;

    private CriuLog() {}

    /** The first error that CRIU met: later ones are mostly consequences. Empty when it logged none. */
    public static Optional<String> firstError(Path log) {
        try (BufferedReader reader = Files.newBufferedReader(log)) {
            for (int count = 0; count < LINES_READ; count++) {
                String line = reader.readLine();
                if (line == null) {
                    return Optional.empty();
                }
                Matcher error = ERROR.matcher(line);
                if (error.matches() && HARMLESS.stream().noneMatch(error.group(1)::startsWith)) {
                    return Optional.of(error.group(1).strip());
                }
            }
            return Optional.empty();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }
}
