package domain.my.lpm.checkpoint.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeArchiveTest {
    private static final String POD = "8f14e45f-ceea-467f-a0e6-7d3c1d2b9f10";

    private final Path repository;
    private final Path volume;
    private final Path into;

    VolumeArchiveTest(@TempDir Path directory) throws IOException {
        this.repository = directory.resolve("repository");
        this.volume = Files.createDirectory(directory.resolve("volume"));
        this.into = Files.createDirectory(directory.resolve("into"));
        Files.createDirectories(volume.resolve("a/b"));
        Files.write(volume.resolve("a/b/large"), Checkpoints.memory(6 << 20, 7));
        Files.createSymbolicLink(volume.resolve("link"), Path.of("a/b/large"));
        Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxrwx---"));
        VolumeArchive.store(volume, repository, POD, "hop-1", "cache", Checkpoints.KEY);
    }

    private void restore(TrustedKeys keys) {
        VolumeArchive.restore(repository, POD, "hop-1", "cache", keys, into);
    }

    @Test
    void aVolumeComesBackAsItWas() throws IOException {
        assertThat(VolumeArchive.names(repository, POD, "hop-1")).containsExactly("cache");
        assertThat(VolumeArchive.names(repository, POD, "hop-2")).isEmpty();
        restore(Checkpoints.KEYS);
        assertThat(into.resolve("a/b/large")).hasBinaryContent(Checkpoints.memory(6 << 20, 7));
        assertThat(Files.readSymbolicLink(into.resolve("link"))).isEqualTo(Path.of("a/b/large"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(into)))
                .isEqualTo("rwxrwx---");
        assertThatThrownBy(() -> restore(Checkpoints.KEYS)).hasMessageContaining("is not empty");
    }

    @Test
    void aDamagedVolumeLeavesTheDirectoryEmpty() throws IOException {
        Path archive = repository.resolve(POD + "/hop-1/volumes/cache.tar.zst");
        byte[] bytes = Files.readAllBytes(archive);
        bytes[bytes.length - 20] ^= 1;
        Files.write(archive, bytes);
        assertThatThrownBy(() -> restore(Checkpoints.KEYS))
                .isInstanceOfSatisfying(
                        CheckpointException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.CORRUPT))
                .hasMessageContaining("does not have the digest that was signed");
        assertThat(into).isEmptyDirectory();
    }

    @Test
    void aVolumeMustBeSignedByATrustedKey() throws IOException {
        TrustedKeys others = TrustedKeys.of(List.of(SigningKey.generate().publicPem()));
        assertThatThrownBy(() -> restore(others)).hasMessageContaining("which is not trusted");
        Files.delete(repository.resolve(POD + "/hop-1/volumes/cache.sig"));
        assertThatThrownBy(() -> restore(Checkpoints.KEYS)).hasMessageContaining("it has no signature");
        assertThat(into).isEmptyDirectory();
    }

    @Test
    void aVolumeOfAnotherCheckpointIsRefused() throws IOException {
        Path other = Files.createDirectories(repository.resolve(POD + "/hop-2"));
        Files.move(repository.resolve(POD + "/hop-1/volumes"), other.resolve("volumes"));
        assertThatThrownBy(() -> VolumeArchive.restore(repository, POD, "hop-2", "cache", Checkpoints.KEYS, into))
                .hasMessageContaining("its description is that of volume cache");
    }
}
