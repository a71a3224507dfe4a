package domain.my.lpm.launcher.criu;

import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.namespace.ContainerRoot;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Stops CRIU right before the restored processes run their first instruction, until this side says go or stop, and tells
 * when they run. It is CRIU's action script (criu(8), {@code --action-script}) with two pipes.
 */
final class Gate implements AutoCloseable {
    static final String SCRIPT = ContainerRoot.WORK + "/gate";
    private static final String EVENTS = ContainerRoot.WORK + "/events";
    private static final String CLOSED = "closed";
    private static final String ANSWERS = ContainerRoot.WORK + "/answers";

    /**
     * CRIU goes on whatever its script says, and what it traces goes on when CRIU is killed. Hence what may not run is
     * killed by the script itself, and what waits for long is stopped beside: a pending stop takes effect before the first
     * instruction, and its end removes it without a trace.
     */
    private static final String TEXT = """
            #!/usr/bin/busybox sh
            restored() {
                tree= left=$CRTOOLS_INIT_PID
                while [ -n "$left" ]; do
                    tree="$tree $left"
                    set --
                    for pid in $left; do
                        for file in /proc/$pid/task/*/children; do
                            read -r children <$file
                            set -- $* $children
                        done
                    done
                    left=$*
                done
            }
            case $CRTOOLS_SCRIPT_ACTION in
                pre-resume)
                    stopped=%1$s
                    if $stopped; then
                        restored
                        kill -STOP $tree
                    fi
                    # Opened before the report: when the other side dies, what is open ends, but an open waits. An
                    # open for both directions never does.
                    exec 3<%2$s
                    echo "pre-resume $CRTOOLS_INIT_PID" 1<>%3$s
                    read -r answer <&3
                    if [ "$answer" = go ]; then
                        if $stopped; then kill -CONT $tree; fi
                        exit 0
                    fi
                    restored
                    kill -KILL $tree
                    exit 1 ;;
                post-resume) echo "post-resume 0" 1<>%3$s ;;
            esac
            """;

    private final RandomAccessFile events;
    private final RandomAccessFile answers;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final Thread reader;

    private Gate(RandomAccessFile events, RandomAccessFile answers) {
        this.events = events;
        this.answers = answers;
        this.reader = new Thread(this::readEvents, "criu-events");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Installs it.
     *
     * @param stops whether the restored processes are stopped while they wait, so that not even CRIU's end lets them run
     */
    static Gate install(ContainerRoot root, boolean stops) {
        try {
            Path script = root.seen(SCRIPT);
            Files.writeString(script, TEXT.formatted(stops, ANSWERS, EVENTS));
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
            for (String pipe : new String[] {EVENTS, ANSWERS}) {
                Processes.makePipe(root.seen(pipe).toString());
            }
            // Opened for both directions, an open of a pipe waits for nobody.
            return new Gate(
                    new RandomAccessFile(root.seen(EVENTS).toFile(), "rw"),
                    new RandomAccessFile(root.seen(ANSWERS).toFile(), "rw"));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot prepare CRIU's action script", error);
        }
    }

    /** A line to append to the shell command that runs CRIU, so that its exit status arrives here as an event. */
    static String reportExit() {
        return "; echo \"ended $?\" 1<>" + EVENTS;
    }

    /** Waits for the next event, at most until {@code deadline} (of {@link System#nanoTime}). */
    Optional<Event> next(long deadline) throws InterruptedException {
        String line = lines.poll(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        if (line == null) {
            return Optional.empty();
        }
        int space = line.indexOf(' ');
        int value = Integer.parseInt(line.substring(space + 1).strip());
        return Optional.of(
                switch (line.substring(0, space)) {
                    case "pre-resume" -> new Restored(value);
                    case "post-resume" -> new Resumed();
                    default -> new Ended(value);
                });
    }

    void answer(boolean go) throws IOException {
        answers.write((go ? "go\n" : "stop\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** What CRIU reports. */
    sealed interface Event {}

    /** The processes are restored and stopped; {@code pid} is their root in the container's PID namespace. */
    record Restored(int pid) implements Event {}

    /** The processes run. */
    record Resumed() implements Event {}

    /** CRIU has ended. */
    record Ended(int exitCode) implements Event {}

    private void readEvents() {
        try {
            for (String line = events.readLine(); line != null; line = events.readLine()) {
                if (line.equals(CLOSED)) {
                    return;
                }
                lines.add(line);
            }
        } catch (IOException closed) {
            // The container, and with it the pipe, has gone: nobody waits for events any more.
        }
    }

    @Override
    public void close() {
        try (events;
                answers) {
            events.write((CLOSED + "\n").getBytes(StandardCharsets.US_ASCII));
            reader.join(1000);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot close the pipes of CRIU's action script", error);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
