package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.FileEntry;
import domain.my.lpm.checkpoint.image.proto.InventoryEntry;
import domain.my.lpm.checkpoint.image.proto.MountEntry;
import domain.my.lpm.checkpoint.image.proto.ObjectIdsEntry;
import domain.my.lpm.checkpoint.image.proto.TcpStreamEntry;
import domain.my.lpm.checkpoint.image.proto.TimerEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The changes to a dump that let it be restored inside another pod. Each takes what is on disk and returns the files that
 * differ; nothing is written until {@link #write}.
 */
public final class ImageRewrite {
    /** Of NETWORK_LOCK_METHOD in CRIU's criu/include/cr_options.h. */
    private static final int NETWORK_LOCK_SKIP = 2;

    private static final int CLOCK_REALTIME = 0;
    private static final int TFD_TIMER_ABSTIME = 1;

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

    /**
     * Leaves the network of the target alone. While it dumps, CRIU cuts the source off from its network, and before the
     * restored processes run it removes the rules that did so. In another pod there are none: the search alone costs six
     * runs of iptables.
     */
    public static ImageFile<InventoryEntry> withoutNetworkLock(CriuImages images) {
        return images.inventoryFile()
                .map(inventory -> inventory.toBuilder()
                        .setNetworkLockMethod(NETWORK_LOCK_SKIP)
                        .build());
    }

    /** Makes every mount private: CRIU cannot recreate a slave whose master is outside the dump. */
    public static List<ImageFile<MountEntry>> withoutPropagation(CriuImages images) {
        return images.mountFiles().stream()
                .map(file -> file.map(
                        mount -> mount.toBuilder().setSharedId(0).setMasterId(0).build()))
                .toList();
    }

    /**
     * Leaves out mounts by where they are, in every mount namespace, for a target that has nothing to put there. A process that
     * uses one cannot be restored: CRIU does not find the mount of its open file.
     *
     * @param targets absolute paths in the container, of mounts on which none lies
     */
    public static List<ImageFile<MountEntry>> withoutMounts(CriuImages images, Set<String> targets) {
        return images.mountFiles().stream()
                .map(file -> new ImageFile<>(
                        file.name(),
                        file.kind(),
                        file.entries().stream()
                                .filter(mount -> !targets.contains(
                                        MountPoint.of(0, mount, file.name()).target()))
                                .toList()))
                .toList();
    }

    /**
     * Lets CRIU 4.2 arm timer descriptors as they were. It leaves one with an interval disarmed when that has passed but
     * was not read yet, for the dump then has no time left for it: such a timer gets a whole interval. To an absolute time
     * CRIU adds the seconds of the clock and not their fraction, so that the timer would expire up to a second early, and
     * once more if it had expired: the dump has the time that is left, so the timer is made a relative one. Only where the
     * clock itself can be set this would be another timer, and it stays as it is.
     */
    public static List<ImageFile<FileEntry>> withTimersArmed(CriuImages images) {
        return images.filesFile().stream()
                .filter(file -> file.entries().stream().anyMatch(FileEntry::hasTfd))
                .map(file -> file.map(entry -> entry.hasTfd()
                        ? entry.toBuilder().setTfd(armed(entry.getTfd())).build()
                        : entry))
                .toList();
    }

    private static TimerEntry armed(TimerEntry timer) {
        TimerEntry.Builder armed = timer.toBuilder();
        if (timer.getVsec() == 0 && timer.getVnsec() == 0) {
            armed.setVsec(timer.getIsec()).setVnsec(timer.getInsec());
        }
        if (timer.getClockid() != CLOCK_REALTIME) {
            armed.setSettimeFlags(timer.getSettimeFlags() & ~TFD_TIMER_ABSTIME);
        }
        return armed.build();
    }

    /**
     * Takes all data in the send queues of TCP connections for sent: it is then sent again when nobody confirms it. What was
     * not sent yet CRIU would send while it restores, to a peer in the same pod that may not be there yet, whose kernel
     * answers with a reset.
     *
     * @throws ImageFormatException if the image of a connection is malformed
     * @throws UncheckedIOException if reading or writing fails
     */
    public static void takeUnsentForSent(CriuImages images) {
        try (DirectoryStream<Path> streams = Files.newDirectoryStream(images.directory(), "tcp-stream-*.img")) {
            for (Path file : streams) {
                ImageFile.First<TcpStreamEntry> first = ImageFile.readFirst(file, ImageKind.TCP_STREAM);
                if (first.entry().getUnsqLen() != 0) {
                    byte[] whole = Files.readAllBytes(file);
                    byte[] queues = Arrays.copyOfRange(whole, whole.length - (int) first.remaining(), whole.length);
                    TcpStreamEntry sent =
                            first.entry().toBuilder().setUnsqLen(0).build();
                    new ImageFile<>(file.getFileName().toString(), ImageKind.TCP_STREAM, List.of(sent))
                            .writeTo(images.directory());
                    Files.write(file, queues, StandardOpenOption.APPEND);
                }
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
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
