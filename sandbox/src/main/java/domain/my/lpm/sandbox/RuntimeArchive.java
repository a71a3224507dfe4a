package domain.my.lpm.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What CRI-O does when the kubelet asks it for a checkpoint: runc pauses the container, CRIU dumps it and leaves it running,
 * the archive is written, runc resumes it. CRIU reads the node's /etc/criu/runc.conf itself.
 *
 * <p>Source of the archive's format: CRI-O 1.34, internal/lib/checkpoint.go, and checkpointctl's lib/metadata.go.
 */
public final class RuntimeArchive {
    /** Where the archives lie on a node. */
    public static final String DIRECTORY = "/var/lib/kubelet/checkpoints";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration DUMP = Patience.of(Duration.ofMinutes(2));

    /** Logged as an error, but not one, where root lacks CAP_SYS_RESOURCE. */
    private static final String HARMLESS = "rlimit: Can't setup RLIMIT_NOFILE for self";

    private static final String LOG = "io.kubernetes.cri-o.LogPath";

    /** What CRI-O leaves out of the file system changes. */
    private static final Set<String> NOT_CHANGES =
            Set.of("/dev", "/dev/shm", "/proc", "/run", "/run/.containerenv", "/run/secrets", "/sys");

    private RuntimeArchive() {}

    /**
     * Takes a checkpoint.
     *
     * @return the archive in {@link #DIRECTORY}, an uncompressed tar file of mode 0600, as the machine sees it
     * @throws SandboxException when runc or CRIU refuses; the container runs on then, and the message has the first error
     */
    public static Path take(RunningContainer container) {
        try {
            return archive(container);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot take a checkpoint of '" + container.name() + "'", error);
        }
    }

    private static Path archive(RunningContainer container) throws IOException {
        Node node = container.node();
        Path userdata = node.root().resolve(container.userdata().substring(1));
        String pod = container.pod().pod().getMetadata().getName();
        String name = "checkpoint-" + pod + "_"
                + ContainerSpec.namespace(container.pod().pod()) + "-" + container.name() + "-"
                + Instant.now().truncatedTo(ChronoUnit.MILLIS).toString().replace(':', '-') + ".tar";
        String target = DIRECTORY + "/" + name;
        container.runtime("pause", container.id());
        try {
            JsonNode spec = JSON.readTree(Files.readString(userdata.resolve("config.json")));
            Files.writeString(userdata.resolve("spec.dump"), spec.toPrettyString());
            Files.writeString(userdata.resolve("config.dump"), configDump(container));
            Files.writeString(userdata.resolve("bind.mounts"), bindMounts(spec, node));
            dump(container, userdata);
            Changes changes = Changes.of(container, spec);
            Files.writeString(userdata.resolve("changes"), String.join("\0", changes.present));
            if (!changes.deleted.isEmpty()) {
                Files.writeString(
                        userdata.resolve("deleted.files"),
                        JSON.valueToTree(changes.deleted).toPrettyString());
            }
            Files.copy(node.root().resolve(container.log().substring(1)), userdata.resolve(LOG));
            node.exec(
                            DUMP,
                            List.of(
                                    "sh",
                                    "-ec",
                                    ARCHIVE,
                                    "sh",
                                    container.userdata(),
                                    container.storage() + "/merged",
                                    target))
                    .orThrow();
        } finally {
            container.runtime("resume", container.id());
        }
        return node.directory().resolve("kubelet/checkpoints/" + name);
    }

    private static final String ARCHIVE = """
            umask 077
            cd "$1"
            mkdir -p "${3%/*}"
            if [ -s changes ]; then
                tar -C "$2" --numeric-owner --no-recursion --null --verbatim-files-from -T changes -cf rootfs-diff.tar
            fi
            set --  "$3" stats-dump dump.log checkpoint config.dump spec.dump bind.mounts
            for file in rootfs-diff.tar deleted.files io.kubernetes.cri-o.LogPath; do
                if [ -e $file ]; then set -- "$@" $file; fi
            done
            archive=$1
            shift
            tar --numeric-owner -cf "$archive" "$@"
            rm -rf changes "$@"
            """;

