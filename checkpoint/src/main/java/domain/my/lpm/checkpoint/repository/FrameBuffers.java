package domain.my.lpm.checkpoint.repository;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Direct buffers that each hold one frame, compressed or not. A few are kept: the JVM frees direct memory late. */
final class FrameBuffers {
    private static final int KEPT = 8;
    private static final ConcurrentLinkedDeque<ByteBuffer> FREE = new ConcurrentLinkedDeque<>();
    private static final AtomicInteger COUNT = new AtomicInteger();

    private FrameBuffers() {}

    /** How many buffers a task may use at once: three quarters of the JVM's memory for direct buffers, at least 4. */
    static int affordable() {
        return (int) Math.max(4, Runtime.getRuntime().maxMemory() / 4 * 3 / Frame.MAXIMUM_COMPRESSED);
    }

    static ByteBuffer take() {
        @Nullable ByteBuffer buffer = FREE.pollFirst();
        if (buffer == null) {
            return ByteBuffer.allocateDirect(Frame.MAXIMUM_COMPRESSED);
        }
        COUNT.decrementAndGet();
        return buffer.clear();
    }

    static void give(ByteBuffer buffer) {
        if (COUNT.incrementAndGet() <= KEPT) {
            FREE.addFirst(buffer);
        } else {
            COUNT.decrementAndGet();
        }
    }
}
