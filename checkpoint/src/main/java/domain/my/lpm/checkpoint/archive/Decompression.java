package domain.my.lpm.checkpoint.archive;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** Recognises gzip and zstd by their first bytes, and bounds what comes out of them. */
public final class Decompression {
    private static final int BUFFER = 1 << 17;
    private static final long FREE_BYTES = 64L << 20;

    private Decompression() {}

    /**
     * Opens a stream that may be compressed.
     *
     * @param thing what is read, for messages
     * @param input the stream; closed with the result
     * @return the plain bytes; reading throws {@link CheckpointException} for a compressed stream that is malformed,
     *     truncated, or expands beyond {@link Limits#maximumRatio}
     * @throws IOException if reading fails
     */
    public static InputStream open(String thing, InputStream input, Limits limits) throws IOException {
        Counter counter = new Counter(input);
        BufferedInputStream buffered = new BufferedInputStream(counter, BUFFER);
        buffered.mark(4);
        byte[] start = buffered.readNBytes(4);
        buffered.reset();
        if (isGzip(start)) {
            try {
                return new Bounded(thing, new GZIPInputStream(buffered, BUFFER), counter, limits);
            } catch (SourceException problem) {
                throw problem;
            } catch (IOException problem) {
                throw malformed(thing, problem);
            }
        }
        if (isZstd(start)) {
            return new Bounded(thing, new ZstdInputStreamNoFinalizer(buffered), counter, limits);
        }
        return buffered;
    }

    /** Whether a stream that begins so is compressed in a way known here. */
    public static boolean isCompressed(byte[] start) {
        return isGzip(start) || isZstd(start);
    }

    private static boolean isGzip(byte[] start) {
        return start.length >= 2 && start[0] == 0x1f && start[1] == (byte) 0x8b;
    }

    private static boolean isZstd(byte[] start) {
        return start.length >= 4
                && start[0] == 0x28
                && start[1] == (byte) 0xb5
                && start[2] == 0x2f
                && start[3] == (byte) 0xfd;
    }

    private static CheckpointException malformed(String thing, IOException problem) {
        boolean truncated = problem instanceof EOFException
                || String.valueOf(problem.getMessage()).contains("Truncated");
        return new CheckpointException(
                truncated ? Reason.TRUNCATED : Reason.MALFORMED,
                thing,
                truncated
                        ? "the compressed archive ends too early"
                        : "decompressing failed (" + problem.getMessage() + ")",
                "take the checkpoint again, or fetch it again if the copy may be damaged",
                problem);
    }

    private static final class Counter extends FilterInputStream {
        private long count;

        private Counter(InputStream input) {
            super(input);
        }

        @Override
        public int read() throws IOException {
            int value = source(() -> super.read());
            count += value < 0 ? 0 : 1;
            return value;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = source(() -> super.read(bytes, offset, length));
            count += Math.max(0, read);
            return read;
        }

        private interface Read {
            int run() throws IOException;
        }

        /** Tells a failure of the source from one of the decompression. */
        private static int source(Read read) throws IOException {
            try {
                return read.run();
            } catch (IOException problem) {
                throw new SourceException(problem);
            }
        }
    }

    private static final class SourceException extends IOException {
        private static final long serialVersionUID = 1L;

        private SourceException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private static final class Bounded extends FilterInputStream {
        private final String thing;
        private final Counter compressed;
        private final Limits limits;
        private long count;

        private Bounded(String thing, InputStream input, Counter compressed, Limits limits) {
            super(input);
            this.thing = thing;
            this.compressed = compressed;
            this.limits = limits;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read;
            try {
                read = in.read(bytes, offset, length);
            } catch (SourceException problem) {
                throw problem;
            } catch (IOException problem) {
                throw malformed(thing, problem);
            }
            count += Math.max(0, read);
            if (count > FREE_BYTES && count / limits.maximumRatio() > compressed.count) {
                throw new CheckpointException(
                        Reason.TOO_LARGE,
                        thing,
                        "it expands to more than " + limits.maximumRatio() + " times its size",
                        "refuse the checkpoint unless its origin is certain");
            }
            return read;
        }

        @Override
        public boolean markSupported() {
            return false;
        }
    }
}
