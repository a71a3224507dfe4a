package domain.my.lpm.checkpoint.inspect;

import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.image.OpenFile;
import domain.my.lpm.checkpoint.image.OpenFile.InetSocket;
import domain.my.lpm.checkpoint.image.OpenFile.UnixSocket;
import domain.my.lpm.checkpoint.inspect.Inspection.Peer;
import domain.my.lpm.checkpoint.inspect.Inspection.Socket;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The sockets of a dump, and which of them are connected to one another. */
final class Sockets {
    private final CriuImages images;
    private final Set<Connection> connections = new HashSet<>();
    private final Set<Long> unixInodes = new HashSet<>();

    Sockets(CriuImages images, Collection<OpenFile> files) {
        this.images = images;
        for (OpenFile file : files) {
            if (file instanceof InetSocket socket && socket.remotePort() != 0) {
                connections.add(new Connection(
                        socket.protocol(),
                        socket.localAddress(),
                        socket.localPort(),
                        socket.remoteAddress(),
                        socket.remotePort()));
            } else if (file instanceof UnixSocket socket && !socket.external()) {
                unixInodes.add(socket.inode());
            }
        }
    }

    private record Connection(
            int protocol, InetAddress localAddress, int localPort, InetAddress remoteAddress, int remotePort) {}

    /** What is to be shown of a socket, null of another file. */
    @Nullable
    Socket socket(OpenFile file) {
        if (file instanceof InetSocket socket) {
            boolean connected = socket.remotePort() != 0;
            CriuImages.TcpQueues queues =
                    socket.isConnection() ? images.tcpQueues(socket).orElse(null) : null;
            return new Socket(
                    type(socket.type()),
                    state(socket.state()),
                    socket.local(),
                    connected ? socket.remote() : null,
                    connected ? peer(socket) : null,
                    queues == null ? null : (Long) queues.received(),
                    queues == null ? null : (Long) queues.sent());
        }
        if (file instanceof UnixSocket socket) {
            return new Socket(type(socket.type()), state(socket.state()), null, null, peer(socket), null, null);
        }
        return null;
    }

    private Peer peer(InetSocket socket) {
        if (connections.contains(new Connection(
                socket.protocol(),
                socket.remoteAddress(),
                socket.remotePort(),
                socket.localAddress(),
                socket.localPort()))) {
            return Peer.DUMP;
        }
        return socket.remoteAddress().isLoopbackAddress() ? Peer.POD : Peer.OUTSIDE;
    }

    private @Nullable Peer peer(UnixSocket socket) {
        if (socket.peer() == 0) {
            return null;
        }
        return unixInodes.contains(socket.peer()) ? Peer.DUMP : Peer.OUTSIDE;
    }

    static String protocol(InetSocket socket) {
        return switch (socket.protocol()) {
            case 1 -> "icmp";
            case 6 -> "tcp";
            case 17 -> "udp";
            case 58 -> "icmpv6";
            case 136 -> "udplite";
            default -> "ip-" + Integer.toUnsignedString(socket.protocol());
        };
    }

    private static String type(int type) {
        return switch (type) {
            case 1 -> "STREAM";
            case 2 -> "DGRAM";
            case 3 -> "RAW";
            case 5 -> "SEQPACKET";
            default -> "TYPE_" + Integer.toUnsignedString(type);
        };
    }

    private static String state(int state) {
        return switch (state) {
            case 1 -> "ESTABLISHED";
            case 2 -> "SYN_SENT";
            case 3 -> "SYN_RECV";
            case 4 -> "FIN_WAIT1";
            case 5 -> "FIN_WAIT2";
            case 6 -> "TIME_WAIT";
            case 7 -> "CLOSE";
            case 8 -> "CLOSE_WAIT";
            case 9 -> "LAST_ACK";
            case 10 -> "LISTEN";
            case 11 -> "CLOSING";
            default -> "STATE_" + Integer.toUnsignedString(state);
        };
    }
}
