package domain.my.lpm.checkpoint.archive;

import domain.my.lpm.checkpoint.archive.TarEntry.Type;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A directory that trees of files are written to and read from. No symbolic link on a path is followed, and no other
 * mount below the directory is entered. Names are bytes, one for each char.
 */
final class FileTree implements Closeable {
    private static final int MAXIMUM_DEPTH = 256;
    private static final int BUFFER = 1 << 17;

    private final String thing;
    private final int root;
    private final long rootMount;
    private final Set<String> written = new HashSet<>();
    private final List<String> skipped = new ArrayList<>();
    private final Map<String, TarEntry> directoryTimes = new HashMap<>();
    private final List<String> directoryOrder = new ArrayList<>();
    private String parentPath = "";
    private int parent = -1;

    /**
     * Opens a directory.
     *
     * @param thing what is read or written, for messages
     */
    FileTree(String thing, Path directory) throws IOException {
        this.thing = thing;
        this.root = Posix.openRoot(directory.toAbsolutePath().toString());
        this.rootMount = mount(Objects.requireNonNull(Posix.status(root, "")));
    }

    /** The paths that were left as they were because a mount is at or above them. */
    List<String> skipped() {
        return List.copyOf(skipped);
    }

    /** How many entries have been written. */
    int writtenCount() {
        return written.size();
    }

    /** Creates or replaces what the entry describes. */
    void write(String path, TarEntry entry, InputStream content) throws IOException {
        String name = prepare(path);
        if (name == null) {
            return;
        }
        try {
            if (path.isEmpty()) {
                if (entry.type() != Type.DIRECTORY) {
                    throw unsafe("the root is no directory in the archive");
                }
                describe(root, "", entry, true);
                return;
            }
            written.add(path);
            Posix.@Nullable Status present = Posix.status(parent, name);
            if (present != null && mount(present) != rootMount) {
                skipped.add(path);
                return;
            }
            boolean keep = present != null && present.type() == Posix.S_IFDIR && entry.type() == Type.DIRECTORY;
            if (present != null && !keep) {
                remove(parent, name, present, 0);
            }
            create(path, name, entry, content, keep);
        } catch (Posix.Failure problem) {
            if (problem.number() != Posix.EBUSY) {
                throw problem;
            }
            skipped.add(path);
        }
    }

    private void create(String path, String name, TarEntry entry, InputStream content, boolean keep)
            throws IOException {
        switch (entry.type()) {
            case FILE -> {
                int file = Posix.open(parent, name, Posix.O_WRONLY | Posix.O_CREAT | Posix.O_EXCL, 0600);
                try {
                    byte[] buffer = new byte[(int) Math.min(BUFFER, Math.max(1, entry.size()))];
                    int count;
                    while ((count = content.read(buffer, 0, buffer.length)) >= 0) {
                        Posix.writeFully(file, buffer, count);
                    }
                    describe(file, name, entry, true);
                } finally {
                    Posix.closeQuietly(file);
                }
            }
            case DIRECTORY -> {
                if (!keep) {
                    Posix.makeDirectory(parent, name, 0700);
                }
                int directory = Posix.openDirectory(parent, name);
                try {
                    describe(directory, name, entry, true);
                } finally {
                    Posix.closeQuietly(directory);
                }
                directoryTimes.put(path, entry);
                directoryOrder.add(path);
            }
            case SYMBOLIC_LINK -> {
                Posix.symbolicLink(entry.linkName(), parent, name);
                describe(-1, name, entry, false);
            }
            case FIFO -> {
                Posix.makeFifo(parent, name);
                describe(-1, name, entry, false);
            }
            case HARD_LINK -> hardLink(name, entry);
            case CHARACTER_DEVICE, BLOCK_DEVICE -> throw unsafe("'" + EntryName.printable(path) + "' is a device");
        }
    }

    private void hardLink(String name, TarEntry entry) throws IOException {
        String target = path(thing, entry.linkName());
        int slash = target.lastIndexOf('/');
        int directory = walk(slash < 0 ? "" : target.substring(0, slash), false);
        if (directory < 0) {
            throw unsafe("the link '" + EntryName.printable(entry.name()) + "' leads to nothing");
        }
        try {
            String old = target.substring(slash + 1);
            Posix.@Nullable Status status = Posix.status(directory, old);
            if (status == null || status.type() == Posix.S_IFDIR || mount(status) != rootMount) {
                throw unsafe("the link '" + EntryName.printable(entry.name()) + "' leads to no file");
            }
            Posix.hardLink(directory, old, parent, name);
        } finally {
            Posix.closeQuietly(directory);
        }
    }

