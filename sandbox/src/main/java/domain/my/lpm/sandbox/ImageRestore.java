package domain.my.lpm.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A container that goes on from a checkpoint image, as CRI-O 1.34 has it ({@code server/container_restore.go},
 * {@code internal/lib/restore.go}): the base image and the mounts are those of the checkpoint's own record; all else is what the new
 * pod asks for.
 */
final class ImageRestore {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** They are made anew in every container, and need not be asked for. */
    private static final Set<String> NOT_COMPARED = Set.of(
            "/proc",
            "/dev",
            "/dev/pts",
            "/dev/mqueue",
            "/dev/shm",
            "/sys",
            "/sys/fs/cgroup",
            "/etc/resolv.conf",
            "/etc/hostname",
            "/etc/passwd",
            "/etc/group",
            "/run/secrets",
            "/run/.containerenv");

    private final Node node;
    private final String image;
    private final String directory;

    private ImageRestore(Node node, String image, String directory) {
        this.node = node;
        this.image = image;
        this.directory = directory;
    }

    /**
     * Unpacks the image of this name into a directory of the node, if it is a checkpoint.
     *
     * @throws SandboxException if it is one and cannot be restored from
     */
    static Optional<ImageRestore> prepare(Node node, String image, String directory) {
        return CheckpointImages.of(node).find(image).map(found -> {
            ImageRestore restore = new ImageRestore(node, image, directory);
            restore.unpack(found);
            return restore;
        });
    }

    private void unpack(CheckpointImages.Found found) {
        try {
            node.shell("""
                    [ "$(stat -c %s "$2")" = "$3" ] || { echo "the image '$4' is damaged: its layer is cut" >&2; exit 1; }
                    mkdir -p "$1"
                    tar -C "$1" --numeric-owner -xpf "$2"
                    """, directory, found.layer(), Long.toString(found.size()), image);
        } catch (SandboxException failure) {
            discard();
            throw failure;
        }
    }

    /** The directory on the node in which the checkpoint is. */
    String directory() {
        return directory;
    }

    /** The image that the container had been started from. */
    String baseImage() {
        String base = read("config.dump").path("rootfsImageName").asText();
        if (base.isEmpty()) {
            throw new SandboxException("the checkpoint image '" + image + "' does not say what it was started from");
        }
        return base;
    }

    /**
     * Requires what the restore needs of the new container, and says what it has to delete.
     *
     * @param configuration of the new container
     */
    void requireMounts(String configuration) {
        try {
            Set<String> there = destinations(JSON.readTree(configuration));
            Set<String> missing = destinations(read("spec.dump"));
            missing.removeAll(NOT_COMPARED);
            missing.removeAll(there);
            if (!missing.isEmpty()) {
                throw new SandboxException("restoring '" + image + "' expects the mounts " + String.join(", ", missing)
                        + ", which the pod does not have");
            }
            Path deleted = onMachine("deleted.files");
            if (Files.exists(deleted)) {
                List<String> files = new ArrayList<>();
                JSON.readTree(Files.readString(deleted)).forEach(file -> files.add("." + file.asText()));
                Files.writeString(onMachine("deleted"), String.join("\0", files));
            }
        } catch (IOException error) {
            throw new UncheckedIOException("the checkpoint image '" + image + "' cannot be read", error);
        }
    }

    private static Set<String> destinations(JsonNode configuration) {
        Set<String> destinations = new TreeSet<>();
        configuration
                .path("mounts")
                .forEach(mount -> destinations.add(mount.path("destination").asText()));
        return destinations;
    }

    /** Removes what was unpacked. */
    void discard() {
        node.shell("rm -rf \"$1\"; rmdir \"${1%/*}\" 2>/dev/null || :", directory);
    }

    private JsonNode read(String file) {
        try {
            return JSON.readTree(Files.readString(onMachine(file)));
        } catch (IOException error) {
            throw new SandboxException("the checkpoint image '" + image + "' has no " + file, error);
        }
    }

    private Path onMachine(String file) {
        return node.root().resolve(directory.substring(1)).resolve(file);
    }
}
