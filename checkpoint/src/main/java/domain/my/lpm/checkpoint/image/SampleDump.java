package domain.my.lpm.checkpoint.image;

import com.google.protobuf.ByteString;
import domain.my.lpm.checkpoint.image.proto.CoreEntry;
import domain.my.lpm.checkpoint.image.proto.CredentialsEntry;
import domain.my.lpm.checkpoint.image.proto.InventoryEntry;
import domain.my.lpm.checkpoint.image.proto.MountEntry;
import domain.my.lpm.checkpoint.image.proto.ObjectIdsEntry;
import domain.my.lpm.checkpoint.image.proto.TaskCoreEntry;
import domain.my.lpm.checkpoint.image.proto.ThreadCoreEntry;
import domain.my.lpm.checkpoint.image.proto.TreeEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A small dump in the form of CRIU's, by which a launcher rehearses what it will do with a real one. */
public final class SampleDump {
    private static final int X86_64 = 1;
    private static final int ALIVE = 1;
    private static final int TMPFS = 5;
    private static final int PROCESSES = 3;
    private static final int MOUNTS = 24;

    private SampleDump() {}

    /**
     * Writes the images that this project reads; there is no memory among them.
     *
     * @param directory exists
     * @throws java.io.UncheckedIOException if writing fails
     */
    public static void write(Path directory) {
        ObjectIdsEntry ids = ObjectIdsEntry.newBuilder()
                .setVmId(1)
                .setFilesId(1)
                .setFsId(1)
                .setSighandId(1)
                .setUtsNsId(5)
                .setIpcNsId(6)
                .build();
        InventoryEntry inventory = InventoryEntry.newBuilder()
                .setImgVersion(2)
                .setFdinfoPerId(true)
                .setRootIds(ids)
                .build();
        new ImageFile<>("inventory.img", ImageKind.INVENTORY, List.of(inventory)).writeTo(directory);
        List<TreeEntry> tree = new ArrayList<>();
        for (int pid = 1; pid <= PROCESSES; pid++) {
            tree.add(TreeEntry.newBuilder()
                    .setPid(pid)
                    .setPpid(pid - 1)
                    .setPgid(1)
                    .setSid(1)
                    .addThreads(pid)
                    .build());
            new ImageFile<>("core-" + pid + ".img", ImageKind.CORE, List.of(core())).writeTo(directory);
            new ImageFile<>("ids-" + pid + ".img", ImageKind.IDS, List.of(ids)).writeTo(directory);
        }
        new ImageFile<>("pstree.img", ImageKind.PROCESS_TREE, tree).writeTo(directory);
        List<MountEntry> mounts = new ArrayList<>();
        for (int id = 1; id <= MOUNTS; id++) {
            ByteString path = ByteString.copyFromUtf8("/mount-" + id);
            mounts.add(MountEntry.newBuilder()
                    .setFstype(TMPFS)
                    .setMntId(id)
                    .setRootDev(id)
                    .setParentMntId(1)
                    .setFlags(0)
                    .setRoot(ByteString.copyFromUtf8("/"))
                    .setMountpoint(path)
                    .setSource(ByteString.copyFromUtf8("tmpfs"))
                    .setOptions(ByteString.EMPTY)
                    .setExtMount(true)
                    .setExtKey(path)
                    .build());
        }
        new ImageFile<>("mountpoints-7.img", ImageKind.MOUNTS, mounts).writeTo(directory);
    }

    private static CoreEntry core() {
        CredentialsEntry nobody = CredentialsEntry.newBuilder()
                .setUid(65534)
                .setGid(65534)
                .setEuid(65534)
                .setEgid(65534)
                .setSuid(65534)
                .setSgid(65534)
                .setFsuid(65534)
                .setFsgid(65534)
                .addCapBnd(0)
                .addCapBnd(0)
                .setSecbits(0)
                .setNoNewPrivs(1)
                .build();
        return CoreEntry.newBuilder()
                .setMtype(X86_64)
                .setTc(TaskCoreEntry.newBuilder()
                        .setTaskState(ALIVE)
                        .setExitCode(0)
                        .setBlkSigset(0)
                        .setComm("sample"))
                .setThreadCore(ThreadCoreEntry.newBuilder().setSeccompMode(2).setCreds(nobody))
                .build();
    }
}
