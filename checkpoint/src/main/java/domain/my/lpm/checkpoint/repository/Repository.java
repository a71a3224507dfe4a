package domain.my.lpm.checkpoint.repository;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** The stored checkpoints. */
public final class Repository {
    private static final long MAXIMUM_MANIFEST = 256L << 20;

    private final Path root;

    /**
     * A repository.
     *
     * @param root its directory, on storage that every node sees
     */
    public Repository(Path root) {
        this.root = root;
    }

    /** The repository's directory. */
    public Path root() {
        return root;
    }

    /**
     * A stored checkpoint with what can be said of it.
     *
     * @param container the checkpoint; trust nothing it says unless the signature is {@link SignatureState#TRUSTED}
     * @param signature what its signature is worth
     */
    public record Inspection(StoredContainer container, SignatureState signature) {}

    /**
     * Opens a checkpoint to restore it: it is complete, signed by a trusted key, and what was expected. Its other files
     * are checked as they are read.
     *
     * @throws CheckpointException if it is not, or cannot be read
     */
    public StoredContainer open(CheckpointUri uri, TrustedKeys keys, Expected expected) {
        try {
            Path directory = directory(uri);
            byte[] json = manifestBytes(uri, directory);
            SignatureFile.check(directory.resolve(Layout.SIGNATURE), json, keys).require(uri.toString());
            Manifest manifest = parse(uri, json);
            check(uri, manifest.provenance(), expected);
            return new StoredContainer(directory, manifest);
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri.toString(), problem);
        }
    }

    /**
     * Opens a checkpoint to look at it, whoever signed it and whomever it is for.
     *
     * @throws CheckpointException if it is incomplete, malformed or cannot be read
     */
    public Inspection inspect(CheckpointUri uri, TrustedKeys keys) {
        try {
            Path directory = directory(uri);
            byte[] json = manifestBytes(uri, directory);
            SignatureFile signature = SignatureFile.check(directory.resolve(Layout.SIGNATURE), json, keys);
            return new Inspection(new StoredContainer(directory, parse(uri, json)), signature.state());
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri.toString(), problem);
        }
    }

    /** Whether a complete checkpoint of this name is there. */
    public boolean isComplete(CheckpointUri uri) {
        return Files.exists(uri.directory(root).resolve(Layout.COMPLETE));
    }

    /**
     * Deletes a checkpoint of a container, complete or not; its mark of completeness goes first.
     *
     * @throws CheckpointException if deleting fails
     */
    public void delete(CheckpointUri uri) {
        Path directory = uri.directory(root);
        try {
            Files.deleteIfExists(directory.resolve(Layout.COMPLETE));
            Durable.delete(directory);
            Durable.delete(Ingest.partial(directory, uri));
        } catch (IOException problem) {
            throw CheckpointException.unreadable(uri.toString(), problem);
        }
    }

    private Path directory(CheckpointUri uri) throws IOException {
        Path directory = uri.directory(root);
        if (!isThere(directory)) {
            throw new CheckpointException(
                    Reason.MISSING,
                    uri.toString(),
                    "there is no such checkpoint in the repository " + root,
                    "see that the name is right and that the shared storage is mounted");
        }
        if (!isThere(directory.resolve(Layout.COMPLETE))) {
            throw new CheckpointException(
                    Reason.INCOMPLETE,
                    uri.toString(),
                    "the checkpoint was never completed",
                    "wait until it is, or take it again");
        }
        return directory;
    }

    /** Unlike {@link Files#exists} it does not take storage that cannot be reached for storage where nothing is. */
    private static boolean isThere(Path path) throws IOException {
        try {
            Files.readAttributes(path, BasicFileAttributes.class);
            return true;
        } catch (NoSuchFileException missing) {
            return false;
        }
    }

    private static byte[] manifestBytes(CheckpointUri uri, Path directory) throws IOException {
        Path file = directory.resolve(Layout.MANIFEST);
        try {
            if (Files.size(file) > MAXIMUM_MANIFEST) {
                throw new CheckpointException(
                        Reason.TOO_LARGE,
                        uri.toString(),
                        "its manifest has more than " + MAXIMUM_MANIFEST + " bytes",
                        "refuse the checkpoint unless its origin is certain");
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException missing) {
            throw new CheckpointException(
                    Reason.MISSING, uri.toString(), "it has no manifest", "take the checkpoint again", missing);
        }
    }

    private static Manifest parse(CheckpointUri uri, byte[] json) {
        Manifest manifest = ManifestJson.read(uri.toString(), json);
        if (!manifest.uri().equals(uri)) {
            throw new CheckpointException(
                    Reason.CORRUPT,
                    uri.toString(),
                    "its manifest is that of " + manifest.uri(),
                    "restore the directory from where it was moved or copied");
        }
        return manifest;
    }

    private static void check(CheckpointUri uri, Provenance provenance, Expected expected) {
        if (!provenance.owner().equals(expected.owner())) {
            throw new CheckpointException(
                    Reason.OTHER_OWNER,
                    uri.toString(),
                    "it was made for " + provenance.owner() + ", not for " + expected.owner(),
                    "name a checkpoint of this container");
        }
        if (!provenance.architecture().equals(expected.architecture())) {
            throw new CheckpointException(
                    Reason.OTHER_ARCHITECTURE,
                    uri.toString(),
                    "it was made on " + provenance.architecture() + ", this node is " + expected.architecture(),
                    "restore it on a node of its architecture");
        }
    }
}
