package domain.my.lpm.checkpoint.archive;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * System calls on files relative to an open directory, which Java lacks: names are bytes, and no link is ever followed.
 * Constants and structures: Linux {@code include/uapi/linux/{fcntl,stat}.h}; {@code struct dirent} of glibc, 64 bits.
 */
final class Posix {
    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_CREAT = 0100;
    static final int O_EXCL = 0200;
    static final int O_NONBLOCK = 04000;
    static final int O_CLOEXEC = 02000000;
    // These two differ between the architectures.
    static final int O_DIRECTORY = isArm64() ? 040000 : 0200000;
    static final int O_NOFOLLOW = isArm64() ? 0100000 : 0400000;

    static final int S_IFMT = 0170000;
    static final int S_IFDIR = 0040000;
    static final int S_IFCHR = 0020000;
    static final int S_IFREG = 0100000;
    static final int S_IFIFO = 0010000;
    static final int S_IFLNK = 0120000;

    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EBUSY = 16;
    static final int EEXIST = 17;
    static final int ENOTDIR = 20;
    static final int ELOOP = 40;

    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_REMOVEDIR = 0x200;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_AND_MOUNT = 0x17ff;
    private static final int NAME_OFFSET = 19;

    static {
        Native.register(Posix.class, "c");
    }

    private Posix() {}

    private static boolean isArm64() {
        return System.getProperty("os.arch").equals("aarch64");
    }

    private static native int openat(int directory, byte[] path, int flags, int mode) throws LastErrorException;

    private static native int close(int descriptor) throws LastErrorException;

    private static native long write(int descriptor, byte[] bytes, long length) throws LastErrorException;

    private static native long read(int descriptor, byte[] bytes, long length) throws LastErrorException;

    private static native int mkdirat(int directory, byte[] path, int mode) throws LastErrorException;

    private static native int symlinkat(byte[] target, int directory, byte[] path) throws LastErrorException;

    private static native int linkat(int from, byte[] old, int to, byte[] path, int flags) throws LastErrorException;

    private static native int mknodat(int directory, byte[] path, int mode, long device) throws LastErrorException;

    private static native int unlinkat(int directory, byte[] path, int flags) throws LastErrorException;

    private static native int fchownat(int directory, byte[] path, int uid, int gid, int flags)
            throws LastErrorException;

    private static native int fchmod(int descriptor, int mode) throws LastErrorException;

    private static native int fchmodat(int directory, byte[] path, int mode, int flags) throws LastErrorException;

    private static native int utimensat(int directory, byte[] path, long[] times, int flags) throws LastErrorException;

    private static native int statx(int directory, byte[] path, int flags, int mask, byte[] buffer)
            throws LastErrorException;

    private static native long readlinkat(int directory, byte[] path, byte[] buffer, long length)
            throws LastErrorException;

    private static native int fsetxattr(int descriptor, byte[] name, byte[] value, long size, int flags)
            throws LastErrorException;

    private static native long fgetxattr(int descriptor, byte[] name, byte @Nullable [] value, long size)
            throws LastErrorException;

    private static native long flistxattr(int descriptor, byte @Nullable [] list, long size) throws LastErrorException;

    private static native Pointer fdopendir(int descriptor) throws LastErrorException;

    private static native @Nullable Pointer readdir(Pointer directory) throws LastErrorException;

    private static native int closedir(Pointer directory) throws LastErrorException;

    /** A failed call. */
    static final class Failure extends IOException {
        private static final long serialVersionUID = 1L;

        private final int number;

        private Failure(String call, String name, LastErrorException cause) {
            super(call + " '" + EntryName.printable(name) + "': " + cause.getMessage(), cause);
            this.number = cause.getErrorCode();
        }

        /** The kernel's error number. */
        int number() {
            return number;
        }
    }

    /** What a file is; {@code mount} tells mounts apart, and is 0 on kernels before 5.8. */
    record Status(
            int mode,
            int links,
            long uid,
            long gid,
            long inode,
            long size,
            long seconds,
            int nanoseconds,
            long rawDevice,
            long device,
            long mount) {
        int type() {
            return mode & S_IFMT;
        }
    }

    private interface Call {
        long run();
    }

    private static long call(String what, String name, Call call) throws Failure {
        try {
            return call.run();
        } catch (LastErrorException problem) {
            throw new Failure(what, name, problem);
        }
    }

