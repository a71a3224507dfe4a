package domain.my.lpm.launcher.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * System calls that exist on Linux alone. Every method acts on the calling thread, as the kernel does: a thread that has
 * called {@link #unshare} with {@link #CLONE_FS} has a root and mount namespace of its own, apart from the other threads
 * of this JVM. Failures are {@link SystemCallException}, with the call and the kernel's error number.
 *
 * <p>Constants and call numbers: Linux {@code include/uapi/linux/{sched,mount,prctl}.h} and {@code asm/unistd.h}.
 */
public final class Linux {
    /** Share no root and working directory with other threads. */
    public static final int CLONE_FS = 0x00000200;
    /** A mount namespace. */
    public static final int CLONE_NEWNS = 0x00020000;
    /** A control group namespace. */
    public static final int CLONE_NEWCGROUP = 0x02000000;
    /** A UTS (host name) namespace. */
    public static final int CLONE_NEWUTS = 0x04000000;
    /** A System V IPC and POSIX message queue namespace. */
    public static final int CLONE_NEWIPC = 0x08000000;
    /** A PID namespace; it takes effect for children only. */
    public static final int CLONE_NEWPID = 0x20000000;
    /** A network namespace. */
    public static final int CLONE_NEWNET = 0x40000000;

    /** Read-only mount. */
    public static final long MS_RDONLY = 1;
    /** Ignore set-user-id bits on the mount. */
    public static final long MS_NOSUID = 2;
    /** No device files on the mount. */
    public static final long MS_NODEV = 4;
    /** Change the flags of an existing mount. */
    public static final long MS_REMOUNT = 32;
    /** Bind an existing tree. */
    public static final long MS_BIND = 4096;
    /** Apply to the whole tree of mounts. */
    public static final long MS_REC = 16384;
    /** Receive and send no mount events. */
    public static final long MS_PRIVATE = 1 << 18;

    /** Detach a busy mount now, release it when it is no longer used. */
    public static final int MNT_DETACH = 2;

    private static final int OPEN_TREE_CLONE = 1;
    private static final int OPEN_TREE_CLOEXEC = 0x80000;
    private static final int AT_FDCWD = -100;
    private static final int AT_RECURSIVE = 0x8000;
    private static final int MOVE_MOUNT_F_EMPTY_PATH = 0x00000004;
    private static final int O_CLOEXEC = 0x80000;

    private static final int O_WRONLY = 1;
    private static final int O_NONBLOCK = 0x800;
    /** No such device or address: nobody reads the pipe. */
    private static final int ENXIO = 6;
    /** Broken pipe: nobody reads it any more. */
    private static final int EPIPE = 32;

    private static final int SOL_SOCKET = 1;
    private static final int SO_REUSEADDR = 2;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_REPAIR = 19;

    private static final int PR_SET_CHILD_SUBREAPER = 36;

    private static final long CALL_OPEN_TREE = 428;
    private static final long CALL_MOVE_MOUNT = 429;
    private static final long CALL_PIDFD_OPEN = 434;
    private static final long CALL_CLOSE_RANGE = 436;
    private static final long CALL_PIDFD_GETFD = 438;
    private static final long CLOSE_RANGE_CLOEXEC = 4;
    private static final long ALL_DESCRIPTORS = 0xffff_ffffL;
    private static final long CALL_PIVOT_ROOT = isArm64() ? 41 : 155;

    static {
        Native.register(Linux.class, "c");
    }

    private Linux() {}

    private static boolean isArm64() {
        return System.getProperty("os.arch").equals("aarch64");
    }

    private static native int open(String path, int flags) throws LastErrorException;

    private static native int close(int descriptor) throws LastErrorException;

    private static native NativeLong write(int descriptor, byte[] bytes, NativeLong count) throws LastErrorException;

    private static native int unshare(int flags) throws LastErrorException;

    private static native int setns(int descriptor, int type) throws LastErrorException;

    private static native int mount(
            @Nullable String source, String target, @Nullable String type, NativeLong flags, @Nullable String data)
            throws LastErrorException;

    private static native int umount2(String target, int flags) throws LastErrorException;

    private static native int chroot(String path) throws LastErrorException;

    private static native int chdir(String path) throws LastErrorException;

    private static native int prctl(int option, NativeLong a, NativeLong b, NativeLong c, NativeLong d)
            throws LastErrorException;

    private static native int sigqueue(int pid, int signal, Pointer value) throws LastErrorException;

    private static native int getsockopt(int descriptor, int level, int name, int[] value, int[] length)
            throws LastErrorException;

    private static native int setsockopt(int descriptor, int level, int name, int[] value, int length)
            throws LastErrorException;

    private static native NativeLong syscall(NativeLong number, NativeLong a, String b, NativeLong c)
            throws LastErrorException;

    private static native NativeLong syscall(NativeLong number, NativeLong a, NativeLong b, NativeLong c)
            throws LastErrorException;

    private static native NativeLong syscall(NativeLong number, String a, String b) throws LastErrorException;

    private static native NativeLong syscall(
            NativeLong number, NativeLong a, String b, NativeLong c, String d, NativeLong e) throws LastErrorException;

    /** Opens a path read-only and close-on-exec; the caller closes the descriptor with {@link #closeDescriptor}. */
    public static int openDescriptor(String path) {
        return check("open " + path, () -> open(path, O_CLOEXEC));
    }

    /** Closes a descriptor that {@link #openDescriptor} or {@link #cloneTree} returned. */
    public static void closeDescriptor(int descriptor) {
        check("close", () -> close(descriptor));
    }

    /**
     * Writes into a named pipe that somebody has open for reading.
     *
     * @param bytes at most 4096, so that they arrive in one piece; none only asks whether somebody is there
     * @return whether somebody has it open
     */
    public static boolean writePipe(String path, byte[] bytes) {
        int pipe;
        try {
            pipe = check("open " + path, () -> open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        } catch (SystemCallException nobody) {
            if (nobody.errorNumber() == ENXIO) {
                return false;
            }
            throw nobody;
        }
        try {
            if (bytes.length > 0) {
                check(
                        "write " + path,
                        () -> write(pipe, bytes, new NativeLong(bytes.length)).intValue());
            }
            return true;
        } catch (SystemCallException broken) {
            if (broken.errorNumber() == EPIPE) {
                return false;
            }
            throw broken;
        } finally {
            closeDescriptor(pipe);
        }
    }

    /** Makes every descriptor of this process but the standard ones vanish from processes it starts. */
    public static void closeDescriptorsOnExec() {
        check(
                "close_range",
                () -> syscall(
                                new NativeLong(CALL_CLOSE_RANGE),
                                new NativeLong(3),
                                new NativeLong(ALL_DESCRIPTORS),
                                new NativeLong(CLOSE_RANGE_CLOEXEC))
                        .intValue());
    }

    /** Leaves what {@code flags} names for something of the calling thread's own. */
    public static void leave(int flags) {
        check("unshare 0x" + Integer.toHexString(flags), () -> unshare(flags));
    }

    /** Moves the calling thread into the namespace behind {@code descriptor}, which must be of type {@code type}. */
    public static void enter(int descriptor, int type) {
        check("setns 0x" + Integer.toHexString(type), () -> setns(descriptor, type));
    }

    /** {@code mount(2)}; the meaning of a null depends on the flags. */
    public static void mountAt(
            @Nullable String source, String target, @Nullable String type, long flags, @Nullable String data) {
        check("mount on " + target, () -> mount(source, target, type, new NativeLong(flags), data));
    }

    /** Takes a mount out of the tree even while it is in use. */
    public static void detach(String target) {
        check("unmount " + target, () -> umount2(target, MNT_DETACH));
    }

    /** Makes {@code path} the root and the working directory of the calling thread. */
    public static void changeRoot(String path) {
        check("chroot " + path, () -> chroot(path));
        changeDirectory("/");
    }

    /** Changes the working directory of the calling thread. */
    public static void changeDirectory(String path) {
        check("chdir " + path, () -> chdir(path));
    }

    /** Exchanges the root of the mount namespace; the old root comes to lie at {@code oldRoot}, below the new one. */
    public static void pivotRoot(String newRoot, String oldRoot) {
        check(
                "pivot_root " + newRoot,
                () -> syscall(new NativeLong(CALL_PIVOT_ROOT), newRoot, oldRoot).intValue());
    }

    /**
     * Copies the mount at {@code path} into a descriptor, so that it can be attached in another mount namespace.
     *
     * @param recursive whether mounts below it come along
     */
    public static int cloneTree(String path, boolean recursive) {
        long flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
        return check(
                "open_tree " + path,
                () -> syscall(new NativeLong(CALL_OPEN_TREE), new NativeLong(AT_FDCWD), path, new NativeLong(flags))
                        .intValue());
    }

    /** Attaches a tree that {@link #cloneTree} copied. */
    public static void attachTree(int tree, String target) {
        check(
                "move_mount to " + target,
                () -> syscall(
                                new NativeLong(CALL_MOVE_MOUNT),
                                new NativeLong(tree),
                                "",
                                new NativeLong(AT_FDCWD),
                                target,
                                new NativeLong(MOVE_MOUNT_F_EMPTY_PATH))
                        .intValue());
    }

    /** Makes this process the parent of descendants whose own parent ends. */
    public static void becomeSubreaper() {
        NativeLong zero = new NativeLong(0);
        check("prctl PR_SET_CHILD_SUBREAPER", () -> prctl(PR_SET_CHILD_SUBREAPER, new NativeLong(1), zero, zero, zero));
    }

    /** A descriptor of the process of that id, which {@link #copyDescriptor} takes. */
    public static int openProcess(int pid) {
        NativeLong zero = new NativeLong(0);
        return check(
                "pidfd_open " + pid,
                () -> syscall(new NativeLong(CALL_PIDFD_OPEN), new NativeLong(pid), zero, zero)
                        .intValue());
    }

    /** Copies a descriptor of another process, see pidfd_getfd(2), into this one; it is close-on-exec. */
    public static int copyDescriptor(int process, int descriptor) {
        return check(
                "pidfd_getfd " + descriptor,
                () -> syscall(
                                new NativeLong(CALL_PIDFD_GETFD),
                                new NativeLong(process),
                                new NativeLong(descriptor),
                                new NativeLong(0))
                        .intValue());
    }

    /** Whether a socket is one of TCP that is in repair mode, see TCP_REPAIR of Linux's {@code net/ipv4/tcp.c}. */
    public static boolean isInRepair(int socket) {
        int[] mode = {0};
        try {
            return getsockopt(socket, IPPROTO_TCP, TCP_REPAIR, mode, new int[] {Integer.BYTES}) == 0 && mode[0] == 1;
        } catch (LastErrorException otherProtocol) {
            return false;
        }
    }

    /**
     * Takes a TCP socket out of repair mode. It makes itself known to its peer, so that what got lost meanwhile is sent
     * again. The mode has cost it its SO_REUSEADDR, which is set: without, a server could not listen once more on the
     * port of its own connections.
     */
    public static void endRepair(int socket) {
        check("setsockopt TCP_REPAIR", () -> setsockopt(socket, IPPROTO_TCP, TCP_REPAIR, new int[] {0}, Integer.BYTES));
        check(
                "setsockopt SO_REUSEADDR",
                () -> setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, new int[] {1}, Integer.BYTES));
    }

    /** Queues a signal that carries a number; see sigqueue(3). */
    public static void queueSignal(int pid, int signal, int value) {
        check("sigqueue " + signal + " to " + pid, () -> sigqueue(pid, signal, new Pointer(value)));
    }

    private interface Call {
        int run() throws LastErrorException;
    }

    private static int check(String what, Call call) {
        try {
            return call.run();
        } catch (LastErrorException error) {
            throw new SystemCallException(what, error.getErrorCode(), error);
        }
    }
}
