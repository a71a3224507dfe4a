package domain.my.lpm.checkpoint.repository;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a compressed archive by frames, each verified before it is decompressed. For use by several threads. */
final class FrameReader {
    /** What stays in a processor's cache is hashed faster. */
    private static final int VERIFY_BUFFER = 64 << 10;

    private static final String REMEDY = "the storage or someone changed it; take the checkpoint again";

    private final String thing;
    private final Path file;
    private final List<Frame> frames;
    // The frame read last: small reads in order would else decompress it again and again.
    private @Nullable Frame cached;
    private @Nullable ByteBuffer cache;

    FrameReader(String thing, Path file, List<Frame> frames) {
        this.thing = thing;
        this.file = file;
        this.frames = frames;
    }

    /** The uncompressed bytes of all frames. */
    long size() {
        return frames.isEmpty() ? 0 : frames.get(frames.size() - 1).end();
    }

    /** Copies {@code length} bytes of the uncompressed archive from {@code offset} on into {@code into}. */
    synchronized void read(long offset, ByteBuffer into, int length) throws IOException {
        int done = 0;
        int index = length == 0 ? 0 : indexOf(offset);
        while (done < length) {
            Frame frame = frames.get(index++);
            if (cache == null) {
                cache = ByteBuffer.allocateDirect(Frame.MAXIMUM_LENGTH);
            }
            if (cached != frame) {
                cached = null;
                decompress(frame, cache);
                cached = frame;
            }
            int start = (int) (offset + done - frame.uncompressedOffset());
            int count = Math.min(length - done, frame.uncompressedLength() - start);
            into.put(cache.slice(start, count));
            done += count;
        }
    }

    /** The frames that hold any byte of the files, in order. */
    List<Frame> touched(List<StoredFile> files) {
        boolean[] marks = new boolean[frames.size()];
        for (StoredFile stored : files) {
            long begin = stored.tarOffset().orElseThrow();
            long end = begin + stored.size();
            if (begin == end) {
                continue;
            }
            for (int i = indexOf(begin); i < marks.length && frames.get(i).uncompressedOffset() < end; i++) {
                marks[i] = true;
            }
        }
        List<Frame> touched = new ArrayList<>();
        for (int i = 0; i < marks.length; i++) {
            if (marks[i]) {
                touched.add(frames.get(i));
            }
        }
        return touched;
    }

    /** Holds the compressed bytes of a frame against its digest. */
    void verify(Frame frame) throws IOException {
        MessageDigest digest = Sha256.digest();
        byte[] bytes = new byte[Math.min(VERIFY_BUFFER, frame.length())];
        try (FileChannel channel = open()) {
            for (int done = 0; done < frame.length(); ) {
                ByteBuffer part = ByteBuffer.wrap(bytes, 0, Math.min(bytes.length, frame.length() - done));
                int count = channel.read(part, frame.offset() + done);
                if (count < 0) {
                    throw tooShort();
                }
                digest.update(bytes, 0, count);
                done += count;
            }
        }
        requireDigest(frame, digest);
    }

    /** Reads, verifies and decompresses a frame into a direct buffer, from its beginning. */
    void decompress(Frame frame, ByteBuffer into) throws IOException {
        ByteBuffer compressed = FrameBuffers.take();
        try {
            compressed.limit(frame.length());
            try (FileChannel channel = open()) {
                while (compressed.hasRemaining()) {
                    if (channel.read(compressed, frame.offset() + compressed.position()) < 0) {
                        throw tooShort();
                    }
                }
            }
            compressed.flip();
            MessageDigest digest = Sha256.digest();
            digest.update(compressed.duplicate());
            requireDigest(frame, digest);
            into.clear();
            long count;
            try {
                count = Zstd.decompressDirectByteBuffer(
                        into, 0, frame.uncompressedLength(), compressed, 0, frame.length());
            } catch (ZstdException problem) {
                throw wrongLength(frame, problem);
            }
            if (count != frame.uncompressedLength()) {
                throw wrongLength(frame, null);
            }
            into.clear().limit(frame.uncompressedLength());
        } finally {
            FrameBuffers.give(compressed);
        }
    }

    private int indexOf(long offset) {
        int low = 0;
        int high = frames.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (frames.get(middle).uncompressedOffset() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private FileChannel open() throws IOException {
        try {
            return FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException missing) {
            throw new CheckpointException(
                    Reason.MISSING, thing, "the file is not there", "take the checkpoint again", missing);
        }
    }

    private void requireDigest(Frame frame, MessageDigest digest) {
        if (!MessageDigest.isEqual(frame.digest(), digest.digest())) {
            throw new CheckpointException(
                    Reason.CORRUPT,
                    thing,
                    "the frame at " + frame.offset() + " does not have the digest that was signed",
                    REMEDY);
        }
    }

    private CheckpointException wrongLength(Frame frame, @Nullable Throwable cause) {
        return new CheckpointException(
                Reason.CORRUPT,
                thing,
                "the frame at " + frame.offset() + " does not hold " + frame.uncompressedLength() + " bytes",
                REMEDY,
                cause);
    }

    private CheckpointException tooShort() {
        return new CheckpointException(Reason.CORRUPT, thing, "the file is shorter than its manifest says", REMEDY);
    }
}
