package domain.my.lpm.checkpoint.repository;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256. */
final class Sha256 {
    static final int LENGTH = 32;

    /** What stays in a processor's cache is hashed faster. */
    private static final int BUFFER = 128 << 10;

    private Sha256() {}

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("this Java has no SHA-256; use a complete one", impossible);
        }
    }

    static byte[] of(byte[] bytes) {
        return digest().digest(bytes);
    }

    /**
     * The digest of a part of a file.
     *
     * @throws EOFException if the file ends before the part does
     */
    static byte[] of(FileChannel file, long position, int length) throws IOException {
        MessageDigest digest = digest();
        byte[] bytes = new byte[Math.min(BUFFER, length)];
        for (int done = 0; done < length; ) {
            int count = file.read(ByteBuffer.wrap(bytes, 0, Math.min(bytes.length, length - done)), position + done);
            if (count < 0) {
                throw new EOFException("it ends before byte " + (position + length));
            }
            digest.update(bytes, 0, count);
            done += count;
        }
        return digest.digest();
    }

    static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }
}