    /** Deletes what is at the path, a directory with all in it; nothing where there is nothing. */
    void delete(String path) throws IOException {
        if (path.isEmpty()) {
            throw unsafe("the root is to be deleted");
        }
        int slash = path.lastIndexOf('/');
        String name = path.substring(slash + 1);
        int directory = walk(slash < 0 ? "" : path.substring(0, slash), false);
        if (directory < 0) {
            return;
        }
        try {
            Posix.@Nullable Status status = Posix.status(directory, name);
            if (status == null) {
                return;
            }
            if (mount(status) != rootMount) {
                skipped.add(path);
                return;
            }
            remove(directory, name, status, 0);
            forgetParent();
        } catch (Posix.Failure problem) {
            if (problem.number() != Posix.EBUSY) {
                throw problem;
            }
            skipped.add(path);
        } finally {
            Posix.closeQuietly(directory);
        }
    }

    /** Deletes what is in a directory but for what has been written here. */
    void clear(String path) throws IOException {
        int directory = walk(path, false);
        if (directory < 0) {
            return;
        }
        try {
            Set<String> kept = new HashSet<>();
            for (String entry : written) {
                for (int slash = entry.indexOf('/'); slash >= 0; slash = entry.indexOf('/', slash + 1)) {
                    kept.add(entry.substring(0, slash));
                }
                kept.add(entry);
            }
            clear(path, directory, kept, 0);
        } finally {
            Posix.closeQuietly(directory);
        }
    }

    private void clear(String path, int directory, Set<String> kept, int depth) throws IOException {
        requireDepth(depth);
        for (String name : Posix.list(directory)) {
            String child = path.isEmpty() ? name : path + "/" + name;
            Posix.@Nullable Status status = Posix.status(directory, name);
            if (status == null) {
                continue;
            }
            if (mount(status) != rootMount) {
                skipped.add(child);
            } else if (!kept.contains(child)) {
                remove(directory, name, status, depth);
            } else if (status.type() == Posix.S_IFDIR) {
                int below = Posix.openDirectory(directory, name);
                try {
                    clear(child, below, kept, depth + 1);
                } finally {
                    Posix.closeQuietly(below);
                }
            }
        }
    }

    private void remove(int directory, String name, Posix.Status status, int depth) throws IOException {
        requireDepth(depth);
        if (status.type() != Posix.S_IFDIR) {
            Posix.unlink(directory, name, false);
            return;
        }
        int below = Posix.openDirectory(directory, name);
        try {
            for (String child : Posix.list(below)) {
                Posix.@Nullable Status found = Posix.status(below, child);
                if (found != null && mount(found) != rootMount) {
                    throw new IOException("a mount is at " + EntryName.printable(name + "/" + child));
                }
                if (found != null) {
                    remove(below, child, found, depth + 1);
                }
            }
        } finally {
            Posix.closeQuietly(below);
        }
        Posix.unlink(directory, name, true);
    }

    /** Gives directories the times that writing into them has changed. */
    void finish() throws IOException {
        for (int i = directoryOrder.size() - 1; i >= 0; i--) {
            String path = directoryOrder.get(i);
            TarEntry entry = Objects.requireNonNull(directoryTimes.get(path));
            int slash = path.lastIndexOf('/');
            int directory = walk(slash < 0 ? "" : path.substring(0, slash), false);
            if (directory < 0) {
                continue;
            }
            try {
                String name = path.substring(slash + 1);
                Posix.@Nullable Status status = Posix.status(directory, name);
                if (status != null && status.type() == Posix.S_IFDIR && mount(status) == rootMount) {
                    Posix.time(directory, name, entry.modifiedSeconds(), entry.modifiedNanoseconds());
                }
            } finally {
                Posix.closeQuietly(directory);
            }
        }
    }

    /** Opens the parent of a path, making directories as needed; the name in it, or null where a mount is above. */
    private @Nullable String prepare(String path) throws IOException {
        int slash = path.lastIndexOf('/');
        String above = slash < 0 ? "" : path.substring(0, slash);
        if (parent < 0 || !above.equals(parentPath)) {
            forgetParent();
            parent = walk(above, true);
            if (parent < 0) {
                skipped.add(path);
                return null;
            }
            parentPath = above;
        }
        return path.substring(slash + 1);
    }

    private void forgetParent() {
        if (parent >= 0) {
            Posix.closeQuietly(parent);
            parent = -1;
        }
    }

