package domain.my.lpm.launcher.namespace;

import domain.my.lpm.launcher.linux.Linux;
import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The toolkit's root file system inside a container: a private mount namespace in which {@code /} is the toolkit,
 * {@code /old} the container with all its mounts, {@code /app} the container's root file system alone, writable, and
 * {@code /repository} the shared storage. Nothing of it is visible to the container itself, and nothing remains of it
 * once the last process and thread in it have ended.
 *
 * <p>The layout is the toolkit image's: it has an empty directory for each of these mount points.
 */
public final class ContainerRoot implements AutoCloseable {
    /** Below it: the container as its own processes see it. */
    public static final String CONTAINER = "/old";
    /** The container's root file system without the mounts in it. */
    public static final String ROOT_FILE_SYSTEM = "/app";
    /** The shared storage. */
    public static final String REPOSITORY = "/repository";
    /** A disk directory for what must neither lie in the pod's memory nor on the share. */
    public static final String STAGING = "/staging";
    /** The CRIU images which this restore reads. */
    public static final String IMAGES = "/images";
    /** Logs, pid files and pipes of this restore. */
    public static final String WORK = "/work";

    private final ConfinedThread thread;
    private final ContainerShell shell;

    private final int firstProcess;

    private ContainerRoot(ConfinedThread thread, ContainerShell shell, int firstProcess) {
        this.thread = thread;
        this.shell = shell;
        this.firstProcess = firstProcess;
    }

    /**
     * Enters the container from outside: this JVM runs in the toolkit's root file system on the same node, sees the
     * container's processes and holds the node's capabilities (privileges: agent).
     *
     * @param pid the container's first process, as this JVM sees it
     * @param repository the shared storage, as this JVM sees it
     * @param staging a directory on a disk of the node
     */
    public static ContainerRoot enter(int pid, Path repository, Path staging) {
        List<Integer> ids = Processes.namespaceIds(pid);
        if (ids.isEmpty()) {
            throw new IllegalArgumentException(
                    "no process " + pid + " to enter: name the first process of a running container");
        }
        int inside = ids.get(ids.size() - 1);
        Map<Integer, Integer> namespaces = new LinkedHashMap<>();
        List<Integer> trees = new ArrayList<>();
        Processes.prepareToSpawn();
        try {
            open(namespaces, pid, Linux.CLONE_NEWNET, "net");
            open(namespaces, pid, Linux.CLONE_NEWUTS, "uts");
            open(namespaces, pid, Linux.CLONE_NEWIPC, "ipc");
            open(namespaces, pid, Linux.CLONE_NEWPID, "pid");
            open(namespaces, pid, Linux.CLONE_NEWNS, "mnt");
            for (String path : List.of("/", repository.toString(), staging.toString())) {
                trees.add(Linux.cloneTree(path, false));
            }
            ConfinedThread thread = ConfinedThread.start("container-" + pid, () -> {
                namespaces.forEach((type, descriptor) -> Linux.enter(descriptor, type));
                Linux.leave(Linux.CLONE_NEWNS);
                build(trees.get(0), trees.get(1), trees.get(2));
            });
            try {
                ContainerShell shell = thread.call(() -> ContainerShell.start(inside));
                ControlGroups.move(shell.pid(), pid);
                shell.enterProcesses();
                return new ContainerRoot(thread, shell, pid);
            } catch (RuntimeException failure) {
                thread.close();
                throw failure;
            }
        } finally {
            namespaces.values().forEach(Linux::closeDescriptor);
            trees.forEach(Linux::closeDescriptor);
        }
    }

    /**
     * Uses the root file system in which this JVM runs already: the container's own first process has started the
     * launcher by the toolkit's {@code launch} script, which builds the same layout (privileges: pod).
     */
    public static ContainerRoot here() {
        ConfinedThread thread = ConfinedThread.start("container", () -> {});
        ContainerShell shell = thread.call(() -> ContainerShell.start(1));
        shell.enterProcesses();
        return new ContainerRoot(thread, shell, 1);
    }

