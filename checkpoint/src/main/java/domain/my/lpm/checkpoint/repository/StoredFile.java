package domain.my.lpm.checkpoint.repository;

import java.util.OptionalLong;

/** A file of a stored checkpoint. */
public final class StoredFile {
    /** The content is hashed in chunks of this many bytes. */
    public static final int CHUNK = 4 << 20;

    private final String name;
    private final long size;
    private final long tarOffset;
    private final Digests chunks;

    StoredFile(String name, long size, long tarOffset, Digests chunks) {
        this.name = name;
        this.size = size;
        this.tarOffset = tarOffset;
        this.chunks = chunks;
    }

    /** The name in the archive, such as {@code checkpoint/pages-1.img}. */
    public String name() {
        return name;
    }

    /** Bytes of content. */
    public long size() {
        return size;
    }

    /** Where the content begins in the uncompressed archive; empty where the checkpoint is not compressed. */
    public OptionalLong tarOffset() {
        return tarOffset < 0 ? OptionalLong.empty() : OptionalLong.of(tarOffset);
    }

    /** The SHA-256 of chunk {@code index} in hexadecimal. */
    public String chunkDigest(int index) {
        return chunks.hex(index);
    }

    /** How many chunks the content has. */
    public int chunkCount() {
        return (int) ((size + CHUNK - 1) / CHUNK);
    }

    Digests chunks() {
        return chunks;
    }

    int chunkLength(int index) {
        return (int) Math.min(CHUNK, size - (long) index * CHUNK);
    }

    @Override
    public String toString() {
        return name + " (" + size + " bytes)";
    }
}
