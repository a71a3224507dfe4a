package domain.my.lpm.checkpoint.repository;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writing so that a crash leaves the old state or the new one. What is written is for the owner's eyes only. */
public final class Durable {
    private static final FileAttribute<Set<PosixFilePermission>> DIRECTORY_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<Set<PosixFilePermission>> FILE_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private Durable() {}

    /** Creates a directory and those above it. */
    public static void createDirectories(Path directory) throws IOException {
        Files.createDirectories(directory, DIRECTORY_MODE);
    }

    /** Creates a file that must not be there, for reading and writing. */
    static FileChannel create(Path file) throws IOException {
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                FILE_MODE);
    }

    static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    /** Writes a new file and waits until it is on the disk. */
    public static void write(Path file, byte[] bytes) throws IOException {
        write(file, bytes, Durability.BEFORE_COMPLETE);
    }

    static void write(Path file, byte[] bytes, Durability durability) throws IOException {
        try (FileChannel channel = create(file)) {
            writeFully(channel, ByteBuffer.wrap(bytes), 0);
            durability.force(channel);
        }
    }

    /** Writes a file in one step, replacing one that is there, and waits until it is on the disk. */
    public static void replace(Path file, byte[] bytes) throws IOException {
        replace(file, bytes, Durability.BEFORE_COMPLETE);
    }

    /** Writes a file in one step, replacing one that is there; it is on the disk when {@code durability} says. */
    public static void replace(Path file, byte[] bytes, Durability durability) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.deleteIfExists(partial);
        write(partial, bytes, durability);
        move(partial, file, durability);
    }

    /** Renames in one step. */
    static void move(Path from, Path to, Durability durability) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        Path parent = to.getParent();
        if (parent != null) {
            durability.syncDirectory(parent);
        }
    }

    /** Waits until a file, or the names in a directory, are on the disk. */
    public static void sync(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Waits until every directory of a tree is on the disk; the files are the caller's affair. */
    static void syncDirectories(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException problem)
                    throws IOException {
                sync(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Waits until a whole tree is on the disk. */
    public static void syncTree(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                sync(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException problem)
                    throws IOException {
                sync(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Deletes a file or a tree, following no links; nothing where there is none. */
    public static void delete(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException problem)
                    throws IOException {
                if (problem != null) {
                    throw problem;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
