package domain.my.lpm.launcher.restore;

import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second launcher off a container, whose first process would hear only one of them. One byte of a file on the
 * node's disk stands for each container, and the kernel gives it back when its holder ends, however that happens.
 */
final class ContainerLock implements AutoCloseable {
    /** For a container that no other launcher can reach. */
    static final ContainerLock NONE = new ContainerLock(null, false);

    private static final String FILE = ".launchers";

    private final @Nullable FileChannel file;
    private final boolean heldByAnother;

    private ContainerLock(@Nullable FileChannel file, boolean heldByAnother) {
        this.file = file;
        this.heldByAnother = heldByAnother;
    }

    /**
     * Tries to take the lock.
     *
     * @param directory on the node's disk, the same for all its launchers
     * @param pid the container's first process
     */
    static ContainerLock take(Path directory, int pid) {
        String namespace;
        try {
            namespace = Processes.link(pid, "ns/pid");
        } catch (IOException ended) {
            return NONE;
        }
        // For example pid:[4026531836], a number unique on this machine as long as the container lives.
        long place = Long.parseLong(namespace.substring(namespace.indexOf('[') + 1, namespace.length() - 1));
        try {
            FileChannel file =
                    FileChannel.open(directory.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            return new ContainerLock(file, !lock(file, place));
        } catch (IOException error) {
            throw new UncheckedIOException(
                    "cannot lock the container by a file in " + directory
                            + "; mount a directory of the node's disk there",
                    error);
        }
    }

    private static boolean lock(FileChannel file, long place) throws IOException {
        try {
            FileLock lock = file.tryLock(place, 1, false);
            return lock != null;
        } catch (OverlappingFileLockException sameProcess) {
            return false;
        }
    }

    boolean isHeldByAnother() {
        return heldByAnother;
    }

    @Override
    public void close() {
        if (file == null) {
            return;
        }
        try {
            file.close();
        } catch (IOException error) {
            throw new UncheckedIOException("cannot unlock the container", error);
        }
    }
}
