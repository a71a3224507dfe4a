package domain.my.lpm.checkpoint.inspect;

import domain.my.lpm.checkpoint.image.Capability;
import domain.my.lpm.checkpoint.image.CapabilitySet;
import domain.my.lpm.checkpoint.image.Credentials;
import domain.my.lpm.checkpoint.image.DeletedFile;
import domain.my.lpm.checkpoint.image.Inventory;
import domain.my.lpm.checkpoint.image.MemoryLayout;
import domain.my.lpm.checkpoint.image.ObjectIds;
import domain.my.lpm.checkpoint.image.OpenFile;
import domain.my.lpm.checkpoint.image.OpenFile.InetSocket;
import domain.my.lpm.checkpoint.image.PageMap;
import domain.my.lpm.checkpoint.image.Printable;
import domain.my.lpm.checkpoint.image.ProcessNode;
import domain.my.lpm.checkpoint.image.TaskCore;
import domain.my.lpm.checkpoint.image.TaskCore.Architecture;
import domain.my.lpm.checkpoint.image.TaskCore.Seccomp;
import domain.my.lpm.checkpoint.image.Terminal;
import domain.my.lpm.checkpoint.inspect.Inspection.Hindrance;
import domain.my.lpm.checkpoint.inspect.Inspection.Memory;
import domain.my.lpm.checkpoint.inspect.Inspection.Peer;
import domain.my.lpm.checkpoint.inspect.Inspection.Severity;
import domain.my.lpm.checkpoint.inspect.Inspection.Socket;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Collects what stands in the way of a restore. */
final class Hindrances {
    /** CRIU's limit for the content of a deleted file unless --ghost-limit says otherwise. */
    private static final long GHOST_LIMIT = 1 << 20;

    private static final int IMAGE_VERSION = 2;
    private static final Pattern ACCELERATOR =
            Pattern.compile("/dev/(nvidia.*|dri/.*|kfd|infiniband/.*|vfio/.*|accel/.*|habanalabs.*)");
    private static final Set<String> COMMON_DEVICES = Set.of(
            "/dev/null",
            "/dev/zero",
            "/dev/full",
            "/dev/random",
            "/dev/urandom",
            "/dev/tty",
            "/dev/ptmx",
            "/dev/pts/ptmx");
    // What the Pod Security Standards let a pod of the level Baseline add.
    private static final CapabilitySet BASELINE = CapabilitySet.of(
            Capability.CAP_AUDIT_WRITE,
            Capability.CAP_CHOWN,
            Capability.CAP_DAC_OVERRIDE,
            Capability.CAP_FOWNER,
            Capability.CAP_FSETID,
            Capability.CAP_KILL,
            Capability.CAP_MKNOD,
            Capability.CAP_NET_BIND_SERVICE,
            Capability.CAP_NET_RAW,
            Capability.CAP_SETFCAP,
            Capability.CAP_SETGID,
            Capability.CAP_SETPCAP,
            Capability.CAP_SETUID,
            Capability.CAP_SYS_CHROOT);

    private final Set<Hindrance> found = new LinkedHashSet<>();
    private final Map<CapabilitySet, Set<String>> capabilities = new LinkedHashMap<>();

    /** Those that block first, otherwise in the order they were found, capabilities last. */
    List<Hindrance> sorted() {
        capabilities.forEach((unusual, processes) -> {
            int others = processes.size() - 1;
            warns(
                    processes.iterator().next()
                            + (others == 0 ? " holds " : " and " + others + " more hold ")
                            + unusual,
                    "grant them to the target container too, by securityContext.capabilities");
        });
        return found.stream().sorted(Comparator.comparing(Hindrance::severity)).toList();
    }

    private void blocks(String what, String remedy) {
        found.add(new Hindrance(Severity.BLOCKS, what, remedy));
    }

    private void warns(String what, String remedy) {
        found.add(new Hindrance(Severity.WARNS, what, remedy));
    }

    void ofInventory(Inventory inventory) {
        if (inventory.imageVersion() != IMAGE_VERSION) {
            blocks(
                    "the images are of version " + inventory.imageVersion(),
                    "take the checkpoint with CRIU 4.2 or newer, which writes version " + IMAGE_VERSION);
        }
        ObjectIds root = inventory.rootIds();
        if (root == null || root.utsNamespace() == 0 || root.ipcNamespace() == 0) {
            blocks(
                    "the dump does not name the UTS and IPC namespaces of CRIU's caller",
                    "take the checkpoint with CRIU 4.2 or newer");
        }
    }

    void ofRoot(ProcessNode root) {
        if (root.session() != root.pid()) {
            warns(
                    "the first process, " + root.pid() + ", is not the leader of its session",
                    "restore with CRIU's option shell-job, or start the application by setsid");
        }
    }

