package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.OpenFile.InetSocket;
import domain.my.lpm.checkpoint.image.proto.FileEntry;
import domain.my.lpm.checkpoint.image.proto.InetSocketEntry;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What becomes of the sockets of IPv4 and IPv6 in a pod that has other addresses than the source had.
 *
 * <ul>
 *   <li>A TCP connection within the pod goes on: over loopback as it is, over an address of the source over the target's.
 *   <li>A TCP connection to elsewhere breaks. It is restored between two loopback addresses behind which there is nobody,
 *       so that the process still reads what had been received, and then learns that the connection was reset.
 *   <li>Any other socket that was bound to an address of the source is bound to the target's.
 * </ul>
 */
public final class SocketRelocation {
    private static final int AF_INET6 = 10;
    private static final int SHUT_READ = 1;
    /** Broken connections lead from the one block of addresses to the other, each between a pair of its own. */
    private static final int NOBODY_HERE = 127 << 24 | 128 << 16;

    private static final int NOBODY_THERE = 127 << 24 | 192 << 16;
    private static final int NOBODIES = (1 << 22) - 2;

    private final ImageFile<FileEntry> before;
    private final Set<InetAddress> target;
    private final Set<InetAddress> source = new HashSet<>();
    private final Set<Integer> listening = new HashSet<>();
    private final Set<Ends> connections = new HashSet<>();
    private final List<InetSocket> broken = new ArrayList<>();
    private final List<InetSocket> unplaced = new ArrayList<>();
    private final List<FileEntry> after = new ArrayList<>();

    private SocketRelocation(ImageFile<FileEntry> before, Collection<InetAddress> target) {
        this.before = before;
        this.target = Set.copyOf(target);
    }

    private record Ends(InetAddress local, int localPort, InetAddress remote, int remotePort) {}

    /**
     * Plans the relocation.
     *
     * @param target all addresses of the target pod, loopback included
     * @throws ImageFormatException if files.img is not what it should be
     */
    public static SocketRelocation of(CriuImages images, Collection<InetAddress> target) {
        SocketRelocation relocation = new SocketRelocation(images.fileEntries(), target);
        List<InetSocket> sockets = images.files().stream()
                .filter(InetSocket.class::isInstance)
                .map(InetSocket.class::cast)
                .toList();
        sockets.forEach(relocation::survey);
        relocation.before.entries().forEach(entry -> {
            if (OpenFile.of(entry, relocation.before.name()) instanceof InetSocket socket) {
                InetSocketEntry.Builder changed = entry.getIsk().toBuilder();
                relocation.relocate(socket, changed);
                relocation.after.add(entry.toBuilder().setIsk(changed).build());
            } else {
                relocation.after.add(entry);
            }
        });
        return relocation;
    }

    private void survey(InetSocket socket) {
        if (isForeign(socket.localAddress())) {
            source.add(socket.localAddress());
        }
        if (socket.isTcp() && socket.remotePort() != 0) {
            connections.add(
                    new Ends(socket.localAddress(), socket.localPort(), socket.remoteAddress(), socket.remotePort()));
        } else if (socket.isTcp()) {
            listening.add(socket.localPort());
        }
    }

    private boolean isForeign(InetAddress address) {
        return !address.isAnyLocalAddress()
                && !address.isLoopbackAddress()
                && !address.isMulticastAddress()
                && !target.contains(address);
    }

    private void relocate(InetSocket socket, InetSocketEntry.Builder entry) {
        if (socket.isTcp() && socket.remotePort() != 0 && !isWithinPod(socket)) {
            broken.add(socket);
            sever(socket, entry);
            return;
        }
        List<InetAddress> missing = Stream.of(socket.localAddress(), socket.remoteAddress())
                .filter(source::contains)
                .filter(address -> place(address).isEmpty())
                .toList();
        if (!missing.isEmpty()) {
            unplaced.add(socket);
            return;
        }
        if (source.contains(socket.localAddress())) {
            List<Integer> words = words(place(socket.localAddress()).orElseThrow(), entry.getFamily());
            entry.clearSrcAddr().addAllSrcAddr(words);
        }
        if (source.contains(socket.remoteAddress())) {
            List<Integer> words = words(place(socket.remoteAddress()).orElseThrow(), entry.getFamily());
            entry.clearDstAddr().addAllDstAddr(words);
        }
    }

