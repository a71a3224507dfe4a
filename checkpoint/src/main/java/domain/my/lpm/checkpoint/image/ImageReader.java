package domain.my.lpm.checkpoint.image;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads an image file entry by entry. Nothing is allocated for an entry before its length has been held against what is
 * left of the file and against the limit of its kind.
 */
final class ImageReader implements Closeable {
    private static final int COMMON_MAGIC = 0x54564319;

    private final String fileName;
    private final InputStream input;
    private long remaining;

    private ImageReader(String fileName, InputStream input, long size) {
        this.fileName = fileName;
        this.input = input;
        this.remaining = size;
    }

    /** Opens the file and checks its header, leaving the reader before the first entry. */
    static ImageReader open(Path file, String title, int magic, boolean commonHeader) throws IOException {
        String name = String.valueOf(file.getFileName());
        if (!Files.isRegularFile(file)) {
            throw new ImageFormatException(name, "the image of the " + title + " is missing or not a regular file");
        }
        ImageReader reader =
                new ImageReader(name, new BufferedInputStream(Files.newInputStream(file), 1 << 16), Files.size(file));
        try {
            if (commonHeader) {
                reader.expectMagic(COMMON_MAGIC, "is not a CRIU image of version 1.1");
            }
            reader.expectMagic(magic, "does not hold the " + title);
            return reader;
        } catch (IOException | RuntimeException problem) {
            reader.close();
            throw problem;
        }
    }

    private void expectMagic(int expected, String reason) throws IOException {
        if (remaining < Integer.BYTES) {
            throw new ImageFormatException(fileName, "the header is truncated");
        }
        int found = littleEndianInt();
        if (found != expected) {
            throw new ImageFormatException(
                    fileName, String.format("the file %s: magic 0x%08x where 0x%08x belongs", reason, found, expected));
        }
    }

    /** The payload of the next entry, or null at the end of the file. */
    byte @Nullable [] nextPayload(int maximumBytes) throws IOException {
        if (remaining == 0) {
            return null;
        }
        if (remaining < Integer.BYTES) {
            throw new ImageFormatException(fileName, "the length of an entry is truncated");
        }
        long length = Integer.toUnsignedLong(littleEndianInt());
        if (length > remaining) {
            throw new ImageFormatException(
                    fileName, "an entry claims " + length + " bytes where " + remaining + " are left");
        }
        if (length > maximumBytes) {
            throw new ImageFormatException(
                    fileName,
                    "an entry has " + length + " bytes, the limit is " + maximumBytes,
                    "refuse the checkpoint unless its origin is certain");
        }
        return bytes((int) length);
    }

    /** The next entry, or null at the end of the file. */
    <E extends MessageLite> @Nullable E next(Parser<E> parser, int maximumBytes) throws IOException {
        byte[] payload = nextPayload(maximumBytes);
        return payload == null ? null : parse(parser, payload);
    }

    <E extends MessageLite> E parse(Parser<E> parser, byte[] payload) {
        try {
            return parser.parseFrom(payload);
        } catch (InvalidProtocolBufferException problem) {
            throw new ImageFormatException(fileName, "an entry cannot be read (" + problem.getMessage() + ")");
        }
    }

    /** The bytes of the file that have not been read yet. */
    long remaining() {
        return remaining;
    }

    String fileName() {
        return fileName;
    }

    private int littleEndianInt() throws IOException {
        return ByteBuffer.wrap(bytes(Integer.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getInt();
    }

    private byte[] bytes(int count) throws IOException {
        byte[] bytes = input.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException(fileName + " became shorter while it was read");
        }
        remaining -= count;
        return bytes;
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
