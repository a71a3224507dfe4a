package domain.my.lpm.launcher.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.checkpoint.archive.RootfsDiff;
import domain.my.lpm.checkpoint.repository.ManifestSigner;
import domain.my.lpm.checkpoint.repository.VolumeArchive;
import domain.my.lpm.launcher.namespace.MountTable;
import domain.my.lpm.launcher.restore.ContainerFiles;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The files that a held container has changed. The node's files are reached through its first process. */
final class SourceFiles {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NODE = "/proc/1/root";

    private SourceFiles() {}

    /**
     * Writes the changes of the root file system into a directory, as container runtimes do.
     *
     * @param first the container's first process
     * @return the files written, by the names they have in an archive; none when the root is not an overlay that can be
     *     written
     */
    static Map<String, Path> changes(int first, Path directory) throws IOException {
        Map<String, Path> files = new LinkedHashMap<>();
        var upper = MountTable.of(first).at("/").flatMap(root -> root.option("upperdir"));
        if (upper.isEmpty()) {
            return files;
        }
        Path changed = directory.resolve(ContainerFiles.CHANGED);
        List<String> deletedPaths = new ArrayList<>();
        try (OutputStream output = new BufferedOutputStream(Files.newOutputStream(changed))) {
            RootfsDiff.collect(Path.of(NODE + upper.get()), output, deletedPaths);
        }
        files.put(ContainerFiles.CHANGED, changed);
        Path deleted = directory.resolve(ContainerFiles.DELETED);
        Files.write(deleted, JSON.writeValueAsBytes(deletedPaths));
        files.put(ContainerFiles.DELETED, deleted);
        return files;
    }

    /**
     * Stores the content of volumes.
     *
     * @throws IllegalArgumentException naming the first volume that is not mounted where it should be
     */
    static void storeVolumes(int first, CheckpointSettings settings, ManifestSigner signer) {
        MountTable mounts = MountTable.of(first);
        settings.volumes().forEach((name, target) -> {
            if (mounts.at(target).isEmpty()) {
                throw new IllegalArgumentException(
                        "the container has no mount at " + target + " for the volume " + name + "; correct --volume");
            }
            VolumeArchive.store(
                    Path.of("/proc/" + first + "/root" + target),
                    settings.repository(),
                    settings.uri().podUid(),
                    settings.uri().checkpointId(),
                    name,
                    signer,
                    settings.durability());
        });
    }
}
