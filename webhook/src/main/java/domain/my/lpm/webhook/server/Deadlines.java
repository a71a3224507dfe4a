package domain.my.lpm.webhook.server;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Ends tasks that take too long. The tasks read and write channels, and a channel is closed under a thread that is interrupted
 * ({@link java.nio.channels.InterruptibleChannel}), so that a client that is slow or silent at any point holds no thread.
 */
final class Deadlines implements AutoCloseable {
    private final Duration limit;
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "deadlines");
        thread.setDaemon(true);
        return thread;
    });

    Deadlines(Duration limit) {
        this.limit = limit;
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Runs {@code task} in this thread, which is interrupted when the limit is over. */
    void run(Runnable task) {
        Interruption interruption = new Interruption(Thread.currentThread());
        ScheduledFuture<?> due = timer.schedule(interruption, limit.toNanos(), TimeUnit.NANOSECONDS);
        try {
            task.run();
        } finally {
            interruption.revoke();
            due.cancel(false);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    private static final class Interruption implements Runnable {
        private final Thread thread;
        private boolean revoked;

        Interruption(Thread thread) {
            this.thread = thread;
        }

        @Override
        public synchronized void run() {
            if (!revoked) {
                thread.interrupt();
            }
        }

        /** No interruption comes after this, and one that came is forgotten: the thread works for others, too. */
        synchronized void revoke() {
            revoked = true;
            boolean unused = Thread.interrupted();
        }
    }
}
