package domain.my.lpm.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The checkpoint images in the storage of a node, and whether its runtime restores containers from them, which CRI-O's
 * configuration on the node says. They are kept as the OCI layouts they were imported from (OCI image specification 1.1); what
 * tells them from others is an annotation that CRI-O looks for ({@code internal/annotations}).
 */
public final class CheckpointImages {
    /** By this the agent of a node puts an OCI layout into the storage: its {@code --image-command}. */
    public static final String IMPORT_COMMAND =
            "/bin/busybox chroot /proc/1/root /bin/sh /usr/lib/lpm-sandbox/import-image /agent{layout} {image}";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String STORE = "var/lib/containers/checkpoint-images";
    private static final String SETTING = "etc/crio/crio.conf.d/50-restore.conf";
    private static final String NAME = "io.kubernetes.cri-o.annotations.checkpoint.name";

    private final Node node;

    private CheckpointImages(Node node) {
        this.node = node;
    }

    /** Those of a node. */
    public static CheckpointImages of(Node node) {
        return new CheckpointImages(node);
    }

    /**
     * An image in the storage.
     *
     * @param name as pods name it
     * @param layer the archive with all its files, as the node sees it
     * @param size of the layer in bytes, as the image says
     */
    record Found(String name, String layer, long size) {}

    /** Switches restores on, as an administrator of the node does; without that they are off. */
    public void letRestore() {
        try {
            Files.writeString(
                    node.root().resolve(SETTING),
                    "[crio.checkpoint_restore]\ncontainer_level_enabled = \"checkpoint_restore\"\n");
        } catch (IOException error) {
            throw new UncheckedIOException("cannot configure the runtime of '" + node.name() + "'", error);
        }
    }

    /** Where the image of this name is, or would be, as the machine sees it. */
    public Path directory(String image) {
        return node.root().resolve(STORE).resolve(image.replace("/", "%2F"));
    }

    /**
     * The image of this name, if it is a checkpoint.
     *
     * @throws SandboxException if restores are switched off here, or what is there is none
     */
    Optional<Found> find(String image) {
        Path layout = directory(image);
        if (!Files.isDirectory(layout)) {
            return Optional.empty();
        }
        JsonNode index = json(layout.resolve("index.json"), image);
        JsonNode manifest = json(blob(layout, index.path("manifests").path(0)), image);
        if (!manifest.path("annotations").has(NAME)) {
            return Optional.empty();
        }
        if (!Files.exists(node.root().resolve(SETTING))) {
            throw new SandboxException("the image '" + image + "' is a checkpoint, and the runtime of '" + node.name()
                    + "' restores none: switch it on by CheckpointImages.letRestore");
        }
        JsonNode layer = manifest.path("layers").path(0);
        return Optional.of(new Found(
                image,
                "/" + node.root().relativize(blob(layout, layer)),
                layer.path("size").asLong()));
    }

    private static Path blob(Path layout, JsonNode descriptor) {
        return layout.resolve("blobs/" + descriptor.path("digest").asText().replace(':', '/'));
    }

    private static JsonNode json(Path file, String image) {
        try {
            return JSON.readTree(Files.readString(file));
        } catch (JsonProcessingException garbage) {
            throw new SandboxException("the image '" + image + "' is damaged: " + file + " is no JSON", garbage);
        } catch (IOException error) {
            throw new SandboxException("the image '" + image + "' is damaged: " + error, error);
        }
    }
}
