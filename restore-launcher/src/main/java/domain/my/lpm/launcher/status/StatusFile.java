package domain.my.lpm.launcher.status;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Keeps {@code status.json} true: each change replaces the file in one step. Not for use by several threads. */
public final class StatusFile {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final @Nullable Path file;
    private final Map<String, Double> timings = new LinkedHashMap<>();
    private long stepStarted = System.nanoTime();
    private State state = State.PREPARING;
    private @Nullable String checkpoint;
    private @Nullable String criuVersion;
    private @Nullable String message;
    private long pages;
    private boolean lazy;
    private int processId;

    /** With no file, the status is kept for {@link #status} alone. */
    public StatusFile(@Nullable Path file) {
        this.file = file;
    }

    /** Enters a state and writes it. */
    public void enter(State next) {
        state = next;
        write();
    }

    /** Ends in failure, with the reason. */
    public void fail(String reason) {
        message = reason;
        enter(State.FAILED);
    }

    /** Ends in a fresh start; {@code reason} tells why it came to that, null when there was nothing to restore. */
    public void fresh(@Nullable String reason) {
        message = reason;
        enter(State.FRESH);
    }

    /** Waits for the word to start anew, with the reason why nothing was restored. */
    public void unrestorable(String reason) {
        message = reason;
        enter(State.UNRESTORABLE);
    }

    /** Starts the clock of the next step. */
    public void startClock() {
        stepStarted = System.nanoTime();
    }

    /** Records the time since the clock was started, or since the last step, under this step's name. */
    public void stepDone(String step) {
        long now = System.nanoTime();
        timings.put(step, Math.round((now - stepStarted) / 1e4) / 100.0);
        stepStarted = now;
    }

    /** Which checkpoint is restored. */
    public void checkpoint(String uri, long pagesInIt, boolean pagesAreLazy) {
        checkpoint = uri;
        pages = pagesInIt;
        lazy = pagesAreLazy;
    }

    /** Which CRIU restores. */
    public void criuVersion(String version) {
        criuVersion = version;
    }

    /** The restored root in the container's PID namespace. */
    public void processId(int pid) {
        processId = pid;
    }

    /** The present status. */
    public Status status() {
        return new Status(
                state,
                state.isFinal() ? state : null,
                checkpoint,
                criuVersion,
                pages,
                lazy,
                processId,
                new LinkedHashMap<>(timings),
                message);
    }

    private void write() {
        if (file == null) {
            return;
        }
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.write(temporary, JSON.writeValueAsBytes(status()));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot write the status file " + file, error);
        }
    }

    /** Reads a status file. */
    public static Status read(Path file) throws IOException {
        return JSON.readValue(file.toFile(), Status.class);
    }
}
