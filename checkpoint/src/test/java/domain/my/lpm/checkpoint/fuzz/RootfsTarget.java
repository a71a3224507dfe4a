package domain.my.lpm.checkpoint.fuzz;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.RootfsDiff;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Applies any bytes to a root file system; nothing beside it may change. */
public final class RootfsTarget {
    private RootfsTarget() {}

    /** Called by the fuzzer. */
    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Path place = Files.createTempDirectory("rootfs");
        try {
            Path root = Files.createDirectory(place.resolve("root"));
            Files.createSymbolicLink(root.resolve("out"), Path.of("../outside"));
            Path outside = Files.createDirectory(place.resolve("outside"));
            Files.writeString(outside.resolve("file"), "untouched");
            Files.createFile(root.resolve("file"));
            try {
                RootfsDiff.apply(new ByteArrayInputStream(data), root);
            } catch (CheckpointException refused) {
                // That is the answer to what is no difference.
            }
            try {
                RootfsDiff.deleteFiles(data, root);
            } catch (CheckpointException refused) {
                // That is the answer to what is no list.
            }
            if (Directories.list(outside).size() != 1
                    || !Files.readString(outside.resolve("file")).equals("untouched")
                    || Directories.list(place).size() != 2) {
                throw new IllegalStateException("something outside of the root was changed");
            }
        } finally {
            Directories.delete(place);
        }
    }
}
