package domain.my.lpm.checkpoint.fuzz;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.SigningKey;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Opens a checkpoint whose manifest, and signature, are any bytes. */
public final class ManifestTarget {
    /** Whose manifest the seeds are. */
    static final CheckpointUri URI = new CheckpointUri("5f0b8a5e-0000-4000-8000-000000000000", "first", "main");

    private static final Path ROOT = root();
    private static final TrustedKeys KEYS =
            TrustedKeys.of(List.of(SigningKey.generate().publicPem()));

    private ManifestTarget() {}

    private static Path root() {
        try {
            Path root = Files.createTempDirectory("repository");
            Path directory = Files.createDirectories(URI.directory(root));
            Files.createFile(directory.resolve(".checkpoint-complete"));
            return root;
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    /** Called by the fuzzer. */
    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Path directory = URI.directory(ROOT);
        Files.write(directory.resolve("manifest.json"), data);
        Files.write(directory.resolve("manifest.sig"), data);
        try {
            Repository repository = new Repository(ROOT);
            repository.inspect(URI, KEYS).container().files().forEach(file -> {
                if (file.name().startsWith("/")
                        || List.of(file.name().split("/")).contains("..")) {
                    throw new IllegalStateException("the manifest gave out the name " + file.name());
                }
            });
        } catch (CheckpointException refused) {
            // That is the answer to what is no manifest.
        }
    }
}