    /** Opens a directory part by part; -1 where it is not there and not to be made, or where a mount is on the way. */
    private int walk(String path, boolean make) throws IOException {
        int current = Posix.openDirectory(root, ".");
        int start = 0;
        try {
            while (start < path.length()) {
                int end = path.indexOf('/', start);
                String name = path.substring(start, end < 0 ? path.length() : end);
                start = end < 0 ? path.length() : end + 1;
                Posix.@Nullable Status status = Posix.status(current, name);
                if (status == null && make) {
                    Posix.makeDirectory(current, name, 0755);
                } else if (status == null || mount(status) != rootMount) {
                    Posix.closeQuietly(current);
                    return -1;
                } else if (status.type() != Posix.S_IFDIR) {
                    throw unsafe("on the path '" + EntryName.printable(path) + "', '" + EntryName.printable(name)
                            + "' is no directory");
                }
                int next = Posix.openDirectory(current, name);
                Posix.closeQuietly(current);
                current = next;
            }
            return current;
        } catch (IOException | RuntimeException problem) {
            Posix.closeQuietly(current);
            throw problem;
        }
    }

    /** Owner first: the kernel drops set-id bits and file capabilities when the owner changes. */
    private void describe(int descriptor, String name, TarEntry entry, boolean open) throws IOException {
        int in = parent < 0 ? root : parent;
        boolean owned = true;
        try {
            Posix.owner(in, name.isEmpty() ? "." : name, entry.uid(), entry.gid());
        } catch (Posix.Failure problem) {
            if (problem.number() != Posix.EPERM) {
                throw problem;
            }
            owned = false;
        }
        if (open) {
            Posix.mode(descriptor, owned ? entry.mode() : entry.mode() & 01777);
            for (Map.Entry<String, String> attribute :
                    entry.extendedAttributes().entrySet()) {
                setAttribute(descriptor, attribute.getKey(), attribute.getValue());
            }
        } else if (entry.type() == Type.FIFO) {
            Posix.mode(in, name, entry.mode() & 01777);
        }
        if (!name.isEmpty()) {
            Posix.time(in, name, entry.modifiedSeconds(), entry.modifiedNanoseconds());
        }
    }

    /** The attributes of applications and of their rights; not those of overlayfs and security modules. */
    private static boolean isCarried(String attribute) {
        return attribute.startsWith("user.")
                || attribute.equals("security.capability")
                || attribute.equals("system.posix_acl_access")
                || attribute.equals("system.posix_acl_default");
    }

    private static void setAttribute(int descriptor, String name, String value) {
        if (!isCarried(name) || name.startsWith("user.overlay.")) {
            return;
        }
        try {
            Posix.setAttribute(descriptor, name, value);
        } catch (Posix.Failure unsupported) {
            // As far as the file system and this process' rights allow.
            return;
        }
    }

    /** What reading a tree finds beside plain entries. */
    interface Visitor {
        /** A whiteout of overlayfs. */
        void deleted(String path);

        /** A directory that hides what is below it in lower layers. */
        void opaque(String path) throws IOException;
    }

    /** Writes all of the directory, itself included, as a tar stream. */
    void read(TarWriter tar, Visitor visitor) throws IOException {
        int directory = Posix.openDirectory(root, ".");
        try {
            Posix.Status status = Objects.requireNonNull(Posix.status(directory, ""));
            tar.put(entry("./", Type.DIRECTORY, status, 0, "", attributes(directory)));
            read("", directory, tar, visitor, new HashMap<>(), 0);
        } finally {
            Posix.closeQuietly(directory);
        }
    }

    private void read(String path, int directory, TarWriter tar, Visitor visitor, Map<String, String> links, int depth)
            throws IOException {
        requireDepth(depth);
        for (String name : Posix.list(directory)) {
            String child = path.isEmpty() ? name : path + "/" + name;
            Posix.@Nullable Status status = Posix.status(directory, name);
            if (status == null || mount(status) != rootMount) {
                continue;
            }
            if (status.links() > 1 && status.type() != Posix.S_IFDIR && status.type() != Posix.S_IFCHR) {
                @Nullable String first = links.putIfAbsent(status.device() + ":" + status.inode(), child);
                if (first != null) {
                    tar.put(entry(child, Type.HARD_LINK, status, 0, first, Map.of()));
                    continue;
                }
            }
            switch (status.type()) {
                case Posix.S_IFREG -> readFile(child, name, directory, tar);
                case Posix.S_IFDIR -> {
                    int below = Posix.openDirectory(directory, name);
                    try {
                        tar.put(entry(child + "/", Type.DIRECTORY, status, 0, "", attributes(below)));
                        if ("y".equals(Posix.attribute(below, "trusted.overlay.opaque"))
                                || "y".equals(Posix.attribute(below, "user.overlay.opaque"))) {
                            visitor.opaque(child);
                        }
                        read(child, below, tar, visitor, links, depth + 1);
                    } finally {
                        Posix.closeQuietly(below);
                    }
                }
                case Posix.S_IFLNK ->
                    tar.put(entry(child, Type.SYMBOLIC_LINK, status, 0, Posix.readLink(directory, name), Map.of()));
                case Posix.S_IFIFO -> tar.put(entry(child, Type.FIFO, status, 0, "", Map.of()));
                case Posix.S_IFCHR -> {
                    if (status.rawDevice() == 0) {
                        visitor.deleted(child);
                    }
                }
                default -> {
                    // Sockets end with their process, and devices are the runtime's to make.
                }
            }
        }
    }

