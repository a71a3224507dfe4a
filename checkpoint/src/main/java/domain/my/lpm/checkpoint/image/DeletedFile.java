package domain.my.lpm.checkpoint.image;

/**
 * An open file whose path no longer led to it.
 *
 * @param file the id of the {@link OpenFile}
 * @param how what the dump did about it
 * @param bytes the size of the content kept in the dump; 0 unless {@code how} is KEPT
 */
public record DeletedFile(long file, How how, long bytes) {
    /** What the dump did about a file without a path, by the numbers of CRIU's remap-file-path.proto. */
    public enum How {
        /** A link of CRIU's was made beside it on the source; it must exist on the target. */
        LINKED,
        /** The content is in the dump. */
        KEPT,
        /** It belonged to /proc of a process that had ended. */
        PROCESS
    }
}
