package domain.my.lpm.launcher.criu;

import java.util.List;
import java.util.stream.Collectors;

/** Quoting of words for a POSIX shell. */
final class ShellQuote {
    private ShellQuote() {}

    static String quote(String word) {
        if (word.indexOf('\n') >= 0 || word.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("'" + word.strip() + "' holds a line end, which no mount or pipe name of"
                    + " a container may have; rename it");
        }
        return "'" + word.replace("'", "'\\''") + "'";
    }

    static String join(List<String> words) {
        return words.stream().map(ShellQuote::quote).collect(Collectors.joining(" "));
    }
}
