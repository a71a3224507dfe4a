package domain.my.lpm.launcher.criu;

import domain.my.lpm.checkpoint.image.Printable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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

    private static final Pattern TEXT = Pattern.compile("(?s).*?Version: (\\d{1,6})\\.(\\d{1,6})(?:\\.(\\d{1,6}))?.*");
    private static final int ANSWER_SECONDS = 10;
    private static final int MAXIMUM_ANSWER = 4096;
    private static final int SHOWN_ANSWER = 200;

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
        String text = answer(program);
        CriuVersion version = parse(text)
                .orElseThrow(() -> new CriuException("'" + program
                        + " --version' does not answer with a version but with '" + shown(text)
                        + "'; use a toolkit image whose CRIU fits this machine"));
        if (version.compareTo(OLDEST) < 0) {
            throw new CriuException(
                    "CRIU " + version + " is too old: " + OLDEST + " or newer is needed; use a newer toolkit image");
        }
        return version;
    }

    private static String answer(String program) {
        Process process;
        try {
            process = new ProcessBuilder(program, "--version")
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
        } catch (IOException absent) {
            throw new CriuException(
                    "CRIU is absent: '" + program + "' cannot be started; use a toolkit image that contains it",
                    absent);
        }
        try {
            return CompletableFuture.supplyAsync(() -> read(process))
                    .completeOnTimeout(null, ANSWER_SECONDS, TimeUnit.SECONDS)
                    .thenApply(Optional::ofNullable)
                    .join()
                    .orElseThrow(() -> new CriuException("'" + program + " --version' did not answer within "
                            + ANSWER_SECONDS + " s and was killed; use a toolkit image whose CRIU fits this machine"));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static String read(Process process) {
        try {
            return new String(process.getInputStream().readNBytes(MAXIMUM_ANSWER), StandardCharsets.UTF_8);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read what CRIU answers", error);
        }
    }

    private static String shown(String text) {
        String stripped = text.strip();
        return Printable.of(stripped.length() > SHOWN_ANSWER ? stripped.substring(0, SHOWN_ANSWER) : stripped);
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
