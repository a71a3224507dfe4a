package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.MountEntry;
import domain.my.lpm.checkpoint.image.proto.ObjectIdsEntry;
import domain.my.lpm.checkpoint.image.proto.TreeEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A directory of CRIU image files, read as hostile input. Only the inventory and the process tree are read on opening;
 * every other method reads its files anew, and throws {@link ImageFormatException} if one is not what it should be or
 * {@link UncheckedIOException} if reading fails.
 */
public final class CriuImages {
    private static final Pattern MOUNTS = Pattern.compile("mountpoints-([0-9]{1,10})\\.img");
    private static final int MAXIMUM_THREADS = 1 << 17;
    // The highest pid_max of Linux, PID_MAX_LIMIT on 64 bits.
    private static final int MAXIMUM_PID = 1 << 22;

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
        Inventory inventory = Inventory.of(ImageFile.read(directory.resolve("inventory.img"), ImageKind.INVENTORY)
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
                    entry.getThreadsList().stream().map(id -> pid(id, 1)).toList());
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
        Path file = directory.resolve("core-" + id + ".img");
        return TaskCore.of(
                id,
                ImageFile.read(file, ImageKind.CORE).single(),
                file.getFileName().toString());
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

    Optional<ImageFile<ObjectIdsEntry>> idsFile(ProcessNode process) {
        Path file = directory.resolve("ids-" + process.pid() + ".img");
        return Files.exists(file) ? Optional.of(ImageFile.read(file, ImageKind.IDS)) : Optional.empty();
    }

    List<ImageFile<MountEntry>> mountFiles() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file ->
                            MOUNTS.matcher(file.getFileName().toString()).matches())
                    .sorted()
                    .map(file -> ImageFile.read(file, ImageKind.MOUNTS))
                    .toList();
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
