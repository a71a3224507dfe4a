package domain.my.lpm.checkpoint.archive;

import domain.my.lpm.checkpoint.archive.TarEntry.Type;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A directory of files as a tar stream: owners, modes, times, links, fifos and the extended attributes of applications. */
public final class FileArchive {
    private FileArchive() {}

    /**
     * Writes all of a directory, its own mode and owner included. Devices and sockets are left out, other mounts too.
     *
     * @param thing what is written, for messages
     * @param output where it goes; not closed
     * @throws IOException if reading or writing fails
     */
    public static void write(String thing, Path directory, OutputStream output) throws IOException {
        try (FileTree tree = new FileTree(thing, directory)) {
            // Closed by the caller: the stream is theirs.
            @SuppressWarnings("resource")
            TarWriter tar = new TarWriter(output);
            tree.read(tar, new FileTree.Visitor() {
                @Override
                public void deleted(String path) {}

                @Override
                public void opaque(String path) {}
            });
            tar.finish();
        }
    }

    /**
     * Writes files below a directory.
     *
     * @param thing what is read, for messages
     * @param input the stream; not closed, and read to its end
     * @return paths that were left alone because another file system is mounted at or above them
     * @throws CheckpointException if the stream is malformed or would reach beyond the directory; what was written stays
     * @throws IOException if reading or writing fails
     */
    public static List<String> extract(String thing, InputStream input, Limits limits, Path directory)
            throws IOException {
        // Closing the reader would close the caller's stream.
        @SuppressWarnings("resource")
        TarReader reader = new TarReader(thing, input, limits);
        try (FileTree tree = new FileTree(thing, directory)) {
            @Nullable TarEntry entry;
            while ((entry = reader.next()) != null) {
                if (entry.type() == Type.CHARACTER_DEVICE || entry.type() == Type.BLOCK_DEVICE) {
                    throw new CheckpointException(
                            Reason.UNSAFE_ENTRY,
                            thing,
                            "'" + EntryName.printable(entry.name()) + "' is a device",
                            "refuse the checkpoint unless its origin is certain");
                }
                tree.write(FileTree.path(thing, entry.name()), entry, reader.content());
            }
            tree.finish();
            return tree.skipped();
        }
    }

    /** Deletes all in a directory but for other mounts. */
    public static void clear(String thing, Path directory) throws IOException {
        try (FileTree tree = new FileTree(thing, directory)) {
            tree.clear("");
        }
    }
}
