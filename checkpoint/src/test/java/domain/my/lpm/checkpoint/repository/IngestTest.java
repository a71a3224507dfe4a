package domain.my.lpm.checkpoint.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.archive.Limits;
import domain.my.lpm.checkpoint.archive.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class IngestTest {
    private final Path directory;

    IngestTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private StoredContainer ingest(ArchiveSource source, Form form) {
        return Ingest.run(
                source, repository(), Checkpoints.URI, Checkpoints.PROVENANCE, Checkpoints.KEY, Options.of(form));
    }

    private StoredContainer ingest(byte[] archive, Form form) throws IOException {
        return ingest(ArchiveSource.tar(Checkpoints.write(directory.resolve("archive"), archive)), form);
    }

    private Path repository() {
        return directory.resolve("repository");
    }

    private StoredContainer open() {
        return new Repository(repository()).open(Checkpoints.URI, Checkpoints.KEYS, Checkpoints.EXPECTED);
    }

    private void assertHolds(StoredContainer stored, Map<String, byte[]> files) throws IOException {
        assertThat(stored.files()).extracting(StoredFile::name).containsExactlyInAnyOrderElementsOf(files.keySet());
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            try (InputStream content = stored.open(file.getKey())) {
                assertThat(content.readAllBytes()).isEqualTo(file.getValue());
            }
        }
        stored.verifyAll(files.keySet(), ForkJoinPool.commonPool());
    }

    private void assertNothingLeft() throws IOException {
        Path parent = Checkpoints.URI.directory(repository()).getParent();
        if (parent != null && Files.exists(parent)) {
            try (Stream<Path> left = Files.list(parent)) {
                assertThat(left).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void everyFormHoldsWhatTheArchiveHeld(Form form) throws IOException {
        Map<String, byte[]> files = Checkpoints.crio();
        StoredContainer stored = ingest(Checkpoints.tar("", files), form);
        assertHolds(stored, files);
        StoredContainer opened = open();
        assertHolds(opened, files);
        assertThat(opened.manifest().provenance()).isEqualTo(Checkpoints.PROVENANCE.withRuntime("cri-o"));
        assertThat(opened.manifest().form()).isEqualTo(form);
        assertThat(Files.exists(opened.directory().resolve("dump.tar.zst"))).isEqualTo(form.isCompressed());
        assertThat(Files.exists(opened.directory().resolve("images/pages-1.img")))
                .isEqualTo(form.isExtracted());
        assertThat(Files.exists(opened.directory().resolve("metadata/spec.dump")))
                .isEqualTo(form.isExtracted());
    }

    @Test
    void containerdsArchiveIsReadWithGzipAroundItAndDotsBeforeItsNames() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>(Checkpoints.crio());
        files.remove("bind.mounts");
        files.remove("deleted.files");
        files.put("status.dump", Checkpoints.text("{}"));
        files.put("rootfs-diff.tar", Checkpoints.gzip(new byte[100_000]));
        files.put(
                "spec.dump",
                Checkpoints.text("{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"counter-0\","
                        + "\"io.kubernetes.cri.sandbox-namespace\":\"shop\","
                        + "\"io.kubernetes.cri.container-name\":\"counter\"}}"));
        ingest(Checkpoints.gzip(Checkpoints.tar("./", files)), Form.BOTH);
        assertHolds(open(), files);
        assertThat(open().manifest().provenance().runtime()).isEqualTo("containerd");
    }

    @Test
    void podmansArchiveIsReadFromAStreamWithZstdAroundIt() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>(Checkpoints.crio());
        files.put("spec.dump", Checkpoints.text("{\"annotations\":{\"io.podman.annotations.init\":\"FALSE\"}}"));
        files.put("network.status", Checkpoints.text("{}"));
        files.put("volumes/data.tar", new byte[5000]);
        ingest(ArchiveSource.tar(new ByteArrayInputStream(Zstd.compress(Checkpoints.tar("", files)))), Form.EXTRACTED);
        assertHolds(open(), files);
        assertThat(open().manifest().provenance().runtime()).isEqualTo("podman");
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void aDumpOfCriuIsStoredAsAnArchiveWouldBe(Form form) throws IOException {
        Path images = Files.createDirectory(directory.resolve("images"));
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (Map.Entry<String, byte[]> file : Checkpoints.crio().entrySet()) {
            if (file.getKey().startsWith("checkpoint/")) {
                Checkpoints.write(images.resolve(file.getKey().substring("checkpoint/".length())), file.getValue());
                files.put(file.getKey(), file.getValue());
            }
        }
        Path difference = Checkpoints.write(directory.resolve("difference"), new byte[3000]);
        files.put("rootfs-diff.tar", new byte[3000]);
        ingest(ArchiveSource.directory(images, Map.of("rootfs-diff.tar", difference)), form);
        assertHolds(open(), files);
        assertThat(Files.exists(images)).as("taken along").isEqualTo(form == Form.COMPRESSED);
        assertThat(open().manifest().provenance().runtime()).isEqualTo("launcher");
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void whatIsNotOnTheDiskYetCanBeRead(Form form) throws IOException {
        Map<String, byte[]> files = Checkpoints.crio();
        Ingest.run(
                ArchiveSource.tar(Checkpoints.write(directory.resolve("archive"), Checkpoints.tar("", files))),
                repository(),
                Checkpoints.URI,
                Checkpoints.PROVENANCE,
                Checkpoints.KEY,
                Options.of(form, Durability.LATER));

        assertHolds(open(), files);
    }

    @Test
    void imagesTakenByACrashedIngestComeBack() throws IOException {
        Path images = directory.resolve("images");
        Path partial = repository().resolve(Checkpoints.URI.podUid() + "/hop-1/.counter.partial/images");
        Files.createDirectories(partial);
        Checkpoints.write(partial.resolve("inventory.img"), new byte[40]);
        ingest(ArchiveSource.directory(images, Map.of()), Form.EXTRACTED);
        assertHolds(open(), Map.of("checkpoint/inventory.img", new byte[40]));
    }

    @Test
    void imagesComeBackWhenStoringFails() throws IOException {
        Path images = Files.createDirectory(directory.resolve("images"));
        Checkpoints.write(images.resolve("inventory.img"), new byte[40]);
        ArchiveSource source = ArchiveSource.directory(images, Map.of("x.dump", directory.resolve("missing")));
        assertThatThrownBy(() -> ingest(source, Form.EXTRACTED)).hasMessageContaining("is no regular file");
        assertThat(images.resolve("inventory.img")).hasSize(40);
        assertNothingLeft();
    }

    @Test
    void imagesComeBackWhenTheOtherFilesCannotBeTold() throws IOException {
        Path images = Files.createDirectory(directory.resolve("images"));
        Checkpoints.write(images.resolve("inventory.img"), new byte[40]);
        ArchiveSource source = ArchiveSource.directory(images, () -> {
            throw new IllegalStateException("the container has ended");
        });

        assertThatThrownBy(() -> ingest(source, Form.EXTRACTED)).hasMessage("the container has ended");

        assertThat(images.resolve("inventory.img")).hasSize(40);
        assertNothingLeft();
    }

    @Test
    void everyChunkOfAnImageIsHashedWhereItLies() throws IOException {
        Path images = Files.createDirectory(directory.resolve("images"));
        byte[] memory = new byte[2 * StoredFile.CHUNK + 5];
        new Random(7).nextBytes(memory);
        Checkpoints.write(images.resolve("pages-1.img"), memory);
        Checkpoints.write(images.resolve("empty.img"), new byte[0]);

        ingest(ArchiveSource.directory(images, Map.of()), Form.EXTRACTED);

        assertHolds(open(), Map.of("checkpoint/pages-1.img", memory, "checkpoint/empty.img", new byte[0]));
        Path stored = open().directory().resolve("images/pages-1.img");
        for (int changed : List.of(0, StoredFile.CHUNK, memory.length - 1)) {
            byte[] other = memory.clone();
            other[changed]++;
            Files.write(stored, other);
            assertThatThrownBy(() -> open().verify("checkpoint/pages-1.img", Runnable::run))
                    .isInstanceOfSatisfying(
                            CheckpointException.class,
                            problem -> assertThat(problem.reason()).isEqualTo(Reason.CORRUPT));
        }
    }

    @Test
    void leftoversOfACrashAreStartedOver() throws IOException {
        Path target = Checkpoints.URI.directory(repository());
        Files.createDirectories(target.resolve("images"));
        Files.createDirectories(target.resolveSibling(".counter.partial"));
        Checkpoints.write(target.resolve("manifest.json"), new byte[10]);
        Checkpoints.write(target.resolveSibling(".counter.partial").resolve("dump.tar.zst"), new byte[10]);
        assertThatThrownBy(this::open)
                .isInstanceOfSatisfying(
                        CheckpointException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.INCOMPLETE))
                .hasMessageContaining("was never completed");
        ingest(Checkpoints.tar("", Checkpoints.crio()), Form.COMPRESSED);
        assertHolds(open(), Checkpoints.crio());
        try (Stream<Path> siblings = Files.list(target.resolveSibling("."))) {
            assertThat(siblings).hasSize(1);
        }
    }

    @Test
    void aCompleteCheckpointIsNotReplaced() throws IOException {
        ingest(Checkpoints.tar("", Checkpoints.crio()), Form.COMPRESSED);
        assertThatThrownBy(() -> ingest(Checkpoints.tar("", Checkpoints.crio()), Form.COMPRESSED))
                .hasMessageContaining("there is a complete checkpoint of this name; choose another");
        assertHolds(open(), Checkpoints.crio());
    }

    @Test
    void theArchiveOfAnotherPodIsRefused() throws IOException {
        Map<String, byte[]> files = Checkpoints.crio();
        files.put("spec.dump", Checkpoints.text("{\"annotations\":{\"io.kubernetes.pod.namespace\":\"bank\"}}"));
        assertThatThrownBy(() -> ingest(Checkpoints.tar("", files), Form.BOTH))
                .isInstanceOfSatisfying(
                        CheckpointException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.OTHER_OWNER))
                .hasMessageContaining("made for the namespace 'bank'");
        assertNothingLeft();
    }

    @ParameterizedTest
    @CsvSource({"100", "512", "700", "5000000", "14000000"})
    void aTruncatedArchiveIsRefused(int length) throws IOException {
        byte[] whole = Checkpoints.tar("", Checkpoints.crio());
        assertThatThrownBy(() ->
                        ingest(Arrays.copyOf(whole, Math.min(length, whole.length / 512 * 512 - 20480)), Form.BOTH))
                .isInstanceOfSatisfying(
                        CheckpointException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.TRUNCATED))
                .hasMessageContaining("ends too early");
        assertNothingLeft();
        byte[] gzipped = Checkpoints.gzip(whole);
        assertThatThrownBy(() -> ingest(Arrays.copyOf(gzipped, gzipped.length / 3), Form.BOTH))
                .isInstanceOfSatisfying(
                        CheckpointException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.TRUNCATED));
        assertNothingLeft();
    }

    @Test
    void aBombIsRefused() throws IOException {
        Map<String, byte[]> files = Map.of("checkpoint/pages-1.img", new byte[100 << 20]);
        assertThatThrownBy(() -> ingest(Checkpoints.gzip(Checkpoints.tar("", files)), Form.COMPRESSED))
                .isInstanceOfSatisfying(
                        CheckpointException.class,
                        problem -> assertThat(problem.reason()).isEqualTo(Reason.TOO_LARGE))
                .hasMessageContaining("expands to more than 200 times its size");
        assertNothingLeft();
    }

    @Test
    void limitsHold() throws IOException {
        byte[] archive = Checkpoints.tar("", Checkpoints.crio());
        for (Limits limits : List.of(
                new Limits(5, 1L << 40, 1 << 30, 1 << 30, 200),
                new Limits(100, 1 << 20, 1 << 30, 1 << 30, 200),
                new Limits(100, 1L << 40, 10, 1 << 30, 200),
                new Limits(100, 1L << 40, 1 << 30, 1000, 200))) {
            Options options = new Options(Form.COMPRESSED, 1, 2, limits, bytes -> {}, Durability.BEFORE_COMPLETE);
            assertThatThrownBy(() -> Ingest.run(
                            ArchiveSource.tar(new ByteArrayInputStream(archive)),
                            repository(),
                            Checkpoints.URI,
                            Checkpoints.PROVENANCE,
                            Checkpoints.KEY,
                            options))
                    .isInstanceOfSatisfying(
                            CheckpointException.class,
                            problem -> assertThat(problem.reason()).isEqualTo(Reason.TOO_LARGE))
                    .hasMessageContaining("raise the limit");
            assertNothingLeft();
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void partsReadAtRandomAreThoseOfTheWhole(Form form) throws IOException {
        Map<String, byte[]> files = Checkpoints.crio();
        StoredContainer stored = ingest(Checkpoints.tar("", files), form);
        List<String> names = new ArrayList<>(files.keySet());
        Random random = new Random(42);
        for (int i = 0; i < 150; i++) {
            String name = names.get(random.nextInt(names.size()));
            byte[] whole = Objects.requireNonNull(files.get(name));
            int offset = random.nextInt(whole.length + 10);
            int length = random.nextInt(random.nextBoolean() ? 5000 : 6 << 20);
            ByteBuffer into = ByteBuffer.allocate(length);
            int count = stored.readAt(name, offset, into);
            assertThat(count).isEqualTo(Math.min(length, Math.max(0, whole.length - offset)));
            assertThat(Arrays.copyOf(into.array(), count))
                    .isEqualTo(Arrays.copyOfRange(
                            whole, Math.min(offset, whole.length), Math.min(offset, whole.length) + count));
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void filesAreCopiedAndExtracted(Form form) throws IOException {
        Map<String, byte[]> files = Checkpoints.crio();
        StoredContainer stored = ingest(Checkpoints.tar("", files), form);
        stored.extractTo(directory.resolve("out"), files.keySet(), ForkJoinPool.commonPool());
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            assertThat(directory.resolve("out").resolve(file.getKey())).hasBinaryContent(file.getValue());
        }
        stored.copyVerified("checkpoint/pages-1.img", directory.resolve("copy"));
        assertThat(directory.resolve("copy")).hasBinaryContent(files.get("checkpoint/pages-1.img"));
        assertThat(stored.read("deleted.files", 100)).isEqualTo(files.get("deleted.files"));
        assertThatThrownBy(() -> stored.read("checkpoint/pages-1.img", 100)).hasMessageContaining("the limit is 100");
        assertThatThrownBy(() -> stored.read("nothing", 100)).hasMessageContaining("it has no file nothing");
    }

    @Test
    void theUsualToolsReadTheArchive() throws Exception {
        Map<String, byte[]> files = Checkpoints.crio();
        StoredContainer stored = ingest(Checkpoints.tar("", files), Form.COMPRESSED);
        Path out = Files.createDirectory(directory.resolve("out"));
        Process process = new ProcessBuilder(
                        "sh",
                        "-c",
                        "zstd -d < \"$1\" | tar x -C \"$2\"",
                        "sh",
                        stored.directory().resolve("dump.tar.zst").toString(),
                        out.toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            assertThat(out.resolve(file.getKey())).hasBinaryContent(file.getValue());
        }
    }
}
