package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.image.Grant;
import domain.my.lpm.checkpoint.image.SampleDump;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Expected;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Ingest;
import domain.my.lpm.checkpoint.repository.Options;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.SigningKey;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import domain.my.lpm.launcher.criu.Tcp;
import domain.my.lpm.launcher.linux.Addresses;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.namespace.MountTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.commons.io.file.PathUtils;

/**
 * Does with a sample what a restore does between its release and the start of CRIU, so that the classes are loaded and
 * the code is compiled when it counts.
 */
public final class Rehearsal {
    private static final Owner NOBODY = new Owner("rehearsal", "rehearsal", "rehearsal");
    private static final CheckpointUri URI = new CheckpointUri("rehearsal", "rehearsal", "rehearsal");
    private static final int MEMORY_BYTES = 64 << 10;

    private Rehearsal() {}

    /**
     * Rehearses again and again.
     *
     * @param time how long; a rehearsal that has begun is finished
     */
    public static void run(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        Path directory = temporaryDirectory();
        ExecutorService workers = Executors.newFixedThreadPool(2);
        try {
            SigningKey key = SigningKey.generate();
            TrustedKeys keys = TrustedKeys.of(List.of(key.publicPem()));
            Path repository = Files.createDirectory(directory.resolve("repository"));
            store(directory, repository, key);
            Grant grant = Grant.ofProcessStatus(Processes.statusText(Processes.self()));
            do {
                once(directory, repository, keys, grant, workers);
            } while (System.nanoTime() < end);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot rehearse in " + directory, error);
        } finally {
            workers.shutdownNow();
            deleteTree(directory);
        }
    }

    private static void store(Path directory, Path repository, SigningKey key) throws IOException {
        Path dump = Files.createDirectory(directory.resolve("dump"));
        SampleDump.write(dump);
        Files.write(dump.resolve("pages-1.img"), new byte[MEMORY_BYTES]);
        Files.write(dump.resolve(Descriptors.FILE), Descriptors.format(List.of("/dev/null", "pipe:[1]", "pipe:[2]")));
        Ingest.run(
                ArchiveSource.directory(dump, Map.of()),
                repository,
                URI,
                new Provenance(NOBODY, Architecture.ofThisMachine(), "", null, "launcher", Instant.EPOCH, Map.of()),
                key,
                Options.of(Form.EXTRACTED));
    }

    private static void once(Path directory, Path repository, TrustedKeys keys, Grant grant, ExecutorService workers)
            throws IOException {
        Path images = Files.createDirectory(directory.resolve("images"));
        StoredContainer stored =
                new Repository(repository).open(URI, keys, new Expected(NOBODY, Architecture.ofThisMachine()));
        stored.claim("rehearsal");
        StagedImages staged = StagedImages.stage(stored, images, grant, Tcp.CLOSE, Addresses.of(Processes.self()));
        ContainerFiles.requireMounts(MountTable.of(Processes.self()), Map.of());
        ContainerFiles.leftBehind(Map.of(), repository, URI);
        stored.verifyAll(staged.pages(), workers);
        stored.releaseClaim("rehearsal");
        deleteTree(images);
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("rehearsal");
        } catch (IOException error) {
            throw new UncheckedIOException("cannot make a temporary directory", error);
        }
    }

    private static void deleteTree(Path directory) {
        try {
            PathUtils.deleteDirectory(directory);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot clear " + directory, error);
        }
    }
}
