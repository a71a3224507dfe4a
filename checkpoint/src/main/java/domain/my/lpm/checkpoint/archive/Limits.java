package domain.my.lpm.checkpoint.archive;

/**
 * How large a checkpoint may be.
 *
 * @param maximumEntries entries of an archive, directories included
 * @param maximumTotalBytes bytes of the uncompressed archive
 * @param maximumMetadataBytes bytes of any one file that is neither a CRIU image nor itself an archive
 * @param maximumNestedArchiveBytes bytes of an archive within the archive, such as rootfs-diff.tar
 * @param maximumRatio uncompressed bytes for each compressed one; the first 64 MiB are free
 */
public record Limits(
        int maximumEntries,
        long maximumTotalBytes,
        long maximumMetadataBytes,
        long maximumNestedArchiveBytes,
        int maximumRatio) {
    /** 65536 entries, 256 GiB in all, 64 MiB for a metadata file, 64 GiB for a nested archive, ratio 200. */
    public static final Limits DEFAULT = new Limits(1 << 16, 256L << 30, 64L << 20, 64L << 30, 200);

    /**
     * @throws IllegalArgumentException when a limit is not positive
     */
    public Limits {
        if (maximumEntries < 1
                || maximumTotalBytes < 1
                || maximumMetadataBytes < 1
                || maximumNestedArchiveBytes < 1
                || maximumRatio < 1) {
            throw new IllegalArgumentException("every limit of a checkpoint must be positive");
        }
    }

    /** The most bytes that the file of this name may have. */
    public long maximumBytes(String name) {
        if (name.startsWith("checkpoint/")) {
            return maximumTotalBytes;
        }
        return name.endsWith(".tar") || name.endsWith(".tar.gz") ? maximumNestedArchiveBytes : maximumMetadataBytes;
    }
}
