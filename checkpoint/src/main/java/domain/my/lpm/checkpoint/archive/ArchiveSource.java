package domain.my.lpm.checkpoint.archive;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;

/** Where a checkpoint comes from. */
public sealed interface ArchiveSource {
    /** An archive file of a container runtime: tar, plain or compressed by gzip or zstd. */
    static ArchiveSource tar(Path file) {
        return new TarFile(file);
    }

    /** An archive as a stream, as {@link #tar(Path)}; the ingest does not close it. */
    static ArchiveSource tar(InputStream stream) {
        return new TarStream(stream);
    }

    /**
     * A dump that CRIU wrote itself.
     *
     * @param images the directory of the image files; all its files are taken. Where they need not be compressed and lie
     *     on the repository's file system, the directory itself is moved there
     * @param otherFiles further files by the name they have in an archive, such as {@code rootfs-diff.tar}; they stay
     *     where they are
     */
    static ArchiveSource directory(Path images, Map<String, Path> otherFiles) {
        Map<String, Path> known = Map.copyOf(otherFiles);
        return new Directory(images, () -> known);
    }

    /**
     * The same.
     *
     * @param otherFiles tells them when it is asked, once, while the images are being stored; if it throws, nothing is stored
     */
    static ArchiveSource directory(Path images, Supplier<Map<String, Path>> otherFiles) {
        return new Directory(images, otherFiles);
    }

    /** See {@link #tar(Path)}. */
    record TarFile(Path file) implements ArchiveSource {}

    /** See {@link #tar(InputStream)}. */
    record TarStream(InputStream stream) implements ArchiveSource {}

    /** See {@link #directory}. */
    record Directory(Path images, Supplier<Map<String, Path>> otherFiles) implements ArchiveSource {}
}
