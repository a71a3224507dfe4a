package domain.my.lpm.sandbox.demo;

import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Ingest;
import domain.my.lpm.checkpoint.repository.Options;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.VolumeArchive;
import domain.my.lpm.launcher.restore.Architecture;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.migration.AgentKey;
import domain.my.lpm.sandbox.migration.SourceAgent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/**
 * Stores a sample a few times, so that storing the checkpoint takes what it takes an agent that has run for a while, and
 * not what it takes a JVM to load its classes.
 */
final class Practice {
    private static final int TIMES = 5;
    private static final String ID = "practice";

    private Practice() {}

    static void store(RunningContainer container, Path scratch, AgentKey key) {
        CheckpointUri uri = SourceAgent.uri(container, ID);
        try {
            for (int time = 0; time < TIMES; time++) {
                Path repository = Files.createDirectories(scratch.resolve("repository" + time));
                Path sample = Files.createDirectories(scratch.resolve("sample" + time));
                Files.write(sample.resolve("sample.img"), new byte[1 << 16]);
                VolumeArchive.store(sample, repository, uri.podUid(), ID, "sample", key.signer());
                Ingest.run(
                        ArchiveSource.directory(sample, Map.of()),
                        repository,
                        uri,
                        new Provenance(
                                SourceAgent.owner(container),
                                Architecture.ofThisMachine(),
                                System.getProperty("os.version"),
                                null,
                                "cri-o",
                                Instant.now(),
                                Map.of()),
                        key.signer(),
                        Options.of(Form.EXTRACTED));
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot practise in " + scratch, error);
        }
    }
}