    private boolean isWithinPod(InetSocket socket) {
        // The other end may be in another container of the pod, and then in another dump.
        return socket.remoteAddress().isLoopbackAddress()
                || socket.remoteAddress().equals(socket.localAddress())
                || connections.contains(new Ends(
                        socket.remoteAddress(), socket.remotePort(), socket.localAddress(), socket.localPort()));
    }

    /** The target's address that stands for one of the source. */
    private Optional<InetAddress> place(InetAddress address) {
        return target.stream()
                .filter(candidate -> candidate.getClass() == address.getClass()
                        && !candidate.isLoopbackAddress()
                        && candidate.isLinkLocalAddress() == address.isLinkLocalAddress())
                .min((one, other) -> one.getHostAddress().compareTo(other.getHostAddress()));
    }

    private void sever(InetSocket socket, InetSocketEntry.Builder entry) {
        int pair = broken.size() % NOBODIES + 1;
        entry.clearSrcAddr().addAllSrcAddr(words(loopback(NOBODY_HERE + pair), entry.getFamily()));
        entry.clearDstAddr().addAllDstAddr(words(loopback(NOBODY_THERE + pair), entry.getFamily()));
        if (entry.hasV6Only()) {
            // IPv6 has one loopback address alone: these, too, go by mapped addresses of IPv4.
            entry.setV6Only(false);
        }
        switch (socket.state()) {
            case InetSocket.ESTABLISHED, InetSocket.FIN_WAIT1, InetSocket.FIN_WAIT2 ->
                entry.setState(InetSocket.ESTABLISHED);
            // The peer has said all it had to say.
            case InetSocket.CLOSE_WAIT, InetSocket.LAST_ACK, InetSocket.CLOSING ->
                entry.setState(InetSocket.CLOSE_WAIT);
            case InetSocket.SYN_SENT -> entry.setDstPort(unusedPort());
            default -> {
                // CRIU dumps no other state of a connection.
            }
        }
        entry.setShutdown(entry.getShutdown() & SHUT_READ);
        if (entry.getShutdown() == 0) {
            entry.clearShutdown();
        }
    }

    /** A port at which an attempt to connect is refused. */
    private int unusedPort() {
        int port = 1;
        while (listening.contains(port)) {
            port++;
        }
        return port;
    }

    private static InetAddress loopback(int address) {
        return address(ByteBuffer.allocate(Integer.BYTES).putInt(address).array());
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException problem) {
            throw new IllegalStateException(problem);
        }
    }

    /** An address as the image has it; one of IPv4 is mapped where the socket is of IPv6. */
    private static List<Integer> words(InetAddress address, int family) {
        ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        if (family == AF_INET6 && address instanceof Inet4Address) {
            bytes.putLong(0).putShort((short) 0).putShort((short) -1);
        }
        bytes.put(address.getAddress()).flip();
        List<Integer> words = new ArrayList<>();
        while (bytes.hasRemaining()) {
            words.add(bytes.getInt());
        }
        return words;
    }

    /** The TCP connections that break. */
    public List<InetSocket> broken() {
        return List.copyOf(broken);
    }

    /** The sockets that need an address of a kind which the target has not. */
    public List<InetSocket> unplaced() {
        return List.copyOf(unplaced);
    }

    /** The files that differ, for {@link ImageRewrite#write}. */
    public List<ImageFile<FileEntry>> changes() {
        return after.equals(before.entries())
                ? List.of()
                : List.of(new ImageFile<>(before.name(), before.kind(), after));
    }
}
