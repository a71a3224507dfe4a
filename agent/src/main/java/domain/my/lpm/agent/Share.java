package domain.my.lpm.agent;

import domain.my.lpm.agent.AgentException.Kind;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The shared storage. It may hang, as NFS does whose server is away, and nothing interrupts a thread that hangs in it: whatever
 * touches it is done by a thread of its own, which is left behind when it is not done in time.
 */
public final class Share {
    private static final long MEBIBYTE = 1L << 20;

    private final Path root;
    private final Duration patience;

    /**
     * The storage at a place.
     *
     * @param root as the agent sees it
     * @param patience how long a small thing may take
     */
    public Share(Path root, Duration patience) {
        this.root = root;
        this.patience = patience;
    }

    /** Where it is, as the agent sees it. */
    public Path root() {
        return root;
    }

    /** Does a small thing on the share; see {@link #during(String, Duration, Callable)}. */
    public <T> T during(String what, Callable<T> act) {
        return during(what, patience, act);
    }

    /**
     * Does something on the share.
     *
     * @param what for the message
     * @throws AgentException UNAVAILABLE when it is not done in time, or the storage fails; RESOURCE_EXHAUSTED when it is full
     */
    public <T> T during(String what, Duration atMost, Callable<T> act) {
        FutureTask<T> task = new FutureTask<>(act);
        Thread thread = new Thread(task, "share");
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException slow) {
            throw new AgentException(
                    Kind.UNAVAILABLE,
                    "the shared storage did not answer within " + atMost.toMillis() + " ms for " + what
                            + "; see whether its server is reachable from this node",
                    slow);
        } catch (ExecutionException failure) {
            throw translated(what, failure.getCause() == null ? failure : failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AgentException(Kind.UNAVAILABLE, "interrupted during " + what + "; repeat the call", interrupted);
        }
    }

    /** The failure as callers know it. */
    private static RuntimeException translated(String what, Throwable cause) {
        if (isFull(cause)) {
            return new AgentException(
                    Kind.RESOURCE_EXHAUSTED,
                    "there is no space left for " + what + " (" + cause.getMessage()
                            + "); free some, or give the storage more",
                    cause);
        }
        if (cause instanceof RuntimeException unchecked && !(cause instanceof java.io.UncheckedIOException)) {
            return unchecked;
        }
        return new AgentException(
                Kind.UNAVAILABLE,
                "the shared storage failed for " + what + " (" + cause + "); see how it is mounted on this node",
                cause);
    }

    /** Whether the storage was full, as far as messages tell. */
    public static boolean isFull(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (message.contains("No space left on device") || message.contains("Disk quota exceeded")) {
                return true;
            }
        }
        return false;
    }

    /** Free space, in bytes. */
    public long free() {
        // Unlike a FileStore it needs no mount table, in which a place on another root is not found.
        return during("its free space", () -> root.toFile().getUsableSpace());
    }

    /**
     * Refuses a share that cannot take a checkpoint.
     *
     * @param bytes how much it may have
     * @throws AgentException RESOURCE_EXHAUSTED when there is not room enough; UNAVAILABLE when it cannot be written
     */
    public void require(long bytes) {
        long free = during("a trial", () -> {
            Path trial = root.resolve(".trial-" + UUID.randomUUID());
            try {
                Files.write(trial, new byte[] {1});
            } catch (FileSystemException refused) {
                if (String.valueOf(refused.getReason()).contains("Read-only file system")) {
                    throw new AgentException(
                            Kind.UNAVAILABLE,
                            "the shared storage at " + root + " is read-only on this node; mount it for writing",
                            refused);
                }
                throw refused;
            } finally {
                if (Share.isThere(trial)) {
                    Files.delete(trial);
                }
            }
            return root.toFile().getUsableSpace();
        });
        requireRoom("the shared storage", free, bytes);
    }

    /** Refuses a file system without room enough. */
    public static void requireRoom(String what, long free, long bytes) {
        if (free < bytes) {
            throw new AgentException(
                    Kind.RESOURCE_EXHAUSTED,
                    what + " has " + free / MEBIBYTE + " MiB free, and the checkpoint may have "
                            + (bytes + MEBIBYTE - 1) / MEBIBYTE + " MiB; free some, or give it more");
        }
    }

    /** Whether a path exists; unlike {@link Files#exists} it takes no failure for an answer. */
    public static boolean isThere(Path path) throws IOException {
        try {
            Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class);
            return true;
        } catch (NoSuchFileException missing) {
            return false;
        }
    }
}
