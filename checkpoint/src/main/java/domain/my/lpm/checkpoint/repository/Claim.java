package domain.my.lpm.checkpoint.repository;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * The claim on a checkpoint: a file that exactly one can create. It is linked into place with its content, so that there
 * is never an empty one. The reply to a link on NFS may be lost; the count of links then tells whether it succeeded.
 */
final class Claim {
    private static final int MAXIMUM_BYTES = 4096;

    private Claim() {}

    static void take(Path directory, String thing, String claimant, Durability durability) throws IOException {
        if (claimant.isEmpty() || claimant.length() > 1024 || claimant.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("a claimant is one line of at most 1024 characters, name it so");
        }
        Path claim = directory.resolve(Layout.CLAIM);
        Path mine = directory.resolve(Layout.CLAIM + "." + UUID.randomUUID());
        Durable.write(mine, claimant.getBytes(StandardCharsets.UTF_8), durability);
        try {
            if (!link(claim, mine, durability) && !holder(directory).equals(Optional.of(claimant))) {
                throw new CheckpointException(
                        Reason.CONSUMED,
                        thing,
                        "it has been claimed by '" + holder(directory).orElse("?") + "'",
                        "a checkpoint is restored once; take a new one");
            }
        } finally {
            Files.deleteIfExists(mine);
        }
        durability.syncDirectory(directory);
    }

    /** Waits until a claim that was taken is on the disk. */
    static void sync(Path directory) throws IOException {
        Durable.sync(directory.resolve(Layout.CLAIM));
        Durable.sync(directory);
    }

    private static boolean link(Path claim, Path mine, Durability durability) throws IOException {
        try {
            Files.createLink(claim, mine);
            return true;
        } catch (FileAlreadyExistsException taken) {
            return links(mine) == 2;
        } catch (UnsupportedOperationException | IOException noLinks) {
            if (links(mine) == 2) {
                return true;
            }
            try {
                Durable.write(claim, Files.readAllBytes(mine), durability);
                return true;
            } catch (FileAlreadyExistsException taken) {
                return false;
            }
        }
    }

    private static int links(Path file) throws IOException {
        return (Integer) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
    }

    static void release(Path directory, String thing, String claimant) throws IOException {
        Optional<String> holder = holder(directory);
        if (holder.isEmpty()) {
            return;
        }
        if (!holder.get().equals(claimant)) {
            throw new CheckpointException(
                    Reason.CONSUMED,
                    thing,
                    "it has been claimed by '" + holder.get() + "', not by '" + claimant + "'",
                    "let the claimant release it");
        }
        Files.deleteIfExists(directory.resolve(Layout.CLAIM));
        Durable.sync(directory);
    }

    static Optional<String> holder(Path directory) throws IOException {
        try {
            Path claim = directory.resolve(Layout.CLAIM);
            if (Files.size(claim) > MAXIMUM_BYTES) {
                return Optional.of("a claimant whose name is too long");
            }
            return Optional.of(new String(Files.readAllBytes(claim), StandardCharsets.UTF_8));
        } catch (NoSuchFileException unclaimed) {
            return Optional.empty();
        }
    }
}
