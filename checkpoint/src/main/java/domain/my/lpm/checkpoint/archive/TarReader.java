package domain.my.lpm.checkpoint.archive;

import domain.my.lpm.checkpoint.archive.TarEntry.Type;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar stream (POSIX ustar and pax, GNU long names) and rejects all that readers might understand differently:
 * wrong checksums, sparse files, global pax headers, sizes that contradict each other, content where none belongs, bytes
 * after the end. Format: POSIX.1-2017, {@code pax}; GNU tar manual, "Basic Tar Format".
 *
 * <p>Not for use by several threads.
 */
public final class TarReader implements Closeable {
    /** Headers are of this many bytes, and content is padded to a multiple. */
    public static final int BLOCK = 512;

    private static final int MAXIMUM_EXTENDED_HEADER = 1 << 20;
    private static final int MAXIMUM_TRAILER = 1 << 20;
    private static final int MAXIMUM_NAME = 4096;
    private static final String REMEDY = "take the checkpoint again, or fetch it again if the copy may be damaged";
    private static final String XATTR = "SCHILY.xattr.";

    private final String thing;
    private final ReadableByteChannel input;
    private final Limits limits;
    private final ByteArrayOutputStream header = new ByteArrayOutputStream(3 * BLOCK);
    private final byte[] block = new byte[BLOCK];
    private int entries;
    private long total;
    private long remaining;
    private int padding;
    private boolean ended;

    /**
     * Reads a plain tar stream.
     *
     * @param thing what is read, for messages
     * @param input the stream; closed with this reader
     */
    public TarReader(String thing, ReadableByteChannel input, Limits limits) {
        this.thing = thing;
        this.input = input;
        this.limits = limits;
    }

    /** Reads a plain tar stream; see {@link #TarReader(String, ReadableByteChannel, Limits)}. */
    public TarReader(String thing, InputStream input, Limits limits) {
        this(thing, Channels.newChannel(input), limits);
    }

    /**
     * Moves to the next entry; what is left of the content of the present one is skipped.
     *
     * @return its header, or null at the end of the archive
     * @throws CheckpointException if the archive is malformed, truncated or beyond a limit
     * @throws IOException if reading fails
     */
    public @Nullable TarEntry next() throws IOException {
        if (ended) {
            return null;
        }
        skipContent();
        header.reset();
        Extended extended = new Extended();
        while (true) {
            readBlock();
            if (isZero(block)) {
                if (header.size() > 0) {
                    throw malformed("an extended header has no entry");
                }
                readTrailer();
                ended = true;
                return null;
            }
            header.write(block, 0, BLOCK);
            checkChecksum();
            if (++entries > limits.maximumEntries()) {
                throw tooLarge("it has more than " + limits.maximumEntries() + " entries");
            }
            char type = (char) (block[156] & 0xff);
            long size = number(124, 12, "size");
            switch (type) {
                case 'x' -> {
                    if (extended.records != null) {
                        throw unsafe("an entry has two pax headers");
                    }
                    extended.records = parsePax(readExtended(size));
                }
                case 'L' -> {
                    if (extended.longName != null) {
                        throw unsafe("an entry has two long names");
                    }
                    extended.longName = terminated(readExtended(size));
                }
                case 'K' -> {
                    if (extended.longLink != null) {
                        throw unsafe("an entry has two long link names");
                    }
                    extended.longLink = terminated(readExtended(size));
                }
                default -> {
                    return entry(type, size, extended);
                }
            }
        }
    }

    /** The blocks of the present entry's header, extended headers included, as they were read. */
    public byte[] rawHeader() {
        return header.toByteArray();
    }

    /** The bytes of the present entry's content that have not been read. */
    public long remaining() {
        return remaining;
    }

    /** The bytes after the present entry's content that fill its last block. */
    public int padding() {
        return padding;
    }

