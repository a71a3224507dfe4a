package domain.my.lpm.checkpoint.inspect;

import domain.my.lpm.checkpoint.image.Credentials;
import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.image.DeletedFile;
import domain.my.lpm.checkpoint.image.Inventory;
import domain.my.lpm.checkpoint.image.MemoryFile;
import domain.my.lpm.checkpoint.image.MemoryLayout;
import domain.my.lpm.checkpoint.image.MountPoint;
import domain.my.lpm.checkpoint.image.ObjectIds;
import domain.my.lpm.checkpoint.image.OpenFile;
import domain.my.lpm.checkpoint.image.PageMap;
import domain.my.lpm.checkpoint.image.ProcessNode;
import domain.my.lpm.checkpoint.image.TaskCore;
import domain.my.lpm.checkpoint.image.TaskCore.Architecture;
import domain.my.lpm.checkpoint.image.Terminal;
import domain.my.lpm.checkpoint.inspect.Inspection.Container;
import domain.my.lpm.checkpoint.inspect.Inspection.Deletion;
import domain.my.lpm.checkpoint.inspect.Inspection.Descriptor;
import domain.my.lpm.checkpoint.inspect.Inspection.DescriptorTable;
import domain.my.lpm.checkpoint.inspect.Inspection.Dump;
import domain.my.lpm.checkpoint.inspect.Inspection.File;
import domain.my.lpm.checkpoint.inspect.Inspection.Memory;
import domain.my.lpm.checkpoint.inspect.Inspection.Mount;
import domain.my.lpm.checkpoint.inspect.Inspection.Process;
import domain.my.lpm.checkpoint.inspect.Inspection.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads a checkpoint and says what is in it. */
public final class Inspector {
    // The page size of every machine that has but one, and the smallest of the others.
    private static final int SMALLEST_PAGE = 4096;
    private static final int LARGEST_PAGE = 65536;

    private final CriuImages images;
    private final @Nullable Container container;
    private final Hindrances hindrances = new Hindrances();
    private final Set<Architecture> architectures = EnumSet.noneOf(Architecture.class);
    private final Map<Long, OpenFile> files = new LinkedHashMap<>();
    private final Map<Long, MemoryFile> memoryFiles = new LinkedHashMap<>();
    private final Map<Long, DescriptorTable> tables = new LinkedHashMap<>();
    private final Map<Long, DumpedPages> sharedPages = new HashMap<>();
    private DumpedPages privatePages = DumpedPages.NONE;

    private Inspector(CriuImages images, @Nullable Container container) {
        this.images = images;
        this.container = container;
    }

    /** Bytes of memory that the dump accounts for; a sum too large for the type is its largest value. */
    private record DumpedPages(long dumped, long absent, long inParent) {
        static final DumpedPages NONE = new DumpedPages(0, 0, 0);

        DumpedPages plus(DumpedPages more) {
            return new DumpedPages(
                    Inspector.plus(dumped, more.dumped),
                    Inspector.plus(absent, more.absent),
                    Inspector.plus(inParent, more.inParent));
        }
    }

    /**
     * Inspects a directory of CRIU images.
     *
     * @throws domain.my.lpm.checkpoint.image.ImageFormatException if an image is missing or malformed
     * @throws java.io.UncheckedIOException if reading fails
     */
    public static Inspection inspect(Path imagesDirectory) {
        return inspect(CriuImages.open(imagesDirectory), null, null);
    }

    /**
     * Inspects the images of a checkpoint together with what the container runtime wrote beside them.
     *
     * @param config the content of config.dump, null if there is none
     * @param spec the content of spec.dump, null if there is none
     * @throws domain.my.lpm.checkpoint.image.ImageFormatException if an image is missing or malformed, or one of the two
     *     is no JSON object
     * @throws java.io.UncheckedIOException if reading fails
     */
    public static Inspection inspect(CriuImages images, byte @Nullable [] config, byte @Nullable [] spec) {
        return new Inspector(images, ContainerMetadata.of(config, spec)).inspect();
    }

