package domain.my.lpm.checkpoint.repository;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import domain.my.lpm.checkpoint.archive.TarReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;

/** Writes the header of a file in an archive (POSIX ustar; GNU's base-256 form for sizes of 8 GiB and more). */
final class TarHeader {
    private static final int NAME_LENGTH = 100;

    private TarHeader() {}

    static byte[] of(String name, long size, Instant modified) {
        byte[] block = new byte[TarReader.BLOCK];
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length > NAME_LENGTH) {
            throw new CheckpointException(
                    Reason.MALFORMED,
                    "'" + name + "'",
                    "the name has more than " + NAME_LENGTH + " bytes",
                    "give the file a shorter name");
        }
        System.arraycopy(bytes, 0, block, 0, bytes.length);
        octal(block, 100, 8, 0600);
        octal(block, 108, 8, 0);
        octal(block, 116, 8, 0);
        if (size < 1L << 33) {
            octal(block, 124, 12, size);
        } else {
            for (int i = 0; i < 8; i++) {
                block[135 - i] = (byte) (size >>> 8 * i);
            }
            block[124] = (byte) 0x80;
        }
        octal(block, 136, 12, Math.max(0, modified.getEpochSecond()) & ((1L << 33) - 1));
        block[156] = '0';
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
