package domain.my.lpm.checkpoint.image;

import com.google.protobuf.MessageLite;
import domain.my.lpm.checkpoint.image.proto.FileEntry;
import domain.my.lpm.checkpoint.image.proto.GhostFileEntry;
import domain.my.lpm.checkpoint.image.proto.InventoryEntry;
import domain.my.lpm.checkpoint.image.proto.IpcObjectEntry;
import domain.my.lpm.checkpoint.image.proto.MountEntry;
import domain.my.lpm.checkpoint.image.proto.ObjectIdsEntry;
import domain.my.lpm.checkpoint.image.proto.PathRemapEntry;
import domain.my.lpm.checkpoint.image.proto.SeccompEntry;
import domain.my.lpm.checkpoint.image.proto.TreeEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A directory of CRIU image files, read as hostile input. Only the inventory, the process tree and the cores of zombies
 * are read on opening; every other method reads its files anew, and throws {@link ImageFormatException} if one is not what it should be or
 * {@link UncheckedIOException} if reading fails.
 */
public final class CriuImages {
    private static final String INVENTORY = "inventory.img";
    private static final Pattern MOUNTS = Pattern.compile("mountpoints-([0-9]{1,10})\\.img");
    private static final Pattern IPC = Pattern.compile("ipcns-(shm|msg|sem)-[0-9]{1,10}\\.img");
    private static final Pattern AUTOMOUNT = Pattern.compile("autofs-[0-9]{1,10}\\.img");
    private static final int MAXIMUM_THREADS = 1 << 17;
    // The highest pid_max of Linux, PID_MAX_LIMIT on 64 bits.
    private static final int MAXIMUM_PID = 1 << 22;

    // SECCOMP_FILTER_FLAG_TSYNC of Linux.
    private static final int SYNCHRONIZES_THREADS = 1;

    private final Path directory;
    private final Inventory inventory;
    private final List<ProcessNode> processes;

    private CriuImages(Path directory, Inventory inventory, List<ProcessNode> processes) {
        this.directory = directory;
        this.inventory = inventory;
        this.processes = processes;
    }

    /**
     * Opens the images of one dump.
     *
     * @param directory where inventory.img and the others are
     * @throws ImageFormatException if the inventory or the process tree is missing or malformed
     * @throws UncheckedIOException if reading fails
     */
    public static CriuImages open(Path directory) {
        Inventory inventory = Inventory.of(ImageFile.read(directory.resolve(INVENTORY), ImageKind.INVENTORY)
                .single());
        return new CriuImages(directory, inventory, readProcesses(directory));
    }

    private static List<ProcessNode> readProcesses(Path directory) {
        ImageFile<TreeEntry> file = ImageFile.read(directory.resolve("pstree.img"), ImageKind.PROCESS_TREE);
        List<ProcessNode> processes = new ArrayList<>();
        Set<Integer> threads = new HashSet<>();
        for (TreeEntry entry : file.entries()) {
            ProcessNode process = new ProcessNode(
                    pid(entry.getPid(), 1),
                    pid(entry.getPpid(), 0),
                    pid(entry.getPgid(), 0),
                    pid(entry.getSid(), 0),
                    threads(directory, entry));
            for (int thread : process.threads()) {
                if (!threads.add(thread)) {
                    throw new ImageFormatException(file.name(), "thread " + thread + " appears twice");
                }
            }
            if (threads.size() > MAXIMUM_THREADS) {
                throw new ImageFormatException(
                        file.name(), "there are more than " + MAXIMUM_THREADS + " threads", "refuse the checkpoint");
            }
            processes.add(process);
        }
        if (processes.isEmpty()) {
            throw new ImageFormatException(file.name(), "there is no process in the tree");
        }
        return List.copyOf(processes);
    }

    // CRIU 4.2 writes whatever was in its memory as the thread of a zombie.
    private static List<Integer> threads(Path directory, TreeEntry entry) {
        if (entry.getThreadsCount() == 0 || entry.getThreadsList().contains(entry.getPid())) {
            return entry.getThreadsList().stream().map(id -> pid(id, 1)).toList();
        }
        TaskCore.ProcessState state = core(directory, entry.getPid()).process();
        if (state == null || !state.hasEnded()) {
            throw new ImageFormatException(
                    "pstree.img",
                    "process " + entry.getPid() + " is not among its own threads",
                    "refuse the checkpoint");
        }
        return List.of();
    }

    private static int pid(int value, int least) {
        if (value < least || value > MAXIMUM_PID) {
            throw new ImageFormatException(
                    "pstree.img", Integer.toUnsignedString(value) + " is no process id", "refuse the checkpoint");
        }
        return value;
    }

    /** Where the image files are. */
    public Path directory() {
        return directory;
    }

    /** The dump as a whole. */
    public Inventory inventory() {
        return inventory;
    }

