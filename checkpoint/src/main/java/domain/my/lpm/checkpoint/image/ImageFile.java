package domain.my.lpm.checkpoint.image;

import com.google.protobuf.MessageLite;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One image file whole: a header of magic numbers, then entries, each a little-endian 32-bit length and a protobuf
 * message. Fields this project does not know stay in the entries and are written back.
 *
 * @param name the file's name in the images directory
 * @param kind what the file holds
 * @param entries its entries in order
 * @param <E> the message of an entry
 */
public record ImageFile<E extends MessageLite>(String name, ImageKind<E> kind, List<E> entries) {
    private static final int COMMON_MAGIC = 0x54564319;
    // More than the entries of the largest pods take, and little enough to parse in memory.
    private static final long MAXIMUM_BYTES = 64 << 20;

    public ImageFile {
        entries = List.copyOf(entries);
    }

    /**
     * Reads a file whose entries are all of one kind.
     *
     * @throws ImageFormatException if the file is missing, truncated, beyond a limit of its kind, or of another kind
     * @throws UncheckedIOException if reading fails
     */
    public static <E extends MessageLite> ImageFile<E> read(Path file, ImageKind<E> kind) {
        String name = String.valueOf(file.getFileName());
        try (ImageReader reader = ImageReader.open(file, kind.title(), kind.magic(), kind.commonHeader())) {
            if (reader.remaining() > MAXIMUM_BYTES) {
                throw new ImageFormatException(
                        name,
                        "the file has " + reader.remaining() + " bytes, the limit is " + MAXIMUM_BYTES,
                        "refuse the checkpoint unless its origin is certain");
            }
            List<E> entries = new ArrayList<>();
            @Nullable E entry;
            while ((entry = reader.next(kind.parser(), kind.maximumEntryBytes())) != null) {
                if (entries.size() == kind.maximumEntries()) {
                    throw new ImageFormatException(
                            name,
                            "the file holds more than " + kind.maximumEntries() + " entries",
                            "refuse the checkpoint unless its origin is certain");
                }
                entries.add(entry);
            }
            return new ImageFile<>(name, kind, entries);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    /**
     * Reads the first entry of a file which goes on with something else.
     *
     * @throws ImageFormatException if there is none, or the file is missing or malformed up to its end
     * @throws UncheckedIOException if reading fails
     */
    static <E extends MessageLite> First<E> readFirst(Path file, ImageKind<E> kind) {
        try (ImageReader reader = ImageReader.open(file, kind.title(), kind.magic(), kind.commonHeader())) {
            @Nullable E entry = reader.next(kind.parser(), kind.maximumEntryBytes());
            if (entry == null) {
                throw new ImageFormatException(reader.fileName(), "the file ends before its first entry");
            }
            return new First<>(entry, reader.remaining());
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    /**
     * The first entry of a file.
     *
     * @param remaining the bytes of the file behind it
     */
    record First<E>(E entry, long remaining) {}

    /**
     * The only entry of a file that has one.
     *
     * @throws ImageFormatException if there is none, or more
     */
    public E single() {
        if (entries.size() != 1) {
            throw new ImageFormatException(name, "the file holds " + entries.size() + " entries where one belongs");
        }
        return entries.get(0);
    }

    /** This file with each entry replaced. */
    public ImageFile<E> map(UnaryOperator<E> change) {
        return new ImageFile<>(name, kind, entries.stream().map(change).toList());
    }

    /**
     * Writes the file under its own name, in one step: a reader sees the old file or the new one.
     *
     * @return the file written
     * @throws UncheckedIOException if writing fails; a file already there then stays as it was
     */
    public Path writeTo(Path directory) {
        Path target = directory.resolve(name);
        Path partial = directory.resolve(name + ".partial");
        try {
            try (OutputStream output = new BufferedOutputStream(Files.newOutputStream(partial))) {
                if (kind.commonHeader()) {
                    output.write(littleEndian(COMMON_MAGIC));
                }
                output.write(littleEndian(kind.magic()));
                for (E entry : entries) {
                    output.write(littleEndian(entry.getSerializedSize()));
                    entry.writeTo(output);
                }
            } catch (IOException problem) {
                Files.deleteIfExists(partial);
                throw problem;
            }
            return Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private static byte[] littleEndian(int value) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }
}
