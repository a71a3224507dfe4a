package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.MountEntry;
import domain.my.lpm.checkpoint.image.proto.ObjectIdsEntry;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The changes to a dump that let it be restored inside another pod. Each takes what is on disk and returns the files that
 * differ; nothing is written until {@link #write}.
 */
public final class ImageRewrite {
    private ImageRewrite() {}

    /**
     * Gives every task the UTS and IPC namespaces of the process that calls CRIU, so that the restored processes live in
     * the target pod's instead of recreating the source's.
     *
     * @throws ImageFormatException if the dump does not say which namespaces the caller of CRIU had
     */
    public static List<ImageFile<ObjectIdsEntry>> joinNamespacesOfCaller(CriuImages images) {
        ObjectIds root = images.inventory().rootIds();
        if (root == null || root.utsNamespace() == 0 || root.ipcNamespace() == 0) {
            throw new ImageFormatException(
                    "inventory.img",
                    "the dump does not name the UTS and IPC namespaces of CRIU's caller",
                    "take the checkpoint with a CRIU of version 4.2 or newer");
        }
        return images.processes().stream()
                .map(images::idsFile)
                .flatMap(Optional::stream)
                .map(file -> file.map(ids -> ids.toBuilder()
                        .setUtsNsId((int) root.utsNamespace())
                        .setIpcNsId((int) root.ipcNamespace())
                        .build()))
                .toList();
    }

    /** Makes every mount private: CRIU cannot recreate a slave whose master is outside the dump. */
    public static List<ImageFile<MountEntry>> withoutPropagation(CriuImages images) {
        return images.mountFiles().stream()
                .map(file -> file.map(
                        mount -> mount.toBuilder().setSharedId(0).setMasterId(0).build()))
                .toList();
    }

    /**
     * Writes files under their own names into a directory, each in one step.
     *
     * @return the files written
     * @throws java.io.UncheckedIOException if writing fails
     */
    public static List<Path> write(List<? extends ImageFile<?>> files, Path directory) {
        return files.stream().map(file -> file.writeTo(directory)).toList();
    }
}
