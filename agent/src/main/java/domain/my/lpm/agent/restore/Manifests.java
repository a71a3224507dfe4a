package domain.my.lpm.agent.restore;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The digest of a manifest, which names every byte of a checkpoint. */
public final class Manifests {
    private static final String MANIFEST = "manifest.json";

    private Manifests() {}

    /**
     * The digest of a checkpoint's manifest, {@code sha256:<hex>}.
     *
     * @throws AgentException NOT_FOUND if there is no such checkpoint
     */
    public static String digest(CheckpointUri uri, Path repository) {
        Path file = uri.directory(repository).resolve(MANIFEST);
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
            return "sha256:" + HexFormat.of().formatHex(digest);
        } catch (NoSuchFileException missing) {
            throw new AgentException(
                    Kind.NOT_FOUND,
                    uri + ": there is no such checkpoint in the repository; see that the shared storage is mounted",
                    missing);
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot read " + file, problem);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Refuses a checkpoint whose manifest is another one than that of the release. */
    static void require(Release release, Path repository) {
        String digest = digest(release.uri(), repository);
        if (!digest.equals(release.digest())) {
            throw new AgentException(
                    Kind.FAILED_PRECONDITION,
                    release.uri() + ": its manifest has the digest " + digest + " and not " + release.digest()
                            + "; name the checkpoint that was taken, or take another one");
        }
    }
}