    private Inspection inspect() {
        images.files().forEach(file -> files.put(file.id(), file));
        images.memoryFiles().forEach(file -> memoryFiles.put(file.id(), file));
        Inventory inventory = images.inventory();
        hindrances.ofInventory(inventory);
        hindrances.ofRoot(images.processes().get(0));
        List<Process> processes = images.processes().stream().map(this::process).toList();
        hindrances.ofArchitectures(architectures);
        List<MountPoint> mounts = images.mounts();
        List<Terminal> terminals = images.terminals();
        hindrances.ofTerminals(terminals, container != null && container.terminal());
        hindrances.ofMounts(images.hasAutomount());
        hindrances.ofIpc(images.ipcObjects());
        // Those that nobody has mapped count too.
        memoryFiles.values().forEach(file -> sharedPages(file.sharedMemory()));
        Memory memory = total(processes);
        hindrances.ofMissingPages(memory, images.hasParent());
        return new Inspection(
                dump(inventory),
                container,
                memory,
                processes,
                List.copyOf(tables.values()),
                files(mounts, inventory.tcpClosed()),
                mounts.stream()
                        .map(mount -> new Mount(
                                mount.target(),
                                mount.fileSystem(),
                                mount.source(),
                                mount.external(),
                                mount.externalKey()))
                        .toList(),
                hindrances.sorted());
    }

    private Dump dump(Inventory inventory) {
        return new Dump(
                inventory.imageVersion(),
                architectures.size() == 1 ? architectures.iterator().next().name() : Architecture.UNKNOWN.name(),
                inventory.securityModule().name(),
                inventory.uptimeMicroseconds(),
                inventory.tcpClosed(),
                inventory.runId());
    }

    private Process process(ProcessNode node) {
        List<TaskCore> cores = images.cores(node);
        TaskCore leader = images.core(node);
        TaskCore.State state = leader.process() == null
                ? TaskCore.State.UNKNOWN
                : leader.process().state();
        boolean ended = leader.process() != null && leader.process().hasEnded();
        architectures.add(leader.architecture());
        Credentials credentials = leader.credentials();
        if (!ended) {
            hindrances.ofThreads(node, leader.name(), cores);
        }
        ObjectIds ids = images.ids(node).orElse(leader.ids());
        Long table = ended || ids == null ? null : table(ids.descriptorTable());
        MemoryLayout layout = ended ? null : images.memory(node).orElse(null);
        if (layout != null) {
            hindrances.ofMappings(node, leader.name(), layout);
        }
        return new Process(
                node.pid(),
                node.parent(),
                node.group(),
                node.session(),
                leader.name(),
                state.name(),
                node.threads(),
                credentials == null ? null : credentials.effectiveUid(),
                credentials == null ? null : credentials.effectiveGid(),
                credentials == null ? List.of() : credentials.permitted().names(),
                credentials != null && credentials.noNewPrivileges(),
                leader.seccomp().name(),
                credentials == null ? null : credentials.securityProfile(),
                layout == null ? null : memory(node, layout),
                layout != null && files.get(layout.executable()) instanceof OpenFile.RegularFile executable
                        ? executable.path()
                        : null,
                table);
    }

    private Long table(long id) {
        tables.computeIfAbsent(
                id,
                key -> new DescriptorTable(
                        key,
                        images.descriptors(key).stream()
                                .map(descriptor -> new Descriptor(descriptor.number(), descriptor.file()))
                                .toList()));
        return id;
    }

    private Memory memory(ProcessNode node, MemoryLayout layout) {
        DumpedPages own = images.pages(node)
                .map(pages -> dumped(pages, "pagemap-" + node.pid() + ".img"))
                .orElse(DumpedPages.NONE);
        privatePages = privatePages.plus(own);
        Set<Long> sources = new TreeSet<>();
        for (MemoryLayout.Area area : layout.areas()) {
            if (area.isSharedMemory()) {
                sources.add(area.source());
            } else if (area.isFile() && files.get(area.source()) instanceof OpenFile.MemoryFileHandle handle) {
                // So CRIU 4.2 dumps anonymous shared memory too.
                MemoryFile file = memoryFiles.get(handle.inode());
                if (file != null) {
                    sources.add(file.sharedMemory());
                }
            }
        }
        DumpedPages shared = sources.stream().map(this::sharedPages).reduce(DumpedPages.NONE, DumpedPages::plus);
        DumpedPages all = own.plus(shared);
        return new Memory(layout.mapped(), own.dumped(), shared.dumped(), all.absent(), all.inParent());
    }

    private DumpedPages sharedPages(long id) {
        return sharedPages.computeIfAbsent(
                id,
                key -> images.sharedPages(key)
                        .map(pages -> dumped(pages, "pagemap-shmem-" + Long.toUnsignedString(key) + ".img"))
                        .orElse(DumpedPages.NONE));
    }

