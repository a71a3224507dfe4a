package domain.my.lpm.checkpoint.image;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import domain.my.lpm.checkpoint.image.proto.CoreEntry;
import domain.my.lpm.checkpoint.image.proto.DescriptorEntry;
import domain.my.lpm.checkpoint.image.proto.FileEntry;
import domain.my.lpm.checkpoint.image.proto.GhostFileEntry;
import domain.my.lpm.checkpoint.image.proto.InventoryEntry;
import domain.my.lpm.checkpoint.image.proto.IpcObjectEntry;
import domain.my.lpm.checkpoint.image.proto.MemoryFileInodeEntry;
import domain.my.lpm.checkpoint.image.proto.MountEntry;
import domain.my.lpm.checkpoint.image.proto.ObjectIdsEntry;
import domain.my.lpm.checkpoint.image.proto.PageMapHead;
import domain.my.lpm.checkpoint.image.proto.PathRemapEntry;
import domain.my.lpm.checkpoint.image.proto.SeccompEntry;
import domain.my.lpm.checkpoint.image.proto.TcpStreamEntry;
import domain.my.lpm.checkpoint.image.proto.TerminalEntry;
import domain.my.lpm.checkpoint.image.proto.TreeEntry;

/**
 * One kind of image file: the magic it carries, the message its entries hold, and how much of it is accepted.
 *
 * <p>Magic numbers are those of criu/include/magic.h, CRIU 4.2.
 *
 * @param title what the file holds, for messages
 * @param magic the number that tells this kind from the others
 * @param commonHeader whether the common magic stands before {@code magic}; only the inventory has none
 * @param parser reads one entry
 * @param maximumEntryBytes the longest entry accepted; a parsed entry may take some twenty times its length in memory
 * @param maximumEntries the most entries accepted in a file
 * @param <E> the message of an entry
 */
public record ImageKind<E extends MessageLite>(
        String title, int magic, boolean commonHeader, Parser<E> parser, int maximumEntryBytes, int maximumEntries) {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    public static final ImageKind<InventoryEntry> INVENTORY =
            new ImageKind<>("inventory", 0x58313116, false, InventoryEntry.parser(), 64 * KIB, 1);
    public static final ImageKind<TreeEntry> PROCESS_TREE =
            new ImageKind<>("process tree", 0x50273030, true, TreeEntry.parser(), MIB, 1 << 17);
    public static final ImageKind<ObjectIdsEntry> IDS =
            new ImageKind<>("kernel object ids", 0x54432030, true, ObjectIdsEntry.parser(), 64 * KIB, 1);
    public static final ImageKind<CoreEntry> CORE =
            new ImageKind<>("task core", 0x55053847, true, CoreEntry.parser(), 2 * MIB, 1);
    public static final ImageKind<MountEntry> MOUNTS =
            new ImageKind<>("mount points", 0x55563928, true, MountEntry.parser(), 256 * KIB, 100_000);
    static final ImageKind<DescriptorEntry> DESCRIPTORS =
            new ImageKind<>("file descriptors", 0x56213732, true, DescriptorEntry.parser(), 64 * KIB, 1 << 20);
    static final ImageKind<FileEntry> FILES =
            new ImageKind<>("open files", 0x56303138, true, FileEntry.parser(), MIB, 1 << 18);
    static final ImageKind<TerminalEntry> TERMINALS =
            new ImageKind<>("terminals", 0x59453036, true, TerminalEntry.parser(), 64 * KIB, 1 << 12);
    static final ImageKind<MemoryFileInodeEntry> MEMORY_FILES =
            new ImageKind<>("memory files", 0x48453499, true, MemoryFileInodeEntry.parser(), 64 * KIB, 1 << 16);
    static final ImageKind<PathRemapEntry> PATH_REMAPS =
            new ImageKind<>("remapped paths", 0x59133954, true, PathRemapEntry.parser(), 64 * KIB, 1 << 18);
    static final ImageKind<GhostFileEntry> GHOST_FILE =
            new ImageKind<>("deleted file", 0x52583605, true, GhostFileEntry.parser(), 64 * KIB, 1);
    static final ImageKind<PageMapHead> PAGE_MAP =
            new ImageKind<>("page map", 0x56084025, true, PageMapHead.parser(), 64 * KIB, 1);
    static final ImageKind<TcpStreamEntry> TCP_STREAM =
            new ImageKind<>("TCP connection", 0x51465506, true, TcpStreamEntry.parser(), 64 * KIB, 1);
    static final ImageKind<IpcObjectEntry> SHARED_MEMORY_SEGMENTS =
            new ImageKind<>("shared memory segments", 0x46283044, true, IpcObjectEntry.parser(), 64 * KIB, 1);
    static final ImageKind<IpcObjectEntry> MESSAGE_QUEUES =
            new ImageKind<>("message queues", 0x55453737, true, IpcObjectEntry.parser(), 64 * KIB, 1);
    static final ImageKind<IpcObjectEntry> SEMAPHORE_SETS =
            new ImageKind<>("semaphore sets", 0x59573019, true, IpcObjectEntry.parser(), 64 * KIB, 1);
    static final ImageKind<SeccompEntry> SECCOMP =
            new ImageKind<>("system call filters", 0x64413049, true, SeccompEntry.parser(), 16 * MIB, 1);
    static final int MEMORY_MAGIC = 0x57492820;
}