    /** One char for each byte, and the NUL that ends it. */
    private static byte[] bytes(String name) {
        return (name + "\0").getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Opens a path of the caller's, whose last part must not be a link. */
    static int openRoot(String path) throws Failure {
        byte[] bytes = (path + "\0").getBytes(StandardCharsets.UTF_8);
        return (int)
                call("open", path, () -> openat(AT_FDCWD, bytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
    }

    static int open(int directory, String name, int flags, int mode) throws Failure {
        return (int) call("open", name, () -> openat(directory, bytes(name), flags | O_NOFOLLOW | O_CLOEXEC, mode));
    }

    static int openDirectory(int directory, String name) throws Failure {
        return open(directory, name, O_RDONLY | O_DIRECTORY, 0);
    }

    static void closeQuietly(int descriptor) {
        try {
            close(descriptor);
        } catch (LastErrorException nothingLost) {
            // What was written has been written; the descriptor is gone either way.
            return;
        }
    }

    static void writeFully(int descriptor, byte[] bytes, int length) throws Failure {
        byte[] rest = bytes;
        int left = length;
        while (left > 0) {
            byte[] now = rest;
            int size = left;
            int count = (int) call("write", "", () -> write(descriptor, now, size));
            left -= count;
            if (left > 0) {
                rest = Arrays.copyOfRange(rest, count, count + left);
            }
        }
    }

    static int read(int descriptor, byte[] bytes) throws Failure {
        return (int) call("read", "", () -> read(descriptor, bytes, bytes.length));
    }

    static void makeDirectory(int directory, String name, int mode) throws Failure {
        call("mkdir", name, () -> mkdirat(directory, bytes(name), mode));
    }

    static void symbolicLink(String target, int directory, String name) throws Failure {
        call("symlink", name, () -> symlinkat(bytes(target), directory, bytes(name)));
    }

    static void hardLink(int from, String old, int directory, String name) throws Failure {
        call("link", name, () -> linkat(from, bytes(old), directory, bytes(name), 0));
    }

    static void makeFifo(int directory, String name) throws Failure {
        call("mkfifo", name, () -> mknodat(directory, bytes(name), S_IFIFO | 0600, 0));
    }

    static void unlink(int directory, String name, boolean isDirectory) throws Failure {
        call("unlink", name, () -> unlinkat(directory, bytes(name), isDirectory ? AT_REMOVEDIR : 0));
    }

    static void owner(int directory, String name, long uid, long gid) throws Failure {
        call("chown", name, () -> fchownat(directory, bytes(name), (int) uid, (int) gid, AT_SYMLINK_NOFOLLOW));
    }

    static void mode(int descriptor, int mode) throws Failure {
        call("chmod", "", () -> fchmod(descriptor, mode));
    }

    /** The mode of a name that is known not to be a link. */
    static void mode(int directory, String name, int mode) throws Failure {
        call("chmod", name, () -> fchmodat(directory, bytes(name), mode, 0));
    }

    static void time(int directory, String name, long seconds, int nanoseconds) throws Failure {
        long[] times = {seconds, nanoseconds, seconds, nanoseconds};
        call("utimes", name, () -> utimensat(directory, bytes(name), times, AT_SYMLINK_NOFOLLOW));
    }

    /** What the name is, or null if there is nothing; an empty name is the directory itself. */
    static @Nullable Status status(int directory, String name) throws Failure {
        byte[] raw = new byte[256];
        try {
            statx(directory, bytes(name), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_BASIC_AND_MOUNT, raw);
        } catch (LastErrorException problem) {
            if (problem.getErrorCode() == ENOENT) {
                return null;
            }
            throw new Failure("stat", name, problem);
        }
        ByteBuffer stat = ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
        return new Status(
                stat.getShort(28) & 0xffff,
                stat.getInt(16),
                Integer.toUnsignedLong(stat.getInt(20)),
                Integer.toUnsignedLong(stat.getInt(24)),
                stat.getLong(32),
                stat.getLong(40),
                stat.getLong(112),
                stat.getInt(120),
                stat.getLong(128),
                stat.getLong(136),
                stat.getLong(144));
    }

    static String readLink(int directory, String name) throws Failure {
        byte[] buffer = new byte[4097];
        long length = call("readlink", name, () -> readlinkat(directory, bytes(name), buffer, buffer.length));
        return new String(buffer, 0, (int) length, StandardCharsets.ISO_8859_1);
    }

    static void setAttribute(int descriptor, String name, String value) throws Failure {
        byte[] content = value.getBytes(StandardCharsets.ISO_8859_1);
        call("setxattr", name, () -> fsetxattr(descriptor, bytes(name), content, content.length, 0));
    }

    /** An attribute's value, or null where there is none or attributes are not known. */
    static @Nullable String attribute(int descriptor, String name) {
        byte[] value = new byte[1 << 16];
        try {
            long length = fgetxattr(descriptor, bytes(name), value, value.length);
            return new String(value, 0, (int) length, StandardCharsets.ISO_8859_1);
        } catch (LastErrorException none) {
            return null;
        }
    }

    static List<String> attributes(int descriptor) {
        byte[] list = new byte[1 << 16];
        int length;
        try {
            length = (int) flistxattr(descriptor, list, list.length);
        } catch (LastErrorException unsupported) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < length; i++) {
            if (list[i] == 0) {
                names.add(new String(list, start, i - start, StandardCharsets.ISO_8859_1));
                start = i + 1;
            }
        }
        return names;
    }

    /** The names in a directory, in order of their bytes; the descriptor must have been opened for this. */
    static List<String> list(int directory) throws Failure {
        int copy = openDirectory(directory, ".");
        List<String> names = new ArrayList<>();
        Pointer stream;
        try {
            stream = fdopendir(copy);
        } catch (LastErrorException problem) {
            closeQuietly(copy);
            throw new Failure("opendir", "", problem);
        }
        try {
            @Nullable Pointer entry;
            while ((entry = readdir(stream)) != null) {
                String name = entry.getString(NAME_OFFSET, "ISO-8859-1");
                if (!name.equals(".") && !name.equals("..")) {
                    names.add(name);
                }
            }
        } catch (LastErrorException problem) {
            throw new Failure("readdir", "", problem);
        } finally {
            closedir(stream);
        }
        names.sort(null);
        return names;
    }
}