    private DumpedPages dumped(PageMap pages, String map) {
        int pageSize = pageSize(pages, map);
        return new DumpedPages(pages.present() * pageSize, pages.absent() * pageSize, pages.inParent() * pageSize);
    }

    // No image names the size of a page: it follows from the length of the pages file.
    private int pageSize(PageMap pages, String map) {
        OptionalLong bytes = images.pagesFileBytes(pages);
        if (pages.present() == 0) {
            return SMALLEST_PAGE;
        }
        if (bytes.isPresent()) {
            for (int size = SMALLEST_PAGE; size <= LARGEST_PAGE; size *= 2) {
                if (bytes.getAsLong() == pages.present() * size) {
                    return size;
                }
            }
        }
        hindrances.ofDamagedPages(pages, map, bytes);
        return SMALLEST_PAGE;
    }

    // The processes' own figures hold memory that they share once for each of them.
    private Memory total(List<Process> processes) {
        long mapped = 0;
        for (Process process : processes) {
            mapped =
                    plus(mapped, process.memory() == null ? 0 : process.memory().mapped());
        }
        Memory total = new Memory(mapped, privatePages.dumped(), 0, privatePages.absent(), privatePages.inParent());
        for (DumpedPages shared : sharedPages.values()) {
            total = new Memory(
                    mapped,
                    total.dumped(),
                    plus(total.shared(), shared.dumped()),
                    plus(total.absent(), shared.absent()),
                    plus(total.inParent(), shared.inParent()));
        }
        return total;
    }

    private static long plus(long some, long more) {
        long sum = some + more;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    private List<File> files(List<MountPoint> mounts, boolean tcpClosed) {
        Map<Long, DeletedFile> deleted = new HashMap<>();
        images.deletedFiles().forEach(file -> deleted.put(file.file(), file));
        Set<Long> overlays = new HashSet<>();
        mounts.stream()
                .filter(mount -> mount.fileSystem().equals("overlay"))
                .forEach(mount -> overlays.add(mount.device()));
        Sockets sockets = new Sockets(images, files.values());
        List<File> shown = new ArrayList<>();
        for (OpenFile file : files.values()) {
            DeletedFile deletion = deleted.get(file.id());
            if (deletion != null) {
                hindrances.ofDeletedFile(file, deletion);
            }
            Socket socket = sockets.socket(file);
            hindrances.ofFile(file, overlays);
            hindrances.ofSocket(file, socket, tcpClosed);
            shown.add(shown(file, deletion, socket));
        }
        return shown;
    }

    private File shown(OpenFile file, @Nullable DeletedFile deletion, @Nullable Socket socket) {
        String path = null;
        Long size = null;
        if (file instanceof OpenFile.RegularFile regular) {
            path = regular.path();
            size = regular.size() < 0 ? null : (Long) regular.size();
        } else if (file instanceof OpenFile.UnixSocket unix) {
            path = unix.name().isEmpty() ? null : unix.name();
        } else if (file instanceof OpenFile.MemoryFileHandle handle) {
            MemoryFile memory = memoryFiles.get(handle.inode());
            path = memory == null ? null : memory.name();
            size = memory == null ? null : (Long) memory.size();
        }
        if (deletion != null && deletion.how() == DeletedFile.How.KEPT) {
            size = deletion.bytes();
        }
        return new File(file.id(), kind(file), path, size, deletion(deletion), socket);
    }

    private static @Nullable Deletion deletion(@Nullable DeletedFile file) {
        if (file == null) {
            return null;
        }
        return switch (file.how()) {
            case KEPT -> Deletion.KEPT;
            case LINKED -> Deletion.LINKED;
            case PROCESS -> Deletion.PROCESS;
        };
    }

    static String kind(OpenFile file) {
        if (file instanceof OpenFile.RegularFile regular) {
            return regular.isDevice() ? "device" : "file";
        }
        if (file instanceof OpenFile.InetSocket socket) {
            return Sockets.protocol(socket);
        }
        if (file instanceof OpenFile.UnixSocket) {
            return "unix";
        }
        if (file instanceof OpenFile.Pipe pipe) {
            return pipe.named() ? "fifo" : "pipe";
        }
        if (file instanceof OpenFile.TerminalFile) {
            return "terminal";
        }
        if (file instanceof OpenFile.MemoryFileHandle) {
            return "memfd";
        }
        if (file instanceof OpenFile.Inotify) {
            return "inotify";
        }
        if (file instanceof OpenFile.Special special) {
            return special.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
        throw new IllegalStateException("no kind for " + file.getClass());
    }
}
