package domain.my.lpm.checkpoint.repository;

import java.util.Arrays;
import java.util.HexFormat;

/** SHA-256 digests in a row, packed: a large checkpoint has a hundred thousand. */
final class Digests {
    private byte[] packed = new byte[0];
    private int count;

    /** Digest {@code index}, as the JSON of a manifest has it. */
    String hex(int index) {
        return HexFormat.of().formatHex(packed, index * Sha256.LENGTH, (index + 1) * Sha256.LENGTH);
    }

    int count() {
        return count;
    }

    synchronized void set(int index, byte[] digest) {
        if (digest.length != Sha256.LENGTH) {
            throw new IllegalArgumentException("a SHA-256 has 32 bytes, not " + digest.length);
        }
        if ((index + 1L) * Sha256.LENGTH > packed.length) {
            packed = Arrays.copyOf(packed, Math.max((index + 1) * Sha256.LENGTH, packed.length * 2));
        }
        System.arraycopy(digest, 0, packed, index * Sha256.LENGTH, Sha256.LENGTH);
        count = Math.max(count, index + 1);
    }

    boolean matches(int index, byte[] digest) {
        return index < count
                && Arrays.equals(packed, index * Sha256.LENGTH, (index + 1) * Sha256.LENGTH, digest, 0, digest.length);
    }
}
