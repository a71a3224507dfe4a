package domain.my.lpm.launcher.restore;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Where the word comes from that decides on a restore: a named pipe with a word on each line. It is open for both
 * directions, so that nothing is lost that was written before it is read, and the end of a writer means nothing.
 */
public final class CommitPipe {
    private final RandomAccessFile pipe;
    private final BlockingQueue<Word> words = new LinkedBlockingQueue<>();
    private volatile boolean stopped;

    /** What may be said. */
    public enum Word {
        /** The restored processes run. */
        RUN,
        /** Nothing of the checkpoint lives on: the application is started anew. */
        FRESH,
        /** Nothing runs. It may be said at any time before one of the others. */
        STOP
    }

    private CommitPipe(RandomAccessFile pipe) {
        this.pipe = pipe;
        // Nothing interrupts a thread that reads a pipe: it ends with this process.
        Thread reader = new Thread(this::read, "commit");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Opens the pipe, which must be there.
     *
     * @throws UncheckedIOException if it cannot be opened
     */
    public static CommitPipe open(Path path) {
        try {
            return new CommitPipe(new RandomAccessFile(path.toFile(), "rw"));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot open the pipe " + path + "; make it with mkfifo before", error);
        }
    }

    private void read() {
        try {
            for (String line = pipe.readLine(); line != null; line = pipe.readLine()) {
                understand(line.strip());
            }
        } catch (IOException closed) {
            // Nobody waits for words any more.
        }
    }

    private void understand(String line) {
        for (Word word : Word.values()) {
            if (word.name().toLowerCase(Locale.ROOT).equals(line)) {
                stopped |= word == Word.STOP;
                words.add(word);
                return;
            }
        }
        System.err.println("'" + line + "' is no word about a restore and was ignored; write run, fresh or stop");
    }

    /** Whether {@link Word#STOP} was said. */
    boolean isStopped() {
        return stopped;
    }

    /** Waits for the next word, but no longer than that. */
    Optional<Word> next(Duration atMost) {
        try {
            return Optional.ofNullable(words.poll(atMost.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return Optional.of(Word.STOP);
        }
    }
}
