package domain.my.lpm.sandbox.cluster.command;

import domain.my.lpm.sandbox.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/** Where a cluster that is up leaves word for the other commands: a directory that its owner alone can look into. */
final class ClusterFiles {
    private final Path directory;

    ClusterFiles(Path work) {
        directory = work.resolve("cluster");
    }

    /** By which clients reach the cluster. */
    Path kubeconfig() {
        return directory.resolve("kubeconfig");
    }

    /**
     * Takes the place of the one cluster, until the channel is closed.
     *
     * @throws SandboxException when one is up
     */
    FileChannel occupy() {
        try {
            Files.createDirectories(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
            Path file = directory.resolve("lock");
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            Optional<FileLock> lock = lock(channel);
            if (lock.isEmpty()) {
                String process = Files.readString(file).strip();
                channel.close();
                throw new SandboxException("a sandbox is up already, in the process " + process
                        + ": work with it by ./lpm sandbox get and the like, or end it with Ctrl-C first");
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            return channel;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot use the directory " + directory, error);
        }
    }

    private static Optional<FileLock> lock(FileChannel channel) throws IOException {
        try {
            return Optional.ofNullable(channel.tryLock());
        } catch (OverlappingFileLockException here) {
            return Optional.empty();
        }
    }

    /** Leaves word of a cluster that is up. */
    void write(String kubeconfig) {
        try {
            Files.deleteIfExists(kubeconfig());
            Files.createFile(
                    kubeconfig(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(kubeconfig(), kubeconfig);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot write " + kubeconfig(), error);
        }
    }

    void remove() {
        try {
            Files.deleteIfExists(kubeconfig());
        } catch (IOException error) {
            throw new UncheckedIOException("cannot remove " + kubeconfig(), error);
        }
    }

    /**
     * The word left.
     *
     * @throws SandboxException when no cluster is up, or it is another's
     */
    String read() {
        try {
            Set<?> permissions = Files.getPosixFilePermissions(kubeconfig());
            if (permissions.size() != 2) {
                throw new SandboxException(
                        kubeconfig() + " can be read by others: remove it, and start the sandbox anew");
            }
            return Files.readString(kubeconfig());
        } catch (NoSuchFileException none) {
            throw new SandboxException("no sandbox is up: start one with ./lpm sandbox, in another terminal", none);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read " + kubeconfig() + "; are you root?", error);
        }
    }
}
