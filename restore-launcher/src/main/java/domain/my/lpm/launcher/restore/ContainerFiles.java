package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.archive.RootfsDiff;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import domain.my.lpm.checkpoint.repository.VolumeArchive;
import domain.my.lpm.launcher.namespace.ContainerRoot;
import domain.my.lpm.launcher.namespace.MountTable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The files that the checkpointed processes had changed, laid down where they will look for them. */
public final class ContainerFiles {
    /** The archive's name of the root file system's changed and new files; containers/storage writes it so. */
    public static final String CHANGED = "rootfs-diff.tar";
    /** The archive's name of the list of its deleted files. */
    public static final String DELETED = "deleted.files";

    private static final int MAXIMUM_DELETED_BYTES = 16 << 20;

    private ContainerFiles() {}

    /**
     * Checks that each volume has its mount in the container.
     *
     * @param volumes volume name to mount path
     * @throws RestoreException naming all that are missing
     */
    static void requireMounts(MountTable container, Map<String, String> volumes) {
        List<String> missing = new ArrayList<>();
        volumes.forEach((name, target) -> {
            if (container.at(target).isEmpty()) {
                missing.add(name + " at " + target);
            }
        });
        if (!missing.isEmpty()) {
            throw new RestoreException("the container has no mount for the volume " + String.join(", ", missing)
                    + "; give the target pod the same volumeMounts as the source");
        }
    }

    /** Applies the changes of the root file system. */
    static void applyChanges(StoredContainer stored, Path rootFileSystem) {
        if (stored.file(CHANGED).isPresent()) {
            try (InputStream changes = stored.open(CHANGED)) {
                RootfsDiff.apply(changes, rootFileSystem);
            } catch (IOException error) {
                throw new UncheckedIOException("cannot read the changes of the root file system", error);
            }
        }
        if (stored.file(DELETED).isPresent()) {
            RootfsDiff.deleteFiles(stored.read(DELETED, MAXIMUM_DELETED_BYTES), rootFileSystem);
        }
    }

    /** Fills the volumes. A mount point's own path has no links in it, so that it leads nowhere else. */
    static void fillVolumes(
            Map<String, String> volumes, Path repository, CheckpointUri uri, TrustedKeys keys, ContainerRoot root) {
        volumes.forEach((name, target) -> VolumeArchive.restore(
                repository, uri.podUid(), uri.checkpointId(), name, keys, root.seen(ContainerRoot.CONTAINER + target)));
    }

    /** The names of the volumes that a checkpoint has, but that are not among those that travel. */
    static Optional<String> leftBehind(Map<String, String> volumes, Path repository, CheckpointUri uri) {
        List<String> names = new ArrayList<>(VolumeArchive.names(repository, uri.podUid(), uri.checkpointId()));
        names.removeAll(volumes.keySet());
        return names.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", names));
    }
}
