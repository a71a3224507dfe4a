package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.FileEntry;
import domain.my.lpm.checkpoint.image.proto.InetSocketEntry;
import domain.my.lpm.checkpoint.image.proto.InotifyWatchEntry;
import domain.my.lpm.checkpoint.image.proto.RegularFileEntry;
import domain.my.lpm.checkpoint.image.proto.UnixSocketEntry;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An open file description in the dump, from files.img. Descriptors, memory mappings and remapped paths refer to it by
 * its id.
 */
public sealed interface OpenFile {
    /** The number CRIU gave it in this dump. */
    long id();

    /**
     * A file, directory or device with a path.
     *
     * @param path as the dumped mount namespace shows it
     * @param size in bytes at the dump, -1 if not recorded
     * @param mode its type and permissions, as st_mode; 0 if not recorded
     * @param mount the id of the mount it is on, -1 if not recorded
     * @param external whether the restore must supply it
     */
    record RegularFile(long id, String path, long size, int mode, int mount, boolean external) implements OpenFile {
        private static final int TYPE = 0170000;

        /** Whether it is a character or block device. */
        public boolean isDevice() {
            return (mode & TYPE) == 0020000 || (mode & TYPE) == 0060000;
        }
    }

    /**
     * A socket of IPv4 or IPv6.
     *
     * @param inode the number under which the connection's own image is filed
     * @param type the SOCK_* number
     * @param protocol the IPPROTO_* number
     * @param state the TCP_* number of Linux's net/tcp_states.h
     * @param remotePort 0 if not connected
     */
    record InetSocket(
            long id,
            long inode,
            int type,
            int protocol,
            int state,
            InetAddress localAddress,
            int localPort,
            InetAddress remoteAddress,
            int remotePort)
            implements OpenFile {
        static final int ESTABLISHED = 1;
        static final int SYN_SENT = 2;
        static final int FIN_WAIT1 = 4;
        static final int FIN_WAIT2 = 5;
        static final int CLOSE = 7;
        static final int CLOSE_WAIT = 8;
        static final int LAST_ACK = 9;
        static final int LISTEN = 10;
        static final int CLOSING = 11;

        private static final int IPPROTO_TCP = 6;

        /** Whether it is TCP. */
        public boolean isTcp() {
            return protocol == IPPROTO_TCP;
        }

        /** Whether it is a TCP connection, in any state between the first and the last packet. */
        public boolean isConnection() {
            return isTcp() && state != CLOSE && state != LISTEN;
        }

        /** Its own address and port. */
        public String local() {
            return endpoint(localAddress, localPort);
        }

        /** Address and port of the other end. */
        public String remote() {
            return endpoint(remoteAddress, remotePort);
        }

        /** Address and port as a URI writes them. */
        private static String endpoint(InetAddress address, int port) {
            String text = address.getHostAddress();
            // RFC 5952 writes the first of the longest runs of zeros as "::"; any run of two will do here.
            return address instanceof Inet6Address
                    ? "[" + text.replaceFirst("(^|:)(0(:|$)){2,}", "::") + "]:" + port
                    : text + ":" + port;
        }
    }

    /**
     * A socket of the Unix domain.
     *
     * @param inode its number
     * @param type the SOCK_* number
     * @param state the TCP_* number of Linux's net/tcp_states.h
     * @param name the path, or {@code @} and the abstract name; empty if unnamed
     * @param peer the inode of the socket it is connected to, 0 if none
     * @param external whether it stands for a socket that was not dumped
     * @param deleted whether its path had been deleted
     */
    record UnixSocket(
            long id, long inode, int type, int state, String name, long peer, boolean external, boolean deleted)
            implements OpenFile {}

    /**
     * An end of a pipe or of a FIFO.
     *
     * @param pipe equal for the ends of one pipe; a pipe's inode on the source
     * @param named whether it is a FIFO
     */
    record Pipe(long id, long pipe, boolean named) implements OpenFile {}

    /**
     * A terminal.
     *
     * @param terminal the id of its {@link Terminal}
     */
    record TerminalFile(long id, long terminal) implements OpenFile {}

    /**
     * A file made by memfd_create.
     *
     * @param inode the id of its {@link MemoryFile}
     */
    record MemoryFileHandle(long id, long inode) implements OpenFile {}

    /** An inotify instance with its watches. */
    record Inotify(long id, List<Watch> watches) implements OpenFile {
        public Inotify {
            watches = List.copyOf(watches);
        }
    }

    /**
     * A watch of inotify.
     *
     * @param device the device number of the file system, as the source's kernel encodes it
     * @param inode the watched file on it
     * @param path the path by which a restore finds it; null if it does so by the inode
     */
    record Watch(long device, long inode, @Nullable String path) {}

    /** A file that has nothing but its kind to tell. */
    record Special(long id, Kind kind) implements OpenFile {}

    /** The kinds of {@link Special}. */
    enum Kind {
        PACKET_SOCKET,
        NETLINK_SOCKET,
        EVENTFD,
        EPOLL,
        SIGNALFD,
        TIMERFD,
        FANOTIFY,
        NAMESPACE,
        TUN,
        PLUGIN,
        BPF_MAP,
        PIDFD
    }

    /** The longest path of Linux, PATH_MAX. */
    int MAXIMUM_PATH = 4096;