    private static void open(Map<Integer, Integer> namespaces, int pid, int type, String name) {
        namespaces.put(type, Linux.openDescriptor("/proc/" + pid + "/ns/" + name));
    }

    private static void build(int toolkit, int repository, int staging) {
        Linux.mountAt(null, "/", null, Linux.MS_REC | Linux.MS_PRIVATE, null);
        // Every container has a /proc; the mount covers it in this namespace alone.
        attachPrivately(toolkit, "/proc");
        Linux.pivotRoot("/proc", "/proc/old");
        Linux.changeRoot("/");
        Linux.mountAt("/old", ROOT_FILE_SYSTEM, null, Linux.MS_BIND, null);
        Linux.mountAt(null, ROOT_FILE_SYSTEM, null, Linux.MS_BIND | Linux.MS_REMOUNT, null);
        for (String directory : List.of("/proc", "/dev", "/sys")) {
            Linux.mountAt(CONTAINER + directory, directory, null, Linux.MS_BIND | Linux.MS_REC, null);
        }
        for (String directory : List.of("/tmp", "/run", WORK, IMAGES)) {
            Linux.mountAt("tmpfs", directory, "tmpfs", Linux.MS_NOSUID | Linux.MS_NODEV, "mode=0700");
        }
        attachPrivately(repository, REPOSITORY);
        attachPrivately(staging, STAGING);
    }

    /** A copy of a mount that is shared on the node would be, too, and could then not become a root. */
    private static void attachPrivately(int tree, String target) {
        Linux.attachTree(tree, target);
        Linux.mountAt(null, target, null, Linux.MS_PRIVATE, null);
    }

    /** The shell that runs CRIU in this root. */
    public ContainerShell shell() {
        return shell;
    }

    /** The container's first process, as this JVM sees it. */
    public int firstProcess() {
        return firstProcess;
    }

    /** Where {@code path} of this root is found by any thread of this JVM. */
    public Path seen(String path) {
        return Path.of(thread.place() + "/root" + path);
    }

    @Override
    public void close() {
        shell.close();
        thread.close();
    }

    /**
     * Moves a process into the control groups of another one, so that what it uses is charged to that container. By the eyes of
     * the node's first process: an agent in a container of its own sees no more than its own part of them.
     */
    private static final class ControlGroups {
        private static final Path NODE = Path.of("/proc/1");
        private static final Path MOUNT = NODE.resolve("root/sys/fs/cgroup");

        static void move(int pid, int to) {
            int view = Linux.openDescriptor(NODE.resolve("ns/cgroup").toString());
            try (ConfinedThread node =
                    ConfinedThread.start("control-groups", () -> Linux.enter(view, Linux.CLONE_NEWCGROUP))) {
                node.call(() -> join(pid, to));
            } finally {
                Linux.closeDescriptor(view);
            }
        }

        private static int join(int pid, int to) {
            Map<String, String> groups = Processes.controlGroups(to);
            int joined = 0;
            for (Map.Entry<String, String> each : groups.entrySet()) {
                Path group = directory(each.getKey())
                        .resolve(each.getValue().substring(1))
                        .resolve("cgroup.procs");
                try {
                    // A hierarchy that is not mounted limits nothing.
                    if (Files.exists(group)) {
                        Files.writeString(group, Integer.toString(pid));
                        joined++;
                    }
                } catch (IOException error) {
                    throw new UncheckedIOException("cannot join the control group " + group, error);
                }
            }
            if (joined == 0) {
                throw new IllegalStateException(
                        "none of the control groups " + groups + " of process " + to
                                + " is below /sys/fs/cgroup of the node, so that what is restored would have no limits; mount them there");
            }
            return joined;
        }

        private static Path directory(String controllers) {
            if (controllers.isEmpty()) {
                Path unified = MOUNT.resolve("unified");
                return Files.isDirectory(unified) ? unified : MOUNT;
            }
            return MOUNT.resolve(controllers.startsWith("name=") ? controllers.substring(5) : controllers);
        }
    }
}
