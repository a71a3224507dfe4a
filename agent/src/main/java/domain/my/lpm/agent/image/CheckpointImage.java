package domain.my.lpm.agent.image;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.agent.AgentException;
import domain.my.lpm.checkpoint.archive.TarEntry;
import domain.my.lpm.checkpoint.archive.TarWriter;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Durable;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.StoredFile;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * An OCI image layout with a checkpoint as its only layer, as CRI-O and containerd restore from it.
 *
 * <p>Formats: OCI image specification 1.1 (image-layout.md, manifest.md, config.md); the annotations by which a runtime knows
 * a checkpoint image: CRI-O's pkg/annotations and internal/lib/restore.go, containerd's internal/cri/server.
 */
final class CheckpointImage {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final String CONFIG = "config.dump";
    private static final String SPEC = "spec.dump";
    private static final String CRI_O = "io.kubernetes.cri-o.annotations.checkpoint.";

    private CheckpointImage() {}

    private record Blob(String digest, long size) {}

    /**
     * Requires what a runtime reads before it restores anything: what another runtime wrote of the container, and of that what it
     * would refuse when the source is given up already.
     *
     * @throws AgentException if it is missing, as in a checkpoint that a launcher took, or would be refused
     */
    static void requireOfRuntime(StoredContainer stored, CheckpointUri uri) throws IOException {
        for (String file : List.of(CONFIG, SPEC)) {
            if (stored.file(file).isEmpty()) {
                throw new AgentException(
                        AgentException.Kind.FAILED_PRECONDITION,
                        uri + " has no " + file
                                + ", without which no container runtime restores it; let the kubelet take the"
                                + " checkpoint, or use self-restore");
            }
        }
        for (var mount : JSON.readTree(stored.read(SPEC, 1 << 20)).path("mounts")) {
            // One from a volume of the pod lies below the kubelet's directory of pods, and the copy has it, too.
            if (mount.path("destination").asText().equals("/etc/passwd")
                    && !mount.path("source").asText().contains("/pods/")) {
                throw new AgentException(
                        AgentException.Kind.FAILED_PRECONDITION,
                        uri + " is of a user whom the image's /etc/passwd lacks: CRI-O has written one for it, and"
                                + " restores no container that has it; run as a user of the image, or use self-restore");
            }
        }
    }

    /** The image that the container ran from, which the node needs to restore it. */
    static Importer.Base base(StoredContainer stored) throws IOException {
        if (stored.file(CONFIG).isEmpty()) {
            return new Importer.Base("", "");
        }
        var config = JSON.readTree(stored.read(CONFIG, 1 << 20));
        return new Importer.Base(
                config.path("rootfsImageRef").asText(),
                config.path("rootfsImageName").asText());
    }

    /** Writes a layout; what is there is replaced. The files are verified on the way. */
    static void write(StoredContainer stored, Path layout, String tag) throws IOException {
        Durable.delete(layout);
        Path blobs = layout.resolve("blobs/sha256");
        Durable.createDirectories(blobs);
        Provenance provenance = stored.manifest().provenance();
        Blob layer = layer(stored, blobs);
        ObjectNode config = JSON.createObjectNode();
        config.put("created", provenance.createdAt().toString());
        config.put("architecture", provenance.architecture());
        config.put("os", "linux");
        config.putObject("config");
        ObjectNode root = config.putObject("rootfs");
        root.put("type", "layers");
        root.putArray("diff_ids").add(layer.digest());
        Blob configuration = blob(blobs, JSON.writeValueAsBytes(config));

        ObjectNode manifest = JSON.createObjectNode();
        manifest.put("schemaVersion", 2);
        manifest.put("mediaType", "application/vnd.oci.image.manifest.v1+json");
        describe(manifest.putObject("config"), "application/vnd.oci.image.config.v1+json", configuration);
        describe(manifest.putArray("layers").addObject(), "application/vnd.oci.image.layer.v1.tar", layer);
        ObjectNode annotations = manifest.putObject("annotations");
        annotations(stored).forEach(annotations::put);
        Blob manifestBlob = blob(blobs, JSON.writeValueAsBytes(manifest));

        ObjectNode index = JSON.createObjectNode();
        index.put("schemaVersion", 2);
        index.put("mediaType", "application/vnd.oci.image.index.v1+json");
        ObjectNode entry = index.putArray("manifests").addObject();
        describe(entry, "application/vnd.oci.image.manifest.v1+json", manifestBlob);
        entry.putObject("annotations").put("org.opencontainers.image.ref.name", tag);
        Files.write(layout.resolve("index.json"), JSON.writeValueAsBytes(index));
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    /** What runtimes look for in the manifest, and what they say of the image that the container ran from. */
    private static Map<String, String> annotations(StoredContainer stored) throws IOException {
        Provenance provenance = stored.manifest().provenance();
        Map<String, String> annotations = new java.util.TreeMap<>();
        String name = provenance.owner().container();
        annotations.put(CRI_O + "name", name);
        annotations.put("org.criu.checkpoint.container.name", name);
        if (provenance.criuVersion() != null) {
            annotations.put(CRI_O + "criu.version", provenance.criuVersion());
        }
        annotations.put("org.criu.checkpoint.engine.name", provenance.runtime());
        if (stored.file(CONFIG).isPresent()) {
            var config = JSON.readTree(stored.read(CONFIG, 1 << 20));
            putIfThere(
                    annotations,
                    CRI_O + "rawImageName",
                    config.path("rootfsImage").asText());
            putIfThere(
                    annotations,
                    CRI_O + "rootfsImageID",
                    config.path("rootfsImageRef").asText());
            putIfThere(
                    annotations,
                    CRI_O + "rootfsImageName",
                    config.path("rootfsImageName").asText());
            putIfThere(
                    annotations,
                    "org.criu.checkpoint.rootfsImageName",
                    config.path("rootfsImageName").asText());
        }
        return annotations;
    }

    private static void putIfThere(Map<String, String> annotations, String key, String value) {
        if (!value.isEmpty()) {
            annotations.put(key, value);
        }
    }

    private static void describe(ObjectNode descriptor, String type, Blob blob) {
        descriptor.put("mediaType", type).put("digest", blob.digest()).put("size", blob.size());
    }

    private static Blob layer(StoredContainer stored, Path blobs) throws IOException {
        MessageDigest digest = sha256();
        Path partial = blobs.resolve(".layer");
        try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(partial));
                DigestOutputStream hashed = new DigestOutputStream(file, digest);
                TarWriter tar = new TarWriter(hashed)) {
            long seconds = stored.manifest().provenance().createdAt().getEpochSecond();
            for (StoredFile each : stored.files()) {
                tar.put(new TarEntry(
                        each.name(), TarEntry.Type.FILE, each.size(), 0600, 0, 0, seconds, 0, "", 0, 0, Map.of()));
                try (InputStream content = stored.open(each.name())) {
                    content.transferTo(tar.content());
                }
                tar.pad(each.size());
            }
            tar.finish();
        }
        return place(partial, blobs, digest);
    }

    private static Blob blob(Path blobs, byte[] bytes) throws IOException {
        Path partial = blobs.resolve(".blob");
        Files.write(partial, bytes);
        MessageDigest digest = sha256();
        digest.update(bytes);
        return place(partial, blobs, digest);
    }

    private static Blob place(Path partial, Path blobs, MessageDigest digest) throws IOException {
        String hex = HexFormat.of().formatHex(digest.digest());
        long size = Files.size(partial);
        Files.move(partial, blobs.resolve(hex), StandardCopyOption.REPLACE_EXISTING);
        return new Blob("sha256:" + hex, size);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