    static OpenFile of(FileEntry entry, String fileName) {
        long id = Integer.toUnsignedLong(entry.getId());
        // Numbers of enum fd_types in CRIU's fdinfo.proto.
        return switch (entry.getType()) {
            case 1 -> regular(id, present(entry.hasReg(), entry.getReg(), id, fileName), fileName);
            case 2 ->
                new Pipe(
                        id,
                        Integer.toUnsignedLong(present(entry.hasPipe(), entry.getPipe(), id, fileName)
                                .getPipeId()),
                        false);
            case 3 ->
                new Pipe(
                        id,
                        Integer.toUnsignedLong(present(entry.hasFifo(), entry.getFifo(), id, fileName)
                                .getPipeId()),
                        true);
            case 4 -> inet(id, present(entry.hasIsk(), entry.getIsk(), id, fileName), fileName);
            case 5 -> unix(id, present(entry.hasUsk(), entry.getUsk(), id, fileName), fileName);
            case 6 -> new Special(id, Kind.EVENTFD);
            case 7 -> new Special(id, Kind.EPOLL);
            case 8 ->
                new Inotify(
                        id,
                        present(entry.hasIfy(), entry.getIfy(), id, fileName).getWdList().stream()
                                .map(watch -> watch(watch, fileName))
                                .toList());
            case 9 -> new Special(id, Kind.SIGNALFD);
            case 10 -> new Special(id, Kind.PACKET_SOCKET);
            case 11 ->
                new TerminalFile(
                        id,
                        Integer.toUnsignedLong(present(entry.hasTty(), entry.getTty(), id, fileName)
                                .getTtyInfoId()));
            case 12 -> new Special(id, Kind.FANOTIFY);
            case 13 -> new Special(id, Kind.NETLINK_SOCKET);
            case 14 -> new Special(id, Kind.NAMESPACE);
            case 15 -> new Special(id, Kind.TUN);
            case 16 -> new Special(id, Kind.PLUGIN);
            case 17 -> new Special(id, Kind.TIMERFD);
            case 18 ->
                new MemoryFileHandle(
                        id,
                        Integer.toUnsignedLong(present(entry.hasMemfd(), entry.getMemfd(), id, fileName)
                                .getInodeId()));
            case 19 -> new Special(id, Kind.BPF_MAP);
            case 20 -> new Special(id, Kind.PIDFD);
            default ->
                throw new ImageFormatException(
                        fileName,
                        "file " + id + " is of kind " + entry.getType() + ", which CRIU 4.2 does not have",
                        "refuse the checkpoint, or update this program if a newer CRIU took it");
        };
    }

    private static <T> T present(boolean present, T value, long id, String fileName) {
        if (!present) {
            throw new ImageFormatException(fileName, "file " + id + " lacks the part that its kind asks for");
        }
        return value;
    }

    private static OpenFile regular(long id, RegularFileEntry entry, String fileName) {
        String name = limited(entry.getName(), fileName);
        return new RegularFile(
                id,
                // Restore opens names without a leading slash relative to the root, too.
                name.startsWith("/") || name.startsWith("anon_inode:") ? name : "/" + name.replaceFirst("^\\./?", ""),
                entry.hasSize() ? entry.getSize() : -1,
                entry.getMode(),
                entry.getMntId(),
                entry.getExt());
    }

    private static OpenFile inet(long id, InetSocketEntry entry, String fileName) {
        return new InetSocket(
                id,
                Integer.toUnsignedLong(entry.getIno()),
                entry.getType(),
                entry.getProto(),
                entry.getState(),
                address(entry.getFamily(), entry.getSrcAddrList(), id, fileName),
                port(entry.getSrcPort(), id, fileName),
                address(entry.getFamily(), entry.getDstAddrList(), id, fileName),
                port(entry.getDstPort(), id, fileName));
    }

    private static int port(int port, long id, String fileName) {
        if (port < 0 || port > 0xffff) {
            throw new ImageFormatException(fileName, "socket " + id + " has port " + Integer.toUnsignedString(port));
        }
        return port;
    }

    private static InetAddress address(int family, List<Integer> words, long id, String fileName) {
        int count = family == 2 ? 1 : family == 10 ? 4 : 0;
        if (count == 0 || words.size() < count) {
            throw new ImageFormatException(
                    fileName,
                    "socket " + id + " is of family " + family + " with an address of " + words.size() + " words");
        }
        ByteBuffer bytes = ByteBuffer.allocate(count * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        words.stream().limit(count).forEach(bytes::putInt);
        try {
            return InetAddress.getByAddress(bytes.array());
        } catch (UnknownHostException problem) {
            throw new IllegalStateException(problem);
        }
    }

    private static OpenFile unix(long id, UnixSocketEntry entry, String fileName) {
        String name = limited(entry.getName().toStringUtf8(), fileName);
        // A path may carry its final zero byte; an abstract name begins with one.
        String shown = name.startsWith("\0") ? "@" + name.substring(1) : name.replaceFirst("\0+$", "");
        return new UnixSocket(
                id,
                Integer.toUnsignedLong(entry.getIno()),
                entry.getType(),
                entry.getState(),
                shown,
                Integer.toUnsignedLong(entry.getPeer()),
                (entry.getUflags() & 1) != 0,
                entry.getDeleted());
    }

    private static Watch watch(InotifyWatchEntry entry, String fileName) {
        return new Watch(
                Integer.toUnsignedLong(entry.getSDev()),
                entry.getIIno(),
                entry.getFHandle().hasPath() ? limited(entry.getFHandle().getPath(), fileName) : null);
    }

    private static String limited(String name, String fileName) {
        if (name.length() > MAXIMUM_PATH) {
            throw new ImageFormatException(
                    fileName,
                    "a name has " + name.length() + " characters, the limit is " + MAXIMUM_PATH,
                    "refuse the checkpoint");
        }
        return name;
    }
}
