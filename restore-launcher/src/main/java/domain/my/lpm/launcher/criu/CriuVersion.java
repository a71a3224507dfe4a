package domain.my.lpm.launcher.criu;

import java.io.IOException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of CRIU, as {@code criu --version} prints it.
 *
 * @param major at least 0
 * @param minor at least 0
 * @param patch 0 when the version has only two parts
 */
public record CriuVersion(int major, int minor, int patch) implements Comparable<CriuVersion> {
    /** The oldest version that dumps and restores on kernels from 6.13 on, sockets included. */
    public static final CriuVersion OLDEST = new CriuVersion(4, 2, 0);

    private static final Pattern TEXT = Pattern.compile("(?s).*?Version: (\\d+)\\.(\\d+)(?:\\.(\\d+))?.*");

    /** Reads the output of {@code criu --version}; empty when it is not that. */
    public static Optional<CriuVersion> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int patch = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
        return Optional.of(
                new CriuVersion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)), patch));
    }

    /**
     * Asks the CRIU of this root file system.
     *
     * @throws CriuException when it is absent, does not answer, or is older than {@link #OLDEST}
     */
    public static CriuVersion ofProgram(String program) {
        String text;
        try {
            Process process = new ProcessBuilder(program, "--version")
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            text = new String(process.getInputStream().readAllBytes());
        } catch (IOException absent) {
            throw new CriuException(
                    "CRIU is absent: '" + program + "' cannot be started; use a toolkit image that contains it",
                    absent);
        }
        CriuVersion version = parse(text)
                .orElseThrow(() -> new CriuException("'" + program
                        + " --version' does not answer with a version but with '" + text.strip()
                        + "'; use a toolkit image whose CRIU fits this machine"));
        if (version.compareTo(OLDEST) < 0) {
            throw new CriuException(
                    "CRIU " + version + " is too old: " + OLDEST + " or newer is needed; use a newer toolkit image");
        }
        return version;
    }

    @Override
    public int compareTo(CriuVersion other) {
        int byMajor = Integer.compare(major, other.major);
        int byMinor = byMajor != 0 ? byMajor : Integer.compare(minor, other.minor);
        return byMinor != 0 ? byMinor : Integer.compare(patch, other.patch);
    }

    @Override
    public String toString() {
        return major + "." + minor + (patch == 0 ? "" : "." + patch);
    }
}