    /** The dumped processes, parents before their children; the first is the root. */
    public List<ProcessNode> processes() {
        return processes;
    }

    /** The kernel objects of a process; empty for one that had ended. */
    public Optional<ObjectIds> ids(ProcessNode process) {
        return idsFile(process).map(file -> ObjectIds.of(file.single()));
    }

    /** The core of a process' first thread. */
    public TaskCore core(ProcessNode process) {
        return core(process.pid());
    }

    /**
     * The cores of all of a process' threads, as CRIU restores them.
     *
     * @return one core for each of {@link ProcessNode#threads()}, or that of the process itself where it has none
     */
    public List<TaskCore> cores(ProcessNode process) {
        return process.threads().isEmpty()
                ? List.of(core(process))
                : process.threads().stream().map(this::core).toList();
    }

    TaskCore core(int id) {
        return core(directory, id);
    }

    private static TaskCore core(Path directory, int id) {
        Path file = directory.resolve("core-" + id + ".img");
        return TaskCore.of(
                id,
                ImageFile.read(file, ImageKind.CORE).single(),
                file.getFileName().toString());
    }

    /**
     * Whether a thread's filter of system calls becomes that of all threads of its process, which then have none of their own in the
     * dump: where all have the same, CRIU writes it down for the first alone, with SECCOMP_FILTER_FLAG_TSYNC.
     */
    boolean sharesFilter(TaskCore core) {
        if (core.seccomp() != TaskCore.Seccomp.FILTER) {
            return false;
        }
        List<SeccompEntry> entries = optional("seccomp.img", ImageKind.SECCOMP);
        int count = entries.isEmpty() ? 0 : entries.get(0).getSeccompFiltersCount();
        if (core.filter() < 0 || core.filter() >= count) {
            throw new ImageFormatException(
                    "seccomp.img",
                    "thread " + core.id() + " has the filter " + Integer.toUnsignedString(core.filter()) + " of "
                            + count,
                    "refuse the checkpoint");
        }
        return (entries.get(0).getSeccompFilters(core.filter()).getFlags() & SYNCHRONIZES_THREADS) != 0;
    }

    /** The mounts of all dumped mount namespaces, by namespace. */
    public List<MountPoint> mounts() {
        List<MountPoint> mounts = new ArrayList<>();
        for (ImageFile<MountEntry> file : mountFiles()) {
            Matcher matcher = MOUNTS.matcher(file.name());
            long namespace = matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
            file.entries().forEach(entry -> mounts.add(MountPoint.of(namespace, entry, file.name())));
        }
        return mounts;
    }

    /** The open files of all processes, in the order of the dump. */
    public List<OpenFile> files() {
        return fileEntries().entries().stream()
                .map(entry -> OpenFile.of(entry, "files.img"))
                .toList();
    }

    ImageFile<FileEntry> fileEntries() {
        return existing("files.img")
                .map(file -> ImageFile.read(file, ImageKind.FILES))
                .orElseGet(() -> new ImageFile<>("files.img", ImageKind.FILES, List.of()));
    }

    /** The descriptors of the table with this number, {@link ObjectIds#descriptorTable}; empty if it has no image. */
    public List<Descriptor> descriptors(long table) {
        return optional("fdinfo-" + table + ".img", ImageKind.DESCRIPTORS).stream()
                .map(entry ->
                        new Descriptor(Integer.toUnsignedLong(entry.getFd()), Integer.toUnsignedLong(entry.getId())))
                .toList();
    }

    /** The address space of a process; empty for one that had ended. */
    public Optional<MemoryLayout> memory(ProcessNode process) {
        return existing("mm-" + process.pid() + ".img").map(MemoryLayout::read);
    }

    /** The pages of a process that nobody shares; empty for one that had ended. */
    public Optional<PageMap> pages(ProcessNode process) {
        return existing("pagemap-" + process.pid() + ".img").map(PageMap::read);
    }

    /** The pages of shared memory; empty if none were dumped. */
    public Optional<PageMap> sharedPages(long sharedMemory) {
        return existing("pagemap-shmem-" + Long.toUnsignedString(sharedMemory) + ".img")
                .map(PageMap::read);
    }

