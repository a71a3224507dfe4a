package domain.my.lpm.checkpoint.repository;

import com.github.luben.zstd.ZstdCompressCtx;
import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Hashes, compresses and writes frames on several threads while one thread fills the next. That thread alone calls the
 * methods. A chunk of a file never crosses frames, so that no frame waits for another but for its place in the archive.
 */
final class FramePipeline implements AutoCloseable {
    /**
     * Part of a frame that is a chunk of a file.
     *
     * @param chunks where its digest goes
     * @param index which chunk of the file it is
     * @param offset where it begins in the frame
     * @param length its bytes
     * @param output where else it is written, if anywhere
     */
    record Chunk(
            Digests chunks,
            int index,
            int offset,
            int length,
            @Nullable Output output) {}

    /**
     * A chunk of a file that stays where it is.
     *
     * @param file what it is part of
     * @param chunks where its digest goes
     * @param index which chunk of the file it is
     * @param length its bytes
     */
    record InPlace(Path file, Digests chunks, int index, int length) {
        private byte[] digest() throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
                return Sha256.of(channel, (long) index * StoredFile.CHUNK, length);
            } catch (EOFException shorter) {
                throw shortened(file);
            }
        }
    }

    /** A file of the dump has lost its end since its size was asked for. */
    static CheckpointException shortened(Path file) {
        return new CheckpointException(
                Reason.TRUNCATED,
                file.toString(),
                "it became shorter while it was read",
                "wait until the dump is complete");
    }

    /** A plain file that chunks are written to; closed when the last one is. */
    static final class Output {
        private final FileChannel channel;
        private final Set<Output> open;
        // One for each chunk under way, and one until no more come.
        private final AtomicInteger users = new AtomicInteger(1);

        private Output(FileChannel channel, Set<Output> open) {
            this.channel = channel;
            this.open = open;
        }

        private void write(ByteBuffer bytes, long position) throws IOException {
            Durable.writeFully(channel, bytes, position);
            release();
        }

        /** Another chunk comes; called before {@link #release}. */
        void expect() {
            users.incrementAndGet();
        }

        /** No more chunks come. */
        void release() throws IOException {
            if (users.decrementAndGet() == 0) {
                open.remove(this);
                channel.close();
            }
        }
    }

    private final @Nullable FileChannel archive;
    private final int level;
    private final ExecutorService executor;
    private final BlockingQueue<ByteBuffer> free;
    private final BlockingQueue<Worker> workers;
    private final List<Worker> allWorkers = new ArrayList<>();
    private final Set<Output> open = ConcurrentHashMap.newKeySet();
    private final List<Frame> frames = new ArrayList<>();
    private final Object order = new Object();
    private int submitted;
    private int placed;
    private long compressedBytes;
    private long uncompressedBytes;
    private volatile @Nullable Throwable failure;

    /**
     * @param archive where the compressed frames go, or null to compress nothing
     */
    FramePipeline(@Nullable FileChannel archive, int level, int threads) {
        this.archive = archive;
        this.level = level;
        int used = Math.max(1, Math.min(threads, (FrameBuffers.affordable() - 2) / 2));
        int buffers = used + 2;
        this.free = new ArrayBlockingQueue<>(buffers);
        this.workers = new ArrayBlockingQueue<>(used);
        for (int i = 0; i < buffers; i++) {
            free.add(FrameBuffers.take());
        }
        for (int i = 0; i < used; i++) {
            Worker worker = new Worker();
            allWorkers.add(worker);
            workers.add(worker);
        }
        AtomicInteger number = new AtomicInteger();
        this.executor = Executors.newFixedThreadPool(used, task -> {
            Thread thread = new Thread(task, "checkpoint-frames-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Creates a plain file for chunks; the caller releases it once all its chunks have been submitted. */
    Output output(Path file) throws IOException {
        Output output = new Output(Durable.create(file), open);
        open.add(output);
        return output;
    }

    /** An empty buffer for at most {@link Frame#MAXIMUM_LENGTH} bytes; waits for one. */
    ByteBuffer take() throws IOException {
        try {
            ByteBuffer buffer = free.take();
            try {
                check();
            } catch (IOException | RuntimeException | Error problem) {
                free.add(buffer);
                throw problem;
            }
            return buffer.clear().limit(Frame.MAXIMUM_LENGTH);
        } catch (InterruptedException interruption) {
            throw interrupted();
        }
    }

    /** Gives back a buffer that holds nothing worth keeping. */
    void giveBack(ByteBuffer buffer) {
        free.add(buffer);
    }

    /** Hands over a filled buffer. */
    void submit(ByteBuffer filled, List<Chunk> chunks) {
        filled.flip();
        int number = submitted++;
        long offset = uncompressedBytes;
        uncompressedBytes += filled.remaining();
        executor.execute(() -> {
            try {
                work(number, offset, filled, chunks);
            } catch (Throwable problem) {
                fail(problem);
            } finally {
                free.add(filled);
            }
        });
    }

    /** Digests a chunk where it lies, and nothing else. */
    void digest(InPlace chunk) {
        executor.execute(() -> {
            try {
                if (failure == null) {
                    Worker worker = workers.take();
                    try {
                        chunk.chunks().set(chunk.index(), chunk.digest());
                    } finally {
                        workers.add(worker);
                    }
                }
            } catch (Throwable problem) {
                fail(problem);
            }
        });
    }

    /** The uncompressed bytes handed over so far. */
    long uncompressedBytes() {
        return uncompressedBytes;
    }

    /** Waits until everything is written and returns the frames in order; none where nothing is compressed. */
    List<Frame> finish() throws IOException {
        executor.shutdown();
        try {
            while (!executor.awaitTermination(1, TimeUnit.MINUTES)) {
                check();
            }
        } catch (InterruptedException interruption) {
            throw interrupted();
        }
        check();
        return frames;
    }

    /** Ends the threads, waiting for what they are about, and gives the memory back. */
    @Override
    public void close() {
        fail(new InterruptedIOException("the checkpoint was abandoned"));
        executor.shutdown();
        boolean interrupted = false;
        while (true) {
            try {
                if (executor.awaitTermination(1, TimeUnit.MINUTES)) {
                    break;
                }
            } catch (InterruptedException interruption) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        for (Output output : open) {
            try {
                output.channel.close();
            } catch (IOException alreadyAbandoned) {
                // The file is deleted next; what was lost on closing it was for nobody.
                continue;
            }
        }
        free.forEach(FrameBuffers::give);
        free.clear();
        allWorkers.forEach(Worker::close);
        allWorkers.clear();
    }

    private void work(int number, long offset, ByteBuffer frame, List<Chunk> chunks)
            throws IOException, InterruptedException {
        if (failure != null) {
            return;
        }
        Worker worker = workers.take();
        try {
            for (Chunk chunk : chunks) {
                worker.digest.update(frame.slice(chunk.offset(), chunk.length()));
                chunk.chunks().set(chunk.index(), worker.digest.digest());
                if (chunk.output() != null) {
                    chunk.output()
                            .write(
                                    frame.slice(chunk.offset(), chunk.length()),
                                    (long) chunk.index() * StoredFile.CHUNK);
                }
            }
            if (archive != null) {
                int uncompressed = frame.remaining();
                ByteBuffer compressed = worker.compress(frame, level);
                int length = compressed.remaining();
                worker.digest.update(compressed.duplicate());
                long position = place(number, new Frame(0, length, offset, uncompressed, worker.digest.digest()));
                if (position >= 0) {
                    Durable.writeFully(archive, compressed, position);
                }
            }
        } finally {
            workers.add(worker);
        }
    }

    /** Waits for the frames before; returns where the frame goes, or -1 if one of them failed. */
    private long place(int number, Frame frame) throws InterruptedException {
        synchronized (order) {
            while (placed != number) {
                if (failure != null) {
                    return -1;
                }
                order.wait();
            }
            long position = compressedBytes;
            frames.add(new Frame(
                    position, frame.length(), frame.uncompressedOffset(), frame.uncompressedLength(), frame.digest()));
            compressedBytes += frame.length();
            placed++;
            order.notifyAll();
            return position;
        }
    }

    private void fail(Throwable problem) {
        synchronized (order) {
            if (failure == null) {
                failure = problem;
            }
            order.notifyAll();
        }
    }

    private void check() throws IOException {
        Throwable problem = failure;
        if (problem instanceof IOException io) {
            throw new IOException(io.getMessage(), io);
        }
        if (problem instanceof CheckpointException refusal) {
            throw refusal;
        }
        if (problem != null) {
            throw new IllegalStateException("storing the checkpoint failed", problem);
        }
    }

    private static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted while storing a checkpoint");
    }

    /** What one thread needs for its work. */
    private static final class Worker {
        private final MessageDigest digest = Sha256.digest();
        private @Nullable ByteBuffer output;
        private @Nullable ZstdCompressCtx context;

        private ByteBuffer compress(ByteBuffer frame, int level) {
            if (output == null) {
                output = FrameBuffers.take();
            }
            if (context == null) {
                context = new ZstdCompressCtx()
                        .setLevel(level)
                        .setContentSize(true)
                        .setChecksum(false);
            }
            output.clear();
            int length = context.compressDirectByteBuffer(
                    output, 0, output.capacity(), frame, frame.position(), frame.remaining());
            return output.limit(length);
        }

        private void close() {
            if (output != null) {
                FrameBuffers.give(output);
            }
            if (context != null) {
                context.close();
            }
        }
    }
}
