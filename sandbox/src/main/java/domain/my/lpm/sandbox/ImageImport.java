package domain.my.lpm.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.checkpoint.archive.Decompression;
import domain.my.lpm.checkpoint.archive.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Brings images from a disk into a sandbox: a root file system, an OCI image layout (OCI image specification 1.1), or what
 * {@code docker save} writes. Each layer is unpacked once, into a directory of its own.
 */
public final class ImageImport {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration COPY = Duration.ofMinutes(10);
    private static final String PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";

    private final Images images;

    /** Into the images of a sandbox. */
    public ImageImport(Images images) {
        this.images = images;
    }

    /**
     * A directory that holds a root file system. It is copied, once as long as it stays as it is.
     *
     * @throws SandboxException when it is no directory
     */
    public Image directory(String name, Path root) {
        if (!Files.isDirectory(root)) {
            throw new SandboxException("there is no directory " + root + ": name one that holds a root file system");
        }
        String listing = Command.run(
                        COPY, List.of("find", root.toString(), "-xdev", "-printf", "%P %y %s %T@ %m %U %G %l\\n"))
                .orThrow()
                .output();
        Path copy = images.cached("directory-" + key(root + listing), target -> copy(root, target));
        return images.add(new Image(name, List.of(copy), List.of(), List.of("/bin/sh"), List.of(PATH), "/"));
    }

    private static void copy(Path root, Path target) {
        Command.run(COPY, List.of("cp", "-a", "--one-file-system", root + "/.", target.toString()))
                .orThrow();
    }

    /**
     * An OCI image layout, of which the first image for this machine's architecture is taken.
     *
     * @throws SandboxException when it is none, or has no such image
     */
    public Image layout(String name, Path layout) {
        try {
            JsonNode entry = read(layout.resolve("index.json"));
            while (entry.has("manifests")) {
                entry = read(blob(
                        layout,
                        select(entry.get("manifests"), layout).path("digest").asText()));
            }
            JsonNode config = read(blob(layout, entry.at("/config/digest").asText()));
            List<Path> layers = new ArrayList<>();
            for (JsonNode layer : entry.path("layers")) {
                layers.add(blob(layout, layer.path("digest").asText()));
            }
            return image(name, config, layers);
        } catch (IOException error) {
            throw new SandboxException(layout + " is no OCI image layout: " + error.getMessage(), error);
        }
    }

    /**
     * What {@code docker save} writes; the first image in it is taken.
     *
     * @throws SandboxException when it is none
     */
    public Image dockerArchive(String name, Path archive) {
        Path unpacked = images.directory().resolve(".archive-" + UUID.randomUUID());
        try {
            Files.createDirectories(unpacked);
            Command.run(COPY, List.of("tar", "-xf", archive.toString(), "-C", unpacked.toString(), "--no-same-owner"))
                    .orThrow();
            JsonNode manifest = read(unpacked.resolve("manifest.json")).path(0);
            JsonNode config = read(within(unpacked, manifest.path("Config").asText()));
            List<Path> layers = new ArrayList<>();
            for (JsonNode layer : manifest.path("Layers")) {
                layers.add(within(unpacked, layer.asText()));
            }
            return image(name, config, layers);
        } catch (IOException error) {
            throw new SandboxException(archive + " is no image that 'docker save' wrote: " + error.getMessage(), error);
        } finally {
            Images.remove(unpacked);
        }
    }

    private static JsonNode select(JsonNode manifests, Path layout) {
        String machine = System.getProperty("os.arch");
        String architecture = machine.equals("aarch64") ? "arm64" : "amd64";
        for (JsonNode manifest : manifests) {
            String offered = manifest.at("/platform/architecture").asText(architecture);
            if (offered.equals(architecture)) {
                return manifest;
            }
        }
        throw new SandboxException(layout + " has no image for " + architecture + ": name one that has");
    }

    private static JsonNode read(Path file) throws IOException {
        return JSON.readTree(Files.readString(file));
    }