    /**
     * Reads content of the present entry until {@code into} is full or the content ends.
     *
     * @return the bytes read
     */
    public int read(ByteBuffer into) throws IOException {
        int limit = into.limit();
        int wanted = (int) Math.min(into.remaining(), remaining);
        into.limit(into.position() + wanted);
        try {
            fill(into);
        } finally {
            into.limit(limit);
        }
        remaining -= wanted;
        return wanted;
    }

    /** The content of the present entry as a stream, which ends with it. */
    public InputStream content() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (length == 0) {
                    return 0;
                }
                if (remaining == 0) {
                    return -1;
                }
                return TarReader.this.read(ByteBuffer.wrap(bytes, offset, length));
            }
        };
    }

    @Override
    public void close() throws IOException {
        input.close();
    }

    private static final class Extended {
        private @Nullable Map<String, String> records;
        private @Nullable String longName;
        private @Nullable String longLink;
    }

    private TarEntry entry(char type, long headerSize, Extended extended) throws IOException {
        Map<String, String> pax = extended.records == null ? Map.of() : extended.records;
        String name = choose(pax.get("path"), extended.longName, headerName(), "name");
        String link = choose(pax.get("linkpath"), extended.longLink, string(157, 100), "link name");
        if (name.isEmpty() || name.length() > MAXIMUM_NAME || link.length() > MAXIMUM_NAME) {
            throw malformed("an entry has a name of 0 or more than " + MAXIMUM_NAME + " bytes");
        }
        long size = headerSize;
        String paxSize = pax.get("size");
        if (paxSize != null) {
            size = decimal(paxSize, "size");
            // A size that the header cannot hold is 0 there; any other difference would read differently elsewhere.
            if (size != headerSize && (size < 1L << 33 || headerSize != 0)) {
                throw unsafe("entry '" + printable(name) + "' has two sizes, " + headerSize + " and " + size);
            }
        }
        Type kind = switch (type) {
            case '0', '\0', '7' -> name.endsWith("/") ? Type.DIRECTORY : Type.FILE;
            case '1' -> Type.HARD_LINK;
            case '2' -> Type.SYMBOLIC_LINK;
            case '3' -> Type.CHARACTER_DEVICE;
            case '4' -> Type.BLOCK_DEVICE;
            case '5' -> Type.DIRECTORY;
            case '6' -> Type.FIFO;
            default ->
                throw unsafe("entry '" + printable(name) + "' is of type '" + printable(String.valueOf(type)) + "'");
        };
        if (size > 0 && kind != Type.FILE) {
            throw malformed("entry '" + printable(name) + "' has content and is no file");
        }
        total += header.size();
        begin(size, printable(name));
        long[] modified = time(pax.get("mtime"), number(136, 12, "time"));
        Map<String, String> attributes = new LinkedHashMap<>();
        for (Map.Entry<String, String> item : pax.entrySet()) {
            if (item.getKey().startsWith(XATTR)) {
                attributes.put(item.getKey().substring(XATTR.length()), item.getValue());
            }
        }
        return new TarEntry(
                name,
                kind,
                size,
                (int) (number(100, 8, "mode") & 07777),
                id(pax.get("uid"), 108),
                id(pax.get("gid"), 116),
                modified[0],
                (int) modified[1],
                link,
                kind == Type.CHARACTER_DEVICE || kind == Type.BLOCK_DEVICE ? number(329, 8, "device") : 0,
                kind == Type.CHARACTER_DEVICE || kind == Type.BLOCK_DEVICE ? number(337, 8, "device") : 0,
                attributes);
    }

    private void begin(long size, String name) {
        remaining = size;
        padding = (int) (-size & (BLOCK - 1));
        if (size > limits.maximumTotalBytes() - Math.min(total, limits.maximumTotalBytes())) {
            throw tooLarge("with entry '" + name + "' of " + size + " bytes it has more than "
                    + limits.maximumTotalBytes() + " bytes");
        }
        total += size + padding;
    }

    private String choose(@Nullable String pax, @Nullable String gnu, String plain, String what) {
        if (pax != null && gnu != null) {
            throw unsafe("an entry has both a pax and a GNU " + what);
        }
        String chosen = pax != null ? pax : gnu != null ? gnu : plain;
        if (chosen.indexOf('\0') >= 0) {
            throw unsafe("a " + what + " contains a NUL byte");
        }
        return chosen;
    }

    private String headerName() {
        String name = string(0, 100);
        // The prefix exists in POSIX archives only ("ustar\0"); GNU's magic is "ustar  ".
        boolean posix = string(257, 6).equals("ustar") && block[262] == 0;
        String prefix = posix ? string(345, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private long id(@Nullable String pax, int offset) {
        long id = pax != null ? decimal(pax, "owner") : number(offset, 8, "owner");
        if (id >= 0xffffffffL) {
            throw malformed("an owner is " + id + ", beyond 32 bits");
        }
        return id;
    }

    private byte[] readExtended(long size) throws IOException {
        if (size > MAXIMUM_EXTENDED_HEADER || header.size() > 2 * MAXIMUM_EXTENDED_HEADER) {
            throw tooLarge("an extended header has more than " + MAXIMUM_EXTENDED_HEADER + " bytes");
        }
        int padded = (int) (size + BLOCK - 1) & -BLOCK;
        byte[] bytes = new byte[padded];
        fill(ByteBuffer.wrap(bytes));
        header.write(bytes, 0, padded);
        return Arrays.copyOf(bytes, (int) size);
    }

    private Map<String, String> parsePax(byte[] bytes) {
        Map<String, String> records = new LinkedHashMap<>();
        int position = 0;
        while (position < bytes.length) {
            int space = position;
            long length = 0;
            while (space < bytes.length && bytes[space] >= '0' && bytes[space] <= '9' && space - position < 8) {
                length = length * 10 + bytes[space] - '0';
                space++;
            }
            int end = (int) (position + length);
            if (space == position
                    || space >= bytes.length
                    || bytes[space] != ' '
                    || end > bytes.length
                    || end <= space + 1
                    || bytes[end - 1] != '\n') {
                throw malformed("a pax header has a record of the wrong length");
            }
            String record = new String(bytes, space + 1, end - space - 2, StandardCharsets.ISO_8859_1);
            int equals = record.indexOf('=');
            if (equals <= 0) {
                throw malformed("a pax header has a record without a key");
            }
            String key = record.substring(0, equals);
            String value = record.substring(equals + 1);
            boolean known = switch (key) {
                case "path", "linkpath", "size", "uid", "gid", "mtime" -> {
                    if (value.isEmpty()) {
                        throw unsafe("a pax header deletes the field '" + key + "'");
                    }
                    yield true;
                }
                case "atime", "ctime", "uname", "gname", "comment", "charset", "hdrcharset" -> true;
                default -> key.startsWith(XATTR) || key.startsWith("LIBARCHIVE.");
            };
            if (!known) {
                throw unsafe("a pax header has the field '" + printable(key) + "'");
            }
            if (records.putIfAbsent(key, value) != null) {
                throw unsafe("a pax header has the field '" + printable(key) + "' twice");
            }
            position = end;
        }
        return records;
    }

    private static String terminated(byte[] bytes) {
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.ISO_8859_1);
    }

    private String string(int offset, int length) {
        int end = offset;
        while (end < offset + length && block[end] != 0) {
            end++;
        }
        return new String(block, offset, end - offset, StandardCharsets.ISO_8859_1);
    }

    /** A field of octal digits ended by NUL or blank, or GNU's base-256 form; never negative. */
    private long number(int offset, int length, String what) {
        if ((block[offset] & 0x80) != 0) {
            long value = block[offset] & 0x7f;
            for (int i = offset + 1; i < offset + length; i++) {
                if (value >>> 54 != 0) {
                    throw malformed("a " + what + " is negative or beyond 62 bits");
                }
                value = value << 8 | block[i] & 0xff;
            }
            return value;
        }
        int position = offset;
        int end = offset + length;
        while (position < end && block[position] == ' ') {
            position++;
        }
        long value = 0;
        while (position < end && block[position] >= '0' && block[position] <= '7') {
            value = value << 3 | block[position] - '0';
            position++;
        }
        while (position < end) {
            if (block[position] != 0 && block[position] != ' ') {
                throw malformed("a " + what + " is no octal number");
            }
            position++;
        }
        return value;
    }

    private long decimal(String text, String what) {
        if (!text.matches("[0-9]{1,18}")) {
            throw malformed("a pax header has the " + what + " '" + printable(text) + "'");
        }
        return Long.parseLong(text);
    }

    private long[] time(@Nullable String pax, long seconds) {
        if (pax == null) {
            return new long[] {seconds, 0};
        }
        if (!pax.matches("-?[0-9]{1,12}(\\.[0-9]{1,30})?")) {
            throw malformed("a pax header has the time '" + printable(pax) + "'");
        }
        int point = pax.indexOf('.');
        if (point < 0) {
            return new long[] {Long.parseLong(pax), 0};
        }
        long whole = Long.parseLong(pax.substring(0, point));
        long fraction = Long.parseLong((pax.substring(point + 1) + "000000000").substring(0, 9));
        if (pax.charAt(0) == '-' && fraction > 0) {
            return new long[] {whole - 1, 1_000_000_000 - fraction};
        }
        return new long[] {whole, fraction};
    }

    private void checkChecksum() {
        long expected = number(148, 8, "checksum");
        long unsigned = 0;
        for (int i = 0; i < BLOCK; i++) {
            unsigned += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
        }
        if (expected != unsigned) {
            throw malformed("a header has the checksum " + expected + " where " + unsigned + " belongs");
        }
    }

    private void readTrailer() throws IOException {
        readBlock();
        if (!isZero(block)) {
            throw malformed("an entry follows the end of the archive");
        }
        ByteBuffer rest = ByteBuffer.wrap(new byte[16 * BLOCK]);
        long length = 0;
        while (true) {
            rest.clear();
            int count = input.read(rest);
            if (count < 0) {
                return;
            }
            length += count;
            for (int i = 0; i < count; i++) {
                if (rest.get(i) != 0) {
                    throw malformed("bytes follow the end of the archive");
                }
            }
            if (length > MAXIMUM_TRAILER) {
                throw malformed("more than " + MAXIMUM_TRAILER + " bytes follow the end of the archive");
            }
        }
    }

    private void skipContent() throws IOException {
        if (remaining + padding == 0) {
            return;
        }
        ByteBuffer waste = ByteBuffer.allocate((int) Math.min(1 << 16, remaining + padding));
        while (remaining > 0) {
            waste.clear();
            read(waste);
        }
        waste = ByteBuffer.allocate(padding);
        padding = 0;
        fill(waste);
    }

    private void readBlock() throws IOException {
        fill(ByteBuffer.wrap(block));
    }

    private void fill(ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (input.read(into) < 0) {
                throw new CheckpointException(
                        Reason.TRUNCATED,
                        thing,
                        "the archive ends too early",
                        REMEDY + "; see that it was copied whole");
            }
        }
    }

    private static boolean isZero(byte[] bytes) {
        for (byte value : bytes) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    private static String printable(String text) {
        return EntryName.printable(text);
    }

    private CheckpointException malformed(String problem) {
        return new CheckpointException(Reason.MALFORMED, thing, problem, REMEDY);
    }

    private CheckpointException unsafe(String problem) {
        return new CheckpointException(
                Reason.UNSAFE_ENTRY, thing, problem, "refuse the checkpoint unless its origin is certain");
    }

    private CheckpointException tooLarge(String problem) {
        return new CheckpointException(
                Reason.TOO_LARGE, thing, problem, "raise the limit only if the checkpoint's origin is certain");
    }
}