    void ofArchitectures(Set<Architecture> architectures) {
        if (architectures.size() > 1 || architectures.contains(Architecture.UNKNOWN)) {
            blocks(
                    "the registers of its processes are of " + architectures,
                    "take the checkpoint again on a machine that CRIU 4.2 supports");
        }
    }

    void ofThreads(ProcessNode process, @Nullable String name, List<TaskCore> cores) {
        for (TaskCore core : cores) {
            if (core.seccomp() == Seccomp.UNKNOWN) {
                blocks(
                        title(process, name) + " has a system call filter of a kind that Linux does not have",
                        "refuse the checkpoint");
            }
            Credentials credentials = core.credentials();
            if (credentials == null) {
                blocks(
                        title(process, name) + " has no credentials in the dump",
                        "take the checkpoint with CRIU 4.2 or newer");
                continue;
            }
            CapabilitySet held = new CapabilitySet(credentials.permitted().mask()
                    | credentials.effective().mask()
                    | credentials.inheritable().mask()
                    | credentials.ambient().mask());
            CapabilitySet unusual = held.without(BASELINE);
            if (!unusual.isEmpty()) {
                capabilities
                        .computeIfAbsent(unusual, key -> new LinkedHashSet<>())
                        .add(title(process, name));
            }
            if (credentials.securityProfile() != null) {
                warns(
                        title(process, name) + " runs under the security profile "
                                + Printable.of(credentials.securityProfile()),
                        "load the profile on the target node");
            }
        }
    }

    void ofMappings(ProcessNode process, @Nullable String name, MemoryLayout layout) {
        if (layout.areas().stream().anyMatch(MemoryLayout.Area::isPlugin)) {
            blocks(
                    title(process, name) + " maps the memory of a device",
                    "stop using the device before the checkpoint, or give CRIU the device's plug-in on both nodes");
        }
        if (layout.areas().stream().anyMatch(MemoryLayout.Area::isSystemV)) {
            blocks(
                    title(process, name) + " has System V shared memory attached",
                    "use POSIX shared memory or a memory file: System V objects stay with the source pod");
        }
    }

    void ofTerminals(List<Terminal> terminals, boolean containerHasTerminal) {
        if (containerHasTerminal) {
            blocks("the container has a terminal", "set tty: false in the pod");
        }
        Set<Long> masters = new HashSet<>();
        terminals.stream().filter(Terminal::master).forEach(terminal -> masters.add(terminal.index()));
        for (Terminal terminal : terminals) {
            switch (terminal.kind()) {
                case PSEUDO -> {
                    if (!terminal.master() && !masters.contains(terminal.index())) {
                        blocks(
                                "the other side of the terminal /dev/pts/" + terminal.index() + " is outside the dump",
                                "set tty: false in the pod, and end kubectl exec --tty before the checkpoint");
                    }
                }
                case CONTROLLING -> {}
                case CONSOLE, VIRTUAL, SERIAL, EXTERNAL, UNKNOWN ->
                    blocks(
                            "terminal " + terminal.id() + " is not a pseudo terminal of the container ("
                                    + terminal.kind() + ")",
                            "set tty: false in the pod, and give it no terminal device");
            }
        }
    }

    void ofMounts(boolean automount) {
        if (automount) {
            warns("a mount of the automounter is in the dump", "mount the file system outright as a volume");
        }
    }

    void ofIpc(List<String> kinds) {
        for (String kind : kinds) {
            blocks(
                    "the dump has System V " + kind,
                    "use POSIX objects or memory files: System V objects stay with the source pod");
        }
    }

    void ofDamagedPages(PageMap pages, String map, OptionalLong bytes) {
        blocks(
                "pages-" + pages.pagesId() + ".img "
                        + (bytes.isPresent() ? "has " + bytes.getAsLong() + " bytes" : "is missing") + ", and " + map
                        + " names " + pages.present() + " pages in it",
                "fetch the checkpoint again, whole");
    }

    void ofMissingPages(Memory memory, boolean hasParent) {
        if (memory.absent() > 0) {
            blocks(
                    "part of the memory is still with the source",
                    "restore while the source serves its pages, or take a checkpoint without lazy pages");
        }
        if (memory.inParent() > 0 && !hasParent) {
            blocks(
                    "part of the memory is in the images of an earlier dump, which are not here",
                    "fetch them too, into the directory parent beside the images");
        }
    }