    private static Path blob(Path layout, String digest) throws IOException {
        return within(layout, "blobs/" + digest.replace(':', '/'));
    }

    private static Path within(Path directory, String name) throws IOException {
        Path file = directory.resolve(name).normalize();
        if (!file.startsWith(directory.normalize()) || !Files.isRegularFile(file)) {
            throw new IOException("'" + name + "' is not in it");
        }
        return file;
    }

    private Image image(String name, JsonNode config, List<Path> layers) throws IOException {
        JsonNode identities = config.at("/rootfs/diff_ids");
        if (layers.isEmpty() || identities.size() != layers.size()) {
            throw new IOException(
                    "it names " + layers.size() + " layers and " + identities.size() + " identities of them");
        }
        List<Path> unpacked = new ArrayList<>();
        StringBuilder chain = new StringBuilder();
        for (int index = 0; index < layers.size(); index++) {
            chain.append(identities.get(index).asText());
            Path layer = layers.get(index);
            List<Path> below = List.copyOf(unpacked);
            // Uppermost first.
            unpacked.add(0, images.cached("layer-" + key(chain.toString()), target -> unpack(layer, target, below)));
        }
        JsonNode run = config.path("config");
        String directory = run.path("WorkingDir").asText("");
        List<String> environment = strings(run.path("Env"));
        return images.add(new Image(
                name,
                unpacked,
                strings(run.path("Entrypoint")),
                strings(run.path("Cmd")),
                environment.isEmpty() ? List.of(PATH) : environment,
                directory.isEmpty() ? "/" : directory));
    }

    private static String key(String text) {
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString();
    }

    private static List<String> strings(JsonNode list) {
        List<String> strings = new ArrayList<>();
        list.forEach(item -> strings.add(item.asText()));
        return strings;
    }

    /** In a directory of its own, where no link of another layer can lead it astray. */
    private static void unpack(Path layer, Path target, List<Path> below) throws IOException {
        Process tar = new ProcessBuilder(
                        "tar", "-x", "-p", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", target.toString())
                .redirectErrorStream(true)
                .start();
        try (InputStream content = Decompression.open(layer.toString(), Files.newInputStream(layer), Limits.DEFAULT);
                OutputStream into = tar.getOutputStream()) {
            content.transferTo(into);
        } catch (IOException broken) {
            // Says why itself, if it was tar that ended.
            if (tar.isAlive()) {
                tar.destroyForcibly();
                throw broken;
            }
        }
        String said = new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (tar.waitFor() != 0) {
                throw new IOException("a layer cannot be unpacked: " + said.strip());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
        markDeletions(target, below);
    }

    /** Turns the layer's marks of deleted files into those of overlay mounts. */
    private static void markDeletions(Path target, List<Path> below) throws IOException {
        List<Path> marks;
        try (Stream<Path> files = Files.walk(target)) {
            marks = files.filter(file -> name(file).startsWith(WHITEOUT)).toList();
        }
        for (Path mark : marks) {
            Path parent = mark.resolveSibling("");
            Files.delete(mark);
            if (!name(mark).equals(OPAQUE)) {
                whiteout(mark.resolveSibling(name(mark).substring(WHITEOUT.length())));
                continue;
            }
            for (Path lower : below) {
                Path hidden = lower.resolve(target.relativize(parent).toString());
                if (Files.isDirectory(hidden, LinkOption.NOFOLLOW_LINKS)) {
                    try (Stream<Path> entries = Files.list(hidden)) {
                        for (Path entry : entries.toList()) {
                            whiteout(parent.resolve(name(entry)));
                        }
                    }
                }
            }
        }
    }

    private static void whiteout(Path file) {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            Command.run(COPY, List.of("mknod", file.toString(), "c", "0", "0")).orThrow();
        }
    }

    private static String name(Path file) {
        @Nullable Path name = file.getFileName();
        return name == null ? "" : name.toString();
    }
}