    private static void dump(RunningContainer container, Path userdata) throws IOException {
        Result result = container
                .node()
                .exec(
                        DUMP,
                        List.of(
                                "runc",
                                "--root",
                                "/run/runc",
                                "checkpoint",
                                "--file-locks",
                                "--image-path",
                                container.userdata() + "/checkpoint",
                                "--work-path",
                                container.userdata(),
                                "--leave-running",
                                container.id()));
        if (result.exitCode() != 0) {
            Path log = userdata.resolve("dump.log");
            String reason = result.error().strip();
            if (Files.exists(log)) {
                try (Stream<String> lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
                    reason = lines.filter(line -> line.contains("Error (") && !line.contains(HARMLESS))
                            .findFirst()
                            .orElse(reason);
                }
            }
            throw new SandboxException("the checkpoint of '" + container.name() + "' failed: " + reason);
        }
    }

    private static String configDump(RunningContainer container) {
        ObjectNode config = JSON.createObjectNode();
        config.put("id", container.id());
        config.put("name", container.runtimeName());
        config.put("rootfsImage", container.image().name());
        config.put("rootfsImageRef", container.image().id());
        config.put("rootfsImageName", container.image().name());
        config.put("runtime", "runc");
        config.put("createdTime", container.created().toString());
        config.put("checkpointedTime", Instant.now().toString());
        config.put("restoredTime", "0001-01-01T00:00:00Z");
        config.put("restored", false);
        return config.toPrettyString();
    }

    private static String bindMounts(JsonNode spec, Node node) throws IOException {
        ArrayNode mounts = JSON.createArrayNode();
        for (JsonNode mount : spec.get("mounts")) {
            String destination = mount.get("destination").asText();
            if (!mount.get("type").asText().equals("bind") || NOT_CHANGES.contains(destination)) {
                continue;
            }
            Path source = node.root().resolve(mount.get("source").asText().substring(1));
            mounts.addObject()
                    .put("source", mount.get("source").asText())
                    .put("destination", destination)
                    .put("file_type", Files.isDirectory(source) ? "directory" : "file")
                    .put("permissions", (int) Files.getAttribute(source, "unix:mode") & 0777);
        }
        return mounts.toPrettyString();
    }

    /** What a container changed in its root file system, as CRI-O's archive lists it. */
    private static final class Changes {
        /** Relative paths of what rootfs-diff.tar holds. */
        final Set<String> present = new TreeSet<>();
        /** Absolute paths of what the image has and the container has not. */
        final Set<String> deleted = new TreeSet<>();

        static Changes of(RunningContainer container, JsonNode spec) throws IOException {
            Set<String> left = new TreeSet<>(NOT_CHANGES);
            for (JsonNode mount : spec.get("mounts")) {
                if (mount.get("type").asText().equals("bind")) {
                    left.add(mount.get("destination").asText());
                }
            }
            Changes changes = new Changes();
            Path upper = container.upperDirectory();
            List<Path> files;
            try (Stream<Path> walk = Files.walk(upper)) {
                files = walk.skip(1).toList();
            }
            for (Path file : files) {
                String path = "/" + upper.relativize(file);
                if (!left.contains(path)) {
                    changes.add(container, file, path);
                }
            }
            return changes;
        }

        private void add(RunningContainer container, Path file, String path) throws IOException {
            boolean inImage = container.image().lowerDirectories().stream()
                    .anyMatch(lower -> Files.exists(lower.resolve(path.substring(1)), LinkOption.NOFOLLOW_LINKS));
            if (isWhiteout(file)) {
                deleted.add(path);
            } else if (!inImage) {
                present.add(path.substring(1));
            } else if (isFileOnNode(container, path)) {
                present.add(path.substring(1));
            }
        }

        /** Overlay marks what was deleted by a character device 0:0. */
        private static boolean isWhiteout(Path file) throws IOException {
            int mode = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            return (mode & 0170000) == 0020000
                    && (long) Files.getAttribute(file, "unix:rdev", LinkOption.NOFOLLOW_LINKS) == 0;
        }

        /**
         * A file of the image that was modified gets into the archive only when a file of the same path happens to exist
         * on the node: CRCreateRootFsDiffTar of containers/common looks it up there instead of in the container.
         */
        private static boolean isFileOnNode(RunningContainer container, String path) {
            Path onNode = container.node().root().resolve(path.substring(1));
            return Files.exists(onNode) && !Files.isDirectory(onNode);
        }
    }
}