    /**
     * The length of the file with the pages of a map in bytes; empty if there is none.
     *
     * @throws UncheckedIOException if it cannot be found out
     */
    public OptionalLong pagesFileBytes(PageMap map) {
        Path file = directory.resolve("pages-" + map.pagesId() + ".img");
        try {
            return Files.isRegularFile(file) ? OptionalLong.of(Files.size(file)) : OptionalLong.empty();
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    /** Whether the images of an earlier dump, which this one builds on, are within reach. */
    public boolean hasParent() {
        return Files.isDirectory(directory.resolve("parent"));
    }

    /** The terminals. */
    public List<Terminal> terminals() {
        return optional("tty-info.img", ImageKind.TERMINALS).stream()
                .map(Terminal::of)
                .toList();
    }

    /** The memory files. */
    public List<MemoryFile> memoryFiles() {
        return optional("memfd.img", ImageKind.MEMORY_FILES).stream()
                .map(entry -> MemoryFile.of(entry, "memfd.img"))
                .toList();
    }

    /** The open files whose paths no longer led to them. */
    public List<DeletedFile> deletedFiles() {
        return optional("remap-fpath.img", ImageKind.PATH_REMAPS).stream()
                .map(this::deletedFile)
                .toList();
    }

    private DeletedFile deletedFile(PathRemapEntry entry) {
        long file = Integer.toUnsignedLong(entry.getOrigId());
        // Without a type, the highest bit tells a deleted file from a link.
        boolean old = !entry.hasRemapType();
        int ghost = old ? entry.getRemapId() & Integer.MAX_VALUE : entry.getRemapId();
        return switch (old ? entry.getRemapId() >>> 31 : entry.getRemapType()) {
            case 0 -> new DeletedFile(file, DeletedFile.How.LINKED, 0);
            case 1 -> new DeletedFile(file, DeletedFile.How.KEPT, ghostBytes(ghost));
            case 2 -> new DeletedFile(file, DeletedFile.How.PROCESS, 0);
            default ->
                throw new ImageFormatException(
                        "remap-fpath.img",
                        "a path is remapped in way " + entry.getRemapType() + ", which CRIU 4.2 does not have",
                        "refuse the checkpoint, or update this program if a newer CRIU took it");
        };
    }

    private long ghostBytes(int ghost) {
        String name = "ghost-file-" + Integer.toHexString(ghost) + ".img";
        ImageFile.First<GhostFileEntry> first = ImageFile.readFirst(directory.resolve(name), ImageKind.GHOST_FILE);
        long size = first.entry().hasSize() ? first.entry().getSize() : first.remaining();
        if (size < 0) {
            throw new ImageFormatException(name, "the file has " + Long.toUnsignedString(size) + " bytes");
        }
        return size;
    }

    /** The bytes that were under way on a connection; empty if it was not dumped as established. */
    public Optional<TcpQueues> tcpQueues(OpenFile.InetSocket socket) {
        return existing("tcp-stream-" + Long.toHexString(socket.inode()) + ".img")
                .map(file -> ImageFile.readFirst(file, ImageKind.TCP_STREAM).entry())
                .map(entry -> new TcpQueues(
                        Integer.toUnsignedLong(entry.getInqLen()), Integer.toUnsignedLong(entry.getOutqLen())));
    }

    /**
     * The bytes of a TCP connection that were in its queues.
     *
     * @param received not yet read by the process
     * @param sent not yet acknowledged by the peer
     */
    public record TcpQueues(long received, long sent) {}

    /** The kinds of System V IPC objects of which the dump has at least one. */
    public List<String> ipcObjects() {
        List<String> kinds = new ArrayList<>();
        for (Path file : matching(IPC)) {
            String name = file.getFileName().toString();
            ImageKind<IpcObjectEntry> kind = name.startsWith("ipcns-shm-")
                    ? ImageKind.SHARED_MEMORY_SEGMENTS
                    : name.startsWith("ipcns-msg-") ? ImageKind.MESSAGE_QUEUES : ImageKind.SEMAPHORE_SETS;
            ImageFile.readFirst(file, kind);
            kinds.add(kind.title());
        }
        return kinds;
    }

    /** Whether the dump holds a mount of the automounter. */
    public boolean hasAutomount() {
        return !matching(AUTOMOUNT).isEmpty();
    }

    private Optional<Path> existing(String name) {
        Path file = directory.resolve(name);
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? Optional.of(file) : Optional.empty();
    }

    // CRIU leaves out a file that would have no entries.
    private <E extends MessageLite> List<E> optional(String name, ImageKind<E> kind) {
        return existing(name).map(file -> ImageFile.read(file, kind).entries()).orElse(List.of());
    }

    ImageFile<InventoryEntry> inventoryFile() {
        return ImageFile.read(directory.resolve(INVENTORY), ImageKind.INVENTORY);
    }

    Optional<ImageFile<ObjectIdsEntry>> idsFile(ProcessNode process) {
        Path file = directory.resolve("ids-" + process.pid() + ".img");
        return Files.exists(file) ? Optional.of(ImageFile.read(file, ImageKind.IDS)) : Optional.empty();
    }

    Optional<ImageFile<FileEntry>> filesFile() {
        return existing("files.img").map(file -> ImageFile.read(file, ImageKind.FILES));
    }

    List<ImageFile<MountEntry>> mountFiles() {
        return matching(MOUNTS).stream()
                .map(file -> ImageFile.read(file, ImageKind.MOUNTS))
                .toList();
    }

    private List<Path> matching(Pattern name) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(
                            file -> name.matcher(file.getFileName().toString()).matches())
                    .sorted()
                    .toList();
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
