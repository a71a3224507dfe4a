package domain.my.lpm.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.agent.AgentException;
import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Ingest;
import domain.my.lpm.checkpoint.repository.Options;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.SigningKey;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointImageTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;

    CheckpointImageTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private StoredContainer stored(Form form) throws IOException {
        return stored(form, Map.of());
    }

    /** With more files of the runtime, by their names. */
    private StoredContainer stored(Form form, Map<String, String> more) throws IOException {
        Path dump = Files.createDirectory(directory.resolve("dump"));
        Files.writeString(dump.resolve("pages-1.img"), "memory");
        Path config = directory.resolve("config.dump");
        Files.writeString(config, """
                {"name": "k8s_main", "rootfsImage": "docker.io/library/busybox:1.37", "rootfsImageRef": "0123abcd",
                 "rootfsImageName": "docker.io/library/busybox:1.37", "runtime": "runc"}
                """);
        Map<String, Path> files = new HashMap<>(Map.of("config.dump", config));
        for (Map.Entry<String, String> each : more.entrySet()) {
            files.put(each.getKey(), Files.writeString(directory.resolve(each.getKey()), each.getValue()));
        }
        return Ingest.run(
                ArchiveSource.directory(dump, files),
                directory.resolve("repository"),
                new CheckpointUri("u-1", "hop-1", "main"),
                new Provenance(
                        new Owner("shop", "web", "main"), "amd64", "6.12", "4.2.1", "cri-o", Instant.EPOCH, Map.of()),
                SigningKey.generate(),
                Options.of(form));
    }

    private Path blob(Path layout, JsonNode descriptor) throws IOException, NoSuchAlgorithmException {
        String digest = descriptor.path("digest").asText();
        Path file = layout.resolve("blobs").resolve(digest.replace(':', '/'));
        byte[] bytes = Files.readAllBytes(file);
        assertThat("sha256:"
                        + HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)))
                .isEqualTo(digest);
        assertThat(descriptor.path("size").asLong()).isEqualTo(bytes.length);
        return file;
    }

    @Test
    void whatNoRuntimeHasWrittenBecomesNoImage() throws IOException {
        StoredContainer stored = stored(Form.EXTRACTED);

        assertThat(CheckpointImage.base(stored))
                .isEqualTo(new Importer.Base("0123abcd", "docker.io/library/busybox:1.37"));
        assertThatThrownBy(() -> CheckpointImage.requireOfRuntime(stored, new CheckpointUri("u-1", "hop-1", "main")))
                .isInstanceOf(AgentException.class)
                .hasMessage("shared://u-1/hop-1/main has no spec.dump, without which no container runtime restores it;"
                        + " let the kubelet take the checkpoint, or use self-restore");
    }

    @ParameterizedTest
    @CsvSource({
        "/run/containers/storage/overlay-containers/0123/userdata/passwd, false",
        "/var/lib/kubelet/pods/0123/volume-subpaths/users/main/0, true"
    })
    void aUserWhomTheImageLacksIsRefusedBeforeTheSourceIsGivenUp(String source, boolean taken) throws IOException {
        StoredContainer stored = stored(Form.EXTRACTED, Map.of("spec.dump", """
                        {"mounts": [{"destination": "/proc", "source": "proc"}, {"destination": "/etc/passwd", "source": "%s"}]}
                        """.formatted(source)));
        CheckpointUri uri = new CheckpointUri("u-1", "hop-1", "main");

        if (taken) {
            assertThatCode(() -> CheckpointImage.requireOfRuntime(stored, uri)).doesNotThrowAnyException();
        } else {
            assertThatThrownBy(() -> CheckpointImage.requireOfRuntime(stored, uri))
                    .isInstanceOf(AgentException.class)
                    .hasMessage(
                            "shared://u-1/hop-1/main is of a user whom the image's /etc/passwd lacks: CRI-O has written one for it,"
                                    + " and restores no container that has it; run as a user of the image, or use self-restore");
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void aLayoutWithBothSetsOfAnnotations(Form form) throws Exception {
        Path layout = directory.resolve("layout");

        CheckpointImage.write(stored(form), layout, "0123");

        assertThat(layout.resolve("oci-layout")).hasContent("{\"imageLayoutVersion\":\"1.0.0\"}");
        JsonNode entry = JSON.readTree(layout.resolve("index.json").toFile())
                .path("manifests")
                .path(0);
        assertThat(entry.path("annotations")
                        .path("org.opencontainers.image.ref.name")
                        .asText())
                .isEqualTo("0123");
        JsonNode manifest = JSON.readTree(blob(layout, entry).toFile());
        JsonNode annotations = manifest.path("annotations");
        assertThat(annotations
                        .path("io.kubernetes.cri-o.annotations.checkpoint.name")
                        .asText())
                .isEqualTo("main");
        assertThat(annotations.path("org.criu.checkpoint.container.name").asText())
                .isEqualTo("main");
        assertThat(annotations
                        .path("io.kubernetes.cri-o.annotations.checkpoint.rootfsImageName")
                        .asText())
                .isEqualTo("docker.io/library/busybox:1.37");
        assertThat(annotations
                        .path("io.kubernetes.cri-o.annotations.checkpoint.criu.version")
                        .asText())
                .isEqualTo("4.2.1");
        JsonNode config = JSON.readTree(blob(layout, manifest.path("config")).toFile());
        assertThat(config.path("architecture").asText()).isEqualTo("amd64");
        assertThat(config.path("rootfs").path("diff_ids").path(0).asText())
                .isEqualTo(manifest.path("layers").path(0).path("digest").asText());
        Process tar = new ProcessBuilder(
                        "tar",
                        "-xOf",
                        blob(layout, manifest.path("layers").path(0)).toString(),
                        "checkpoint/pages-1.img")
                .start();
        assertThat(new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("memory");
    }
}
