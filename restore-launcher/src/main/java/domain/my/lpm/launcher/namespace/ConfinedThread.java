package domain.my.lpm.launcher.namespace;

import domain.my.lpm.launcher.linux.Linux;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * One thread of this JVM with a root directory and mount namespace apart from the others. Whatever runs on it, processes
 * it starts included, sees the file system and the namespaces which it entered. Closing ends the thread.
 */
final class ConfinedThread implements AutoCloseable {
    private static final Path THREAD = Path.of("/proc/thread-self");

    private final ExecutorService executor;
    private Path place = Path.of("/");

    private ConfinedThread(ExecutorService executor) {
        this.executor = executor;
    }

    /** Starts the thread and runs {@code enter} on it, which moves the thread to where it shall live. */
    static ConfinedThread start(String name, Runnable enter) {
        ExecutorService executor = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        ConfinedThread confined = new ConfinedThread(executor);
        try {
            confined.place = confined.call(() -> {
                // Read while this process' own /proc is in view.
                Path self = Path.of("/proc").resolve(Files.readSymbolicLink(THREAD));
                Linux.leave(Linux.CLONE_FS);
                enter.run();
                return self;
            });
        } catch (RuntimeException failure) {
            confined.close();
            throw failure;
        }
        return confined;
    }

    /** The directory of this thread in {@code /proc}, as the other threads see it. */
    Path place() {
        return place;
    }

    <T> T call(Callable<T> task) {
        try {
            return executor.submit(task).get();
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            throw new IllegalStateException(failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a thread in the container", interrupted);
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