    private void readFile(String path, String name, int directory, TarWriter tar) throws IOException {
        int file = Posix.open(directory, name, Posix.O_RDONLY | Posix.O_NONBLOCK, 0);
        try {
            Posix.Status status = Objects.requireNonNull(Posix.status(file, ""));
            tar.put(entry(path, Type.FILE, status, status.size(), "", attributes(file)));
            byte[] buffer = new byte[BUFFER];
            long left = status.size();
            while (left > 0) {
                int count = Posix.read(file, buffer);
                if (count <= 0) {
                    throw new CheckpointException(
                            Reason.TRUNCATED,
                            thing,
                            "'" + EntryName.printable(path) + "' became shorter while it was read",
                            "hold the application while its files are read");
                }
                int used = (int) Math.min(count, left);
                tar.content().write(buffer, 0, used);
                left -= used;
            }
            tar.pad(status.size());
        } finally {
            Posix.closeQuietly(file);
        }
    }

    private static Map<String, String> attributes(int descriptor) {
        Map<String, String> attributes = new HashMap<>();
        for (String name : Posix.attributes(descriptor)) {
            if (isCarried(name) && !name.startsWith("user.overlay.")) {
                @Nullable String value = Posix.attribute(descriptor, name);
                if (value != null) {
                    attributes.put(name, value);
                }
            }
        }
        return attributes;
    }

    private static TarEntry entry(
            String name, Type type, Posix.Status status, long size, String link, Map<String, String> attributes) {
        return new TarEntry(
                name,
                type,
                size,
                status.mode() & 07777,
                status.uid(),
                status.gid(),
                status.seconds(),
                status.nanoseconds(),
                link,
                0,
                0,
                attributes);
    }

    /**
     * Makes a path of an entry relative and plain; its bytes may be any but NUL.
     *
     * @return the path, empty for the root
     */
    static String path(String thing, String name) {
        String rest = name;
        while (rest.startsWith("./")) {
            rest = rest.substring(2);
        }
        while (rest.endsWith("/")) {
            rest = rest.substring(0, rest.length() - 1);
        }
        if (rest.isEmpty() ? name.startsWith("./") : rest.equals(".")) {
            return "";
        }
        int depth = 0;
        boolean plain = !rest.isEmpty() && rest.indexOf('\0') < 0;
        for (String segment : rest.split("/", -1)) {
            plain &= !segment.isEmpty() && !segment.equals(".") && !segment.equals("..") && segment.length() <= 255;
            depth++;
        }
        if (!plain || depth > MAXIMUM_DEPTH) {
            throw new CheckpointException(
                    Reason.UNSAFE_ENTRY,
                    thing,
                    "the path '" + EntryName.printable(name) + "' is absolute, leads elsewhere or is too deep",
                    "refuse the checkpoint unless its origin is certain");
        }
        return rest;
    }

    private void requireDepth(int depth) {
        if (depth > MAXIMUM_DEPTH) {
            throw new CheckpointException(
                    Reason.TOO_LARGE,
                    thing,
                    "directories are nested more than " + MAXIMUM_DEPTH + " deep",
                    "flatten them before the checkpoint");
        }
    }

    private static long mount(Posix.Status status) {
        return status.mount() != 0 ? status.mount() : status.device();
    }

    private CheckpointException unsafe(String problem) {
        return new CheckpointException(
                Reason.UNSAFE_ENTRY, thing, problem, "refuse the checkpoint unless its origin is certain");
    }

    @Override
    public void close() {
        forgetParent();
        Posix.closeQuietly(root);
    }
}