    void ofDeletedFile(OpenFile file, DeletedFile deletion) {
        String path = file instanceof OpenFile.RegularFile regular ? Printable.of(regular.path()) : "file " + file.id();
        switch (deletion.how()) {
            case KEPT -> {
                if (deletion.bytes() > GHOST_LIMIT) {
                    warns(
                            "the deleted file " + path + " with " + deletion.bytes()
                                    + " bytes is open, over CRIU's limit of " + GHOST_LIMIT,
                            "raise ghost-limit in CRIU's configuration wherever it is checkpointed again");
                }
            }
            case LINKED ->
                warns(
                        "the open file " + path + " has only a name that CRIU gave it on the source's file system",
                        "carry that file system over with the checkpoint, the links of CRIU (link_remap.*) included");
            case PROCESS -> {}
        }
    }

    /** Takes note of a file, given the device numbers of the overlay file systems. */
    void ofFile(OpenFile file, Set<Long> overlays) {
        if (file instanceof OpenFile.RegularFile regular) {
            ofRegularFile(regular);
        } else if (file instanceof OpenFile.Inotify inotify) {
            ofInotify(inotify, overlays);
        } else if (file instanceof OpenFile.Special special) {
            ofSpecial(special);
        }
    }

    private void ofRegularFile(OpenFile.RegularFile file) {
        String path = Printable.of(file.path());
        if (file.path().startsWith("anon_inode:") && file.path().contains("io_uring")) {
            blocks(
                    "an io_uring is open",
                    "make the application use another way of I/O: CRIU cannot restore an io_uring");
        } else if (ACCELERATOR.matcher(file.path()).matches()) {
            blocks(
                    "the device " + path + " is open",
                    "stop using the device before the checkpoint, or give CRIU the device's plug-in on both nodes");
        } else if (file.isDevice() && !COMMON_DEVICES.contains(file.path())) {
            warns("the device " + path + " is open", "give the target pod the same device");
        }
    }

    private void ofInotify(OpenFile.Inotify inotify, Set<Long> overlays) {
        for (OpenFile.Watch watch : inotify.watches()) {
            if (overlays.contains(watch.device())) {
                warns(
                        "inotify watches "
                                + (watch.path() == null ? "inode " + watch.inode() : Printable.of(watch.path()))
                                + " on an overlay file system",
                        "watch a file on a volume, or take the checkpoint with CRIU's option force-irmap");
            }
        }
    }

    private void ofSpecial(OpenFile.Special file) {
        switch (file.kind()) {
            case PLUGIN ->
                blocks(
                        "an open file, " + file.id() + ", is known only to a plug-in of CRIU",
                        "stop using the device before the checkpoint, or give CRIU the device's plug-in on both nodes");
            case TUN ->
                blocks(
                        "a TUN or TAP interface is open",
                        "close it before the checkpoint: the network stays with the source pod");
            case BPF_MAP ->
                warns("a BPF map is open", "let the node that restores it grant CAP_BPF, or close it before");
            case FANOTIFY -> warns("fanotify is in use", "let the target have the same mounts");
            case PACKET_SOCKET ->
                warns("a packet socket is open", "let the target pod have the same interfaces in the same order");
            case NETLINK_SOCKET, EVENTFD, EPOLL, SIGNALFD, TIMERFD, NAMESPACE, PIDFD -> {}
        }
    }

    void ofSocket(OpenFile file, @Nullable Socket shown, boolean tcpClosed) {
        if (file instanceof InetSocket socket && shown != null) {
            ofInetSocket(socket, shown, tcpClosed);
        } else if (file instanceof OpenFile.UnixSocket socket && shown != null && shown.peer() == Peer.OUTSIDE) {
            blocks(
                    "the Unix socket "
                            + (socket.name().isEmpty() ? "with inode " + socket.inode() : Printable.of(socket.name()))
                            + " is connected to a process outside the dump",
                    "close the connection before the checkpoint, or let the application connect anew");
        }
    }

    private void ofInetSocket(InetSocket socket, Socket shown, boolean tcpClosed) {
        boolean connection = socket.isConnection();
        if (connection && shown.peer() != Peer.DUMP) {
            String what = "the TCP connection from " + shown.local() + " to " + shown.remote() + " leads out of the "
                    + (shown.peer() == Peer.POD ? "container" : "pod");
            if (tcpClosed) {
                warns(what + " and will be closed", "let the application connect anew");
            } else {
                warns(
                        what + " and will be reset unless the target has the same address",
                        "let the application connect anew, or restore with tcp: Fail to be asked first");
            }
        } else if (!isLocal(socket.localAddress()) && !(connection && tcpClosed)) {
            warns(
                    "a socket (" + Sockets.protocol(socket) + ") is bound to " + shown.local()
                            + ", an address of the source pod, and will be bound to the target's",
                    "see that nobody relies on the old address");
        }
    }

    private static boolean isLocal(InetAddress address) {
        return address.isAnyLocalAddress() || address.isLoopbackAddress();
    }

    private static String title(ProcessNode process, @Nullable String name) {
        return "process " + process.pid() + (name == null ? "" : " (" + Printable.of(name) + ")");
    }
}
