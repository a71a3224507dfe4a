package domain.my.lpm.checkpoint.repository;

import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Numbered pieces of work shared by the caller and an executor. The caller works too and waits only for pieces that
 * others have begun, so that a busy executor delays nothing.
 */
final class ChunkWork {
    /** One piece. */
    interface Piece {
        void run(int index) throws IOException;
    }

    private final int count;
    private final Piece piece;
    private int next;
    private int active;
    private @Nullable Throwable failure;

    private ChunkWork(int count, Piece piece) {
        this.count = count;
        this.piece = piece;
    }

    /** Runs the pieces 0 to {@code count} - 1 on at most {@code threads} threads, and throws the first failure. */
    static void run(int count, int threads, Executor executor, Piece piece) throws IOException {
        ChunkWork work = new ChunkWork(count, piece);
        for (int i = 1; i < Math.min(count, threads); i++) {
            try {
                executor.execute(work::share);
            } catch (RejectedExecutionException busy) {
                break;
            }
        }
        work.share();
        work.await();
    }

    private void share() {
        while (true) {
            int index;
            synchronized (this) {
                if (next >= count || failure != null) {
                    return;
                }
                index = next++;
                active++;
            }
            @Nullable Throwable problem = null;
            try {
                piece.run(index);
            } catch (Throwable thrown) {
                problem = thrown;
            }
            synchronized (this) {
                active--;
                if (problem != null && failure == null) {
                    failure = problem;
                }
                notifyAll();
            }
        }
    }

    private synchronized void await() throws IOException {
        boolean interrupted = false;
        while (active > 0) {
            try {
                wait();
            } catch (InterruptedException interruption) {
                // The pieces under way use the caller's files: they end first.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure instanceof IOException problem) {
            throw problem;
        }
        if (failure instanceof RuntimeException problem) {
            throw problem;
        }
        if (failure instanceof Error problem) {
            throw problem;
        }
    }
}
