package domain.my.lpm.checkpoint.repository;

/**
 * An independent zstd frame of the compressed archive.
 *
 * @param offset where it begins in the compressed archive
 * @param length its compressed bytes
 * @param uncompressedOffset where its content begins in the uncompressed archive
 * @param uncompressedLength the bytes of its content, at most {@value #MAXIMUM_LENGTH}
 * @param digest the SHA-256 of its compressed bytes
 */
@SuppressWarnings("ArrayRecordComponent")
record Frame(long offset, int length, long uncompressedOffset, int uncompressedLength, byte[] digest) {
    static final int MAXIMUM_LENGTH = 4 << 20;
    /** The longest that zstd makes of an incompressible frame, with room to spare. */
    static final int MAXIMUM_COMPRESSED = MAXIMUM_LENGTH + (MAXIMUM_LENGTH >> 7) + 512;

    long end() {
        return uncompressedOffset + uncompressedLength;
    }
}
