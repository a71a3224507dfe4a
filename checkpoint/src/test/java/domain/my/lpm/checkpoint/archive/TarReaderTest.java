package domain.my.lpm.checkpoint.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.checkpoint.archive.TarEntry.Type;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TarReaderTest {
    private static final TarEntry FILE = new TarEntry("name", Type.FILE, 0, 0644, 1, 2, 3, 0, "", 0, 0, Map.of());

    private static TarReader reader(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return new TarReader("test.tar", new ByteArrayInputStream(bytes.toByteArray()), Limits.DEFAULT);
    }

    private static byte[] zeros(int blocks) {
        return new byte[blocks * TarReader.BLOCK];
    }

    /** A header with a field overwritten and its checksum made right. */
    private static byte[] header(int offset, String field) {
        byte[] block = TarWriter.header(FILE);
        byte[] bytes = field.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, block, offset, bytes.length);
        Arrays.fill(block, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte value : block) {
            sum += value & 0xff;
        }
        System.arraycopy("%06o\0 ".formatted(sum).getBytes(StandardCharsets.US_ASCII), 0, block, 148, 8);
        return block;
    }

    private static byte[] pax(String records) {
        byte[] block = header(156, "x");
        byte[] bytes = records.getBytes(StandardCharsets.ISO_8859_1);
        byte[] sized = header(124, "%011o".formatted(bytes.length));
        System.arraycopy(sized, 124, block, 124, 12);
        Arrays.fill(block, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte value : block) {
            sum += value & 0xff;
        }
        System.arraycopy("%06o\0 ".formatted(sum).getBytes(StandardCharsets.US_ASCII), 0, block, 148, 8);
        byte[] all = Arrays.copyOf(block, 2 * TarReader.BLOCK);
        System.arraycopy(bytes, 0, all, TarReader.BLOCK, bytes.length);
        return all;
    }

    private static void drain(TarReader reader) throws IOException {
        while (reader.next() != null) {}
    }

    private static void assertRefused(TarReader reader, Reason reason, String message) {
        assertThatThrownBy(() -> drain(reader))
                .isInstanceOfSatisfying(
                        CheckpointException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(reason))
                .hasMessageContaining("test.tar: ")
                .hasMessageContaining(message);
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        for (TarEntry entry : new TarEntry[] {
            FILE,
            new TarEntry("d/", Type.DIRECTORY, 0, 01777, 0, 0, -5, 500_000_000, "", 0, 0, Map.of()),
            new TarEntry(
                    "n".repeat(300),
                    Type.FILE,
                    0,
                    04755,
                    3_000_000_000L,
                    7,
                    9,
                    1,
                    "",
                    0,
                    0,
                    Map.of("security.capability", "\u0001\u0000\u00ff\n=")),
            new TarEntry("l", Type.SYMBOLIC_LINK, 0, 0777, 0, 0, 1L << 34, 0, "t".repeat(200), 0, 0, Map.of()),
            new TarEntry("h", Type.HARD_LINK, 0, 0777, 0, 0, 0, 0, "\u00c3\u00a9", 0, 0, Map.of()),
        }) {
            assertThat(reader(TarWriter.header(entry), zeros(2)).next()).isEqualTo(entry);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {TarArchiveOutputStream.LONGFILE_GNU, TarArchiveOutputStream.LONGFILE_POSIX})
    void longNamesOfOtherWritersAreRead(int mode) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String name = "directory/".repeat(30) + "file";
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            tar.setLongFileMode(mode);
            tar.putArchiveEntry(new TarArchiveEntry(name));
            tar.closeArchiveEntry();
        }
        assertThat(reader(bytes.toByteArray()).next())
                .extracting(TarEntry::name)
                .isEqualTo(name);
    }

    @Test
    void theEndMustBeTheEnd() {
        byte[] file = TarWriter.header(FILE);
        assertRefused(reader(file), Reason.TRUNCATED, "ends too early");
        assertRefused(reader(file, zeros(1)), Reason.TRUNCATED, "ends too early");
        assertRefused(reader(file, zeros(1), file, zeros(2)), Reason.MALFORMED, "an entry follows the end");
        assertRefused(reader(file, zeros(2), file), Reason.MALFORMED, "bytes follow the end");
        assertRefused(reader(pax("8 uid=1\n"), zeros(2)), Reason.MALFORMED, "has no entry");
    }

    @ParameterizedTest
    @CsvSource({
        "156, g, UNSAFE_ENTRY, is of type 'g'",
        "156, S, UNSAFE_ENTRY, is of type 'S'",
        "156, 5, MALFORMED, has content and is no file",
        "124, -0000000001, MALFORMED, a size is no octal number",
        "124, 9, MALFORMED, a size is no octal number",
        "100, 0x1, MALFORMED, a mode is no octal number",
    })
    void aStrangeHeaderIsRefused(int offset, String field, Reason reason, String message) {
        byte[] block = header(offset, field);
        if (message.contains("content")) {
            byte[] sized = header(124, "00000000001");
            System.arraycopy(sized, 124, block, 124, 12);
            int sum = 0;
            Arrays.fill(block, 148, 156, (byte) ' ');
            for (byte value : block) {
                sum += value & 0xff;
            }
            System.arraycopy("%06o\0 ".formatted(sum).getBytes(StandardCharsets.US_ASCII), 0, block, 148, 8);
        }
        assertRefused(reader(block, zeros(3)), reason, message);
    }

    @Test
    void hugeAndNegativeSizesAreRefused() {
        assertRefused(reader(header(124, "\u00ff".repeat(12)), zeros(2)), Reason.MALFORMED, "negative or beyond");
        assertRefused(
                reader(header(124, "\u0080\0\0\0\u003f" + "\u00ff".repeat(7)), zeros(2)),
                Reason.TOO_LARGE,
                "it has more than 274877906944 bytes");
        assertRefused(reader(header(124, "77777777777"), zeros(2)), Reason.TRUNCATED, "ends too early");
    }

    @Test
    void aWrongChecksumIsRefused() {
        byte[] block = TarWriter.header(FILE);
        block[0] ^= 1;
        assertRefused(reader(block, zeros(2)), Reason.MALFORMED, "has the checksum");
    }

    @ParameterizedTest
    @CsvSource({
        "'22 GNU.sparse.major=1\n', UNSAFE_ENTRY, has the field 'GNU.sparse.major'",
        "'10 size=5\n', UNSAFE_ENTRY, 'has two sizes, 0 and 5'",
        "'11 size=-5\n', MALFORMED, has the size '-5'",
        "'9 path=a\n9 path=b\n', UNSAFE_ENTRY, has the field 'path' twice",
        "'8 path=\n', UNSAFE_ENTRY, deletes the field",
        "'99 path=a\n', MALFORMED, a record of the wrong length",
        "'1 path=a\n', MALFORMED, a record of the wrong length",
        "'6 =abc\n', MALFORMED, a record",
        "'9 path=a', MALFORMED, a record of the wrong length",
    })
    void aStrangePaxHeaderIsRefused(String records, Reason reason, String message) {
        assertRefused(reader(pax(records), TarWriter.header(FILE), zeros(2)), reason, message);
    }

    @Test
    void aNameWithNulIsRefused() {
        assertRefused(
                reader(pax("11 path=a\0\n"), TarWriter.header(FILE), zeros(2)), Reason.UNSAFE_ENTRY, "a NUL byte");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/x", "../x", "a/../x", "a//x", "", "a/./x", "a\n", "\u00e9", "..", "/"})
    void aNameThatLeadsElsewhereIsRefused(String name) {
        assertThatThrownBy(() -> EntryName.normalize("test.tar", name))
                .hasMessageContaining("is absolute, leads elsewhere or has unusual characters");
    }

    @Test
    void aPlainNameLosesItsDots() {
        assertThat(EntryName.normalize("test.tar", "./checkpoint/a.img")).isEqualTo("checkpoint/a.img");
        assertThat(EntryName.normalize("test.tar", "checkpoint/")).isEqualTo("checkpoint");
        assertThat(EntryName.normalize("test.tar", "./")).isEmpty();
        assertThat(EntryName.normalize("test.tar", ".")).isEmpty();
    }
}
