package domain.my.lpm.checkpoint.archive;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a tar stream (POSIX ustar, with pax headers for what ustar cannot hold). Names and values are bytes, one for
 * each char, as {@link TarReader} gives them.
 */
public final class TarWriter implements Closeable {
    private static final int SHORT_NAME = 100;
    private static final long OCTAL_SIZE = 1L << 33;
    private static final long OCTAL_ID = 1L << 21;

    private final OutputStream output;

    /**
     * A stream without entries.
     *
     * @param output where it goes; closed with this writer
     */
    public TarWriter(OutputStream output) {
        this.output = output;
    }

    /** Writes a header; the caller then writes {@link TarEntry#size} bytes and calls {@link #pad}. */
    public void put(TarEntry entry) throws IOException {
        output.write(header(entry));
    }

    /** Where an entry's content goes. */
    public OutputStream content() {
        return output;
    }

    /** Fills the last block of an entry's content. */
    public void pad(long size) throws IOException {
        output.write(new byte[(int) (-size & (TarReader.BLOCK - 1))]);
    }

    /** Ends the archive without closing the stream. */
    public void finish() throws IOException {
        output.write(new byte[2 * TarReader.BLOCK]);
        output.flush();
    }

    @Override
    public void close() throws IOException {
        output.close();
    }

    /** The blocks of an entry's header. */
    public static byte[] header(TarEntry entry) {
        Map<String, String> pax = new TreeMap<>();
        if (entry.name().length() > SHORT_NAME) {
            pax.put("path", entry.name());
        }
        if (entry.linkName().length() > SHORT_NAME) {
            pax.put("linkpath", entry.linkName());
        }
        if (entry.size() >= OCTAL_SIZE) {
            pax.put("size", Long.toString(entry.size()));
        }
        if (entry.uid() >= OCTAL_ID) {
            pax.put("uid", Long.toString(entry.uid()));
        }
        if (entry.gid() >= OCTAL_ID) {
            pax.put("gid", Long.toString(entry.gid()));
        }
        boolean plainTime = entry.modifiedNanoseconds() == 0
                && entry.modifiedSeconds() >= 0
                && entry.modifiedSeconds() < OCTAL_SIZE;
        if (!plainTime) {
            pax.put("mtime", time(entry.modifiedSeconds(), entry.modifiedNanoseconds()));
        }
        entry.extendedAttributes().forEach((name, value) -> pax.put("SCHILY.xattr." + name, value));
        ByteArrayOutputStream blocks = new ByteArrayOutputStream();
        if (!pax.isEmpty()) {
            byte[] records = records(pax);
            blocks.writeBytes(block("PaxHeader", 'x', records.length, 0644, 0, 0, 0, ""));
            blocks.writeBytes(Arrays.copyOf(records, (records.length + TarReader.BLOCK - 1) & -TarReader.BLOCK));
        }
        blocks.writeBytes(block(
                entry.name(),
                type(entry.type()),
                entry.size() >= OCTAL_SIZE ? 0 : entry.size(),
                entry.mode(),
                entry.uid() >= OCTAL_ID ? 0 : entry.uid(),
                entry.gid() >= OCTAL_ID ? 0 : entry.gid(),
                plainTime ? entry.modifiedSeconds() : 0,
                entry.linkName()));
        return blocks.toByteArray();
    }

    private static String time(long seconds, int nanoseconds) {
        if (seconds >= 0) {
            return "%d.%09d".formatted(seconds, nanoseconds);
        }
        return nanoseconds == 0
                ? Long.toString(seconds)
                : "-%d.%09d".formatted(-(seconds + 1), 1_000_000_000 - nanoseconds);
    }

    private static byte[] records(Map<String, String> pax) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Map.Entry<String, String> item : pax.entrySet()) {
            String record = " " + item.getKey() + "=" + item.getValue() + "\n";
            int length = record.length() + 1;
            while (Integer.toString(length).length() + record.length() > length) {
                length++;
            }
            bytes.writeBytes((length + record).getBytes(StandardCharsets.ISO_8859_1));
        }
        return bytes.toByteArray();
    }

    private static char type(TarEntry.Type type) {
        return switch (type) {
            case FILE -> '0';
            case HARD_LINK -> '1';
            case SYMBOLIC_LINK -> '2';
            case CHARACTER_DEVICE -> '3';
            case BLOCK_DEVICE -> '4';
            case DIRECTORY -> '5';
            case FIFO -> '6';
        };
    }

    private static byte[] block(
            String name, char type, long size, int mode, long uid, long gid, long modified, String linkName) {
        byte[] block = new byte[TarReader.BLOCK];
        string(block, 0, name);
        octal(block, 100, 8, mode);
        octal(block, 108, 8, uid);
        octal(block, 116, 8, gid);
        octal(block, 124, 12, size);
        octal(block, 136, 12, modified);
        block[156] = (byte) type;
        string(block, 157, linkName);
        byte[] magic = "ustar\00000".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(magic, 0, block, 257, magic.length);
        Arrays.fill(block, 148, 156, (byte) ' ');
        int checksum = 0;
        for (byte value : block) {
            checksum += value & 0xff;
        }
        octal(block, 148, 8, checksum);
        return block;
    }

    private static void string(byte[] block, int offset, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, block, offset, Math.min(bytes.length, SHORT_NAME));
    }

    /** Octal digits that fill the field but for its last byte, which is NUL. */
    private static void octal(byte[] block, int offset, int length, long value) {
        long rest = value;
        for (int i = offset + length - 2; i >= offset; i--) {
            block[i] = (byte) ('0' + (rest & 7));
            rest >>>= 3;
        }
        block[offset + length - 1] = 0;
    }
}
