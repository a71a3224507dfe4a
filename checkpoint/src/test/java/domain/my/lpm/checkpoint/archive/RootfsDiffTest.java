package domain.my.lpm.checkpoint.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RootfsDiffTest {
    private final Path directory;
    private final Path root;

    RootfsDiffTest(@TempDir Path directory) throws IOException {
        this.directory = directory;
        this.root = Files.createDirectory(directory.resolve("root"));
    }

    private static TarEntry entry(String name, TarEntry.Type type, int size, String link) {
        return new TarEntry(name, type, size, 0644, 0, 0, 1_700_000_000L, 5, link, 0, 0, Map.of());
    }

    private static byte[] layer(TarEntry... entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarWriter tar = new TarWriter(bytes)) {
            for (TarEntry entry : entries) {
                tar.put(entry);
                tar.content().write(new byte[(int) entry.size()]);
                tar.pad(entry.size());
            }
            tar.finish();
        }
        return bytes.toByteArray();
    }

    private RootfsDiff.Applied apply(byte[] layer) {
        return RootfsDiff.apply(new ByteArrayInputStream(layer), root);
    }

    @Test
    void whatWasCollectedIsApplied() throws Exception {
        Path upper = Files.createDirectory(directory.resolve("upper"));
        Files.createDirectories(upper.resolve("var/lib"));
        Files.writeString(upper.resolve("var/lib/state"), "42");
        Files.setPosixFilePermissions(upper.resolve("var/lib/state"), PosixFilePermissions.fromString("rw-r-----"));
        Files.setLastModifiedTime(
                upper.resolve("var/lib/state"), FileTime.from(Instant.ofEpochSecond(1000, 123456789)));
        Files.createLink(upper.resolve("var/same"), upper.resolve("var/lib/state"));
        Files.createSymbolicLink(upper.resolve("link"), Path.of("/etc/outside"));
        String deep = ("d".repeat(100) + "/").repeat(3);
        Files.createDirectories(upper.resolve(deep));
        Files.writeString(upper.resolve(deep + "file"), "deep");
        Files.setLastModifiedTime(upper.resolve("var/lib"), FileTime.fromMillis(5000));
        ByteArrayOutputStream layer = new ByteArrayOutputStream();
        List<String> deleted = new ArrayList<>();
        RootfsDiff.collect(upper, layer, deleted);
        assertThat(deleted).isEmpty();
        RootfsDiff.Applied applied = apply(layer.toByteArray());
        assertThat(applied.skipped()).isEmpty();
        assertThat(root.resolve("var/lib/state")).hasContent("42");
        assertThat(Files.getLastModifiedTime(root.resolve("var/lib/state")).toInstant())
                .isEqualTo(Instant.ofEpochSecond(1000, 123456789));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("var/lib/state"))))
                .isEqualTo("rw-r-----");
        assertThat(Files.getAttribute(root.resolve("var/same"), "unix:ino"))
                .isEqualTo(Files.getAttribute(root.resolve("var/lib/state"), "unix:ino"));
        assertThat(Files.readSymbolicLink(root.resolve("link"))).isEqualTo(Path.of("/etc/outside"));
        assertThat(root.resolve(deep + "file")).hasContent("deep");
        assertThat(Files.getLastModifiedTime(root.resolve("var/lib")).toMillis())
                .isEqualTo(5000);
    }

    @Test
    void whiteoutsDelete() throws IOException {
        Files.createDirectories(root.resolve("gone/below"));
        Files.writeString(root.resolve("gone/below/file"), "x");
        Files.createDirectories(root.resolve("opaque/old"));
        Files.writeString(root.resolve("opaque/old/file"), "x");
        Files.writeString(root.resolve("device"), "x");
        apply(layer(
                entry(".wh.gone", TarEntry.Type.FILE, 0, ""),
                entry("opaque/new", TarEntry.Type.FILE, 3, ""),
                entry("opaque/.wh..wh..opq", TarEntry.Type.FILE, 0, ""),
                entry("device", TarEntry.Type.CHARACTER_DEVICE, 0, ""),
                entry("never/.wh.there", TarEntry.Type.FILE, 0, "")));
        assertThat(root.resolve("gone")).doesNotExist();
        assertThat(root.resolve("device")).doesNotExist();
        assertThat(root.resolve("opaque/old")).doesNotExist();
        assertThat(root.resolve("opaque/new")).hasSize(3);
    }

    @Test
    void deletedFilesAreDeletedBelowTheRootOnly() throws IOException {
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("kept"), "x");
        Files.createSymbolicLink(root.resolve("out"), outside);
        Files.writeString(root.resolve("gone"), "x");
        byte[] list = "[\"gone\",\"/not/there\"]".getBytes(StandardCharsets.UTF_8);
        RootfsDiff.deleteFiles(list, root);
        assertThat(root.resolve("gone")).doesNotExist();
        RootfsDiff.deleteFiles("null".getBytes(StandardCharsets.UTF_8), root);
        byte[] throughLink = "[\"out/kept\"]".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> RootfsDiff.deleteFiles(throughLink, root))
                .hasMessageContaining("'out' is no directory");
        byte[] upwards = "[\"../outside/kept\"]".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> RootfsDiff.deleteFiles(upwards, root)).hasMessageContaining("leads elsewhere");
        byte[] noList = "{}".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> RootfsDiff.deleteFiles(noList, root)).hasMessageContaining("it is no array");
        assertThat(outside.resolve("kept")).exists();
    }

    @Test
    void nothingReachesBeyondTheRoot() throws IOException {
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "x");
        List<byte[]> layers = List.of(
                layer(entry("../outside/new", TarEntry.Type.FILE, 1, "")),
                layer(entry("/outside/new", TarEntry.Type.FILE, 1, "")),
                layer(entry("a/../../outside/new", TarEntry.Type.FILE, 1, "")),
                layer(entry("../outside/.wh.secret", TarEntry.Type.FILE, 0, "")),
                layer(entry("dir/.wh...", TarEntry.Type.FILE, 0, "")),
                layer(entry(".wh.", TarEntry.Type.FILE, 0, "")),
                layer(
                        entry("out", TarEntry.Type.SYMBOLIC_LINK, 0, outside.toString()),
                        entry("out/new", TarEntry.Type.FILE, 1, "")),
                layer(
                        entry("out", TarEntry.Type.SYMBOLIC_LINK, 0, outside.toString()),
                        entry("stolen", TarEntry.Type.HARD_LINK, 0, "out/secret")),
                layer(entry("stolen", TarEntry.Type.HARD_LINK, 0, "../outside/secret")),
                layer(new TarEntry("disk", TarEntry.Type.BLOCK_DEVICE, 0, 0644, 0, 0, 0, 0, "", 8, 0, Map.of())));
        for (byte[] layer : layers) {
            assertThatThrownBy(() -> apply(layer))
                    .isInstanceOfSatisfying(
                            CheckpointException.class,
                            problem -> assertThat(problem.reason()).isEqualTo(Reason.UNSAFE_ENTRY));
            Files.deleteIfExists(root.resolve("out"));
        }
        assertThat(outside.resolve("new")).doesNotExist();
        assertThat(outside.resolve("secret")).hasContent("x");
        assertThat(Files.exists(root.resolve("stolen"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
    }

    @Test
    void aLinkIsReplacedNotFollowed() throws IOException {
        Path outside = Files.writeString(directory.resolve("outside"), "x");
        Files.createSymbolicLink(root.resolve("file"), outside);
        apply(layer(entry("file", TarEntry.Type.FILE, 4, ""), entry("pipe", TarEntry.Type.FIFO, 0, "")));
        assertThat(outside).hasContent("x");
        assertThat(Files.isRegularFile(root.resolve("file"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat(Files.readAttributes(root.resolve("pipe"), "isOther")).containsEntry("isOther", true);
    }
}
