package domain.my.lpm.checkpoint.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Ingest;
import domain.my.lpm.checkpoint.repository.Options;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.SigningKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs Jazzer on each target for a few seconds; {@code -Dlpm.fuzzSeconds} gives it longer. It runs as a process of its
 * own, as its JUnit integration is for an older JUnit.
 */
@Tag("real")
class FuzzTest {
    private static final String INSTRUMENTED = Stream.of("archive", "image", "inspect", "repository")
            .map(name -> "domain.my.lpm.checkpoint." + name + ".**")
            .collect(Collectors.joining(":"));
    private static final Path IMAGES = Path.of("src/main/resources/domain/my/lpm/checkpoint/image/sample/counter");

    @TempDir
    private Path work = Path.of("");

    private void fuzz(Class<?> target, List<byte[]> seeds) throws Exception {
        Path corpus = Files.createDirectory(work.resolve("corpus"));
        for (byte[] seed : seeds) {
            Files.write(corpus.resolve("seed-" + seeds.indexOf(seed)), seed);
        }
        Path log = work.resolve("log");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-Djava.io.tmpdir=" + Files.createDirectory(work.resolve("tmp")),
                "-Dlpm.images=" + IMAGES.toAbsolutePath(),
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target.getName(),
                "--instrumentation_includes=" + INSTRUMENTED,
                // Its hooks look for dangerous calls, of which reading and writing files is what these targets do.
                "--custom_hook_excludes=**",
                "--reproducer_path=" + work,
                "-artifact_prefix=" + work + "/",
                "-max_total_time=" + Integer.getInteger("lpm.fuzzSeconds", 2),
                "-timeout=10",
                "-rss_limit_mb=0",
                "-max_len=65536",
                corpus.toString()));
        Process jazzer = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(jazzer.waitFor(Integer.getInteger("lpm.fuzzSeconds", 2) + 120, TimeUnit.SECONDS))
                    .isTrue();
        } finally {
            jazzer.destroyForcibly();
        }
        String said = Files.readString(log, StandardCharsets.ISO_8859_1);
        assertThat(jazzer.exitValue()).as(said).isZero();
        // It did find its way into the code: it counts what it ran, and what that reached.
        assertThat(said).contains("Done ").containsPattern("cov: [1-9][0-9]+");
    }

    private static byte[] archive() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, StandardCharsets.UTF_8.name())) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.putArchiveEntry(new TarArchiveEntry("directory/"));
            tar.closeArchiveEntry();
            for (String name : List.of("directory/file", "directory/" + "long".repeat(40))) {
                TarArchiveEntry file = new TarArchiveEntry(name);
                file.setSize(3);
                tar.putArchiveEntry(file);
                tar.write(new byte[] {1, 2, 3});
                tar.closeArchiveEntry();
            }
            TarArchiveEntry link = new TarArchiveEntry("directory/link", TarArchiveEntry.LF_SYMLINK);
            link.setLinkName("file");
            tar.putArchiveEntry(link);
            tar.closeArchiveEntry();
            TarArchiveEntry hard = new TarArchiveEntry("directory/hard", TarArchiveEntry.LF_LINK);
            hard.setLinkName("directory/file");
            tar.putArchiveEntry(hard);
            tar.closeArchiveEntry();
        }
        return bytes.toByteArray();
    }

    @Test
    void archives() throws Exception {
        fuzz(TarTarget.class, List.of(archive()));
    }

    @Test
    void differences() throws Exception {
        fuzz(RootfsTarget.class, List.of(archive(), "[\"/file\",\"/out/file\"]".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void manifests() throws Exception {
        List<byte[]> seeds = new ArrayList<>();
        for (Form form : Form.values()) {
            Path repository = Files.createDirectory(work.resolve(form.name()));
            Path images = Files.createDirectory(work.resolve("images-" + form));
            for (Path image : Directories.list(IMAGES)) {
                Files.copy(image, images.resolve(image.getFileName()));
            }
            SigningKey key = SigningKey.generate();
            Ingest.run(
                    ArchiveSource.directory(images, Map.of()),
                    repository,
                    ManifestTarget.URI,
                    new Provenance(
                            new Owner("default", "pod", "main"),
                            "amd64",
                            "6.18",
                            "4.2.1",
                            "fuzz",
                            Instant.EPOCH,
                            Map.of()),
                    key,
                    Options.of(form));
            Path stored = ManifestTarget.URI.directory(repository);
            seeds.add(Files.readAllBytes(stored.resolve("manifest.json")));
            seeds.add(Files.readAllBytes(stored.resolve("manifest.sig")));
        }
        fuzz(ManifestTarget.class, seeds);
    }

    @Test
    void images() throws Exception {
        List<byte[]> seeds = new ArrayList<>();
        List<Path> images = Directories.list(IMAGES);
        for (int index = 0; index < images.size(); index++) {
            ByteArrayOutputStream seed = new ByteArrayOutputStream();
            seed.write(index);
            seed.write(Files.readAllBytes(images.get(index)));
            seeds.add(seed.toByteArray());
        }
        seeds.add("\0{\"process\":{\"args\":[\"a\"]}}".getBytes(StandardCharsets.UTF_8));
        fuzz(ImagesTarget.class, seeds);
    }
}
