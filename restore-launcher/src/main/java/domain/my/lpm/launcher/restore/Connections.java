package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.image.ImageRewrite;
import domain.my.lpm.checkpoint.image.OpenFile.InetSocket;
import domain.my.lpm.checkpoint.image.SocketRelocation;
import domain.my.lpm.launcher.criu.Tcp;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** What becomes of a checkpoint's sockets in a pod that has other addresses. */
final class Connections {
    private static final int NAMED = 5;

    private Connections() {}

    /**
     * Fits the images to the target by the policy.
     *
     * @param addresses all addresses of the target
     * @param directory where the images are
     * @return what CRIU is to do with the connections that are left in them
     * @throws RestoreException if the policy refuses connections that would break, or the target lacks an address to which
     *     a socket was bound; nothing is changed then
     */
    static Tcp relocate(Tcp policy, CriuImages images, Collection<InetAddress> addresses, Path directory) {
        if (policy == Tcp.ESTABLISHED) {
            return Tcp.ESTABLISHED;
        }
        SocketRelocation relocation = SocketRelocation.of(images, addresses);
        if (policy == Tcp.FAIL) {
            refuse(relocation.broken());
        }
        if (!relocation.unplaced().isEmpty()) {
            throw new RestoreException("the checkpoint holds sockets of an address of the source ("
                    + named(relocation.unplaced().stream()
                            .map(InetSocket::local)
                            .toList())
                    + ") and the target has no address of that kind to take its place; give the target pod a network"
                    + " of the same IP family, or let the application listen on all addresses");
        }
        ImageRewrite.write(relocation.changes(), directory);
        // What was dumped as closed has no state that could go on.
        return images.inventory().tcpClosed() ? Tcp.CLOSE : Tcp.ESTABLISHED;
    }

    private static void refuse(List<InetSocket> broken) {
        if (!broken.isEmpty()) {
            throw new RestoreException("the checkpoint holds " + broken.size() + " TCP connection"
                    + (broken.size() == 1 ? "" : "s") + " to outside of the pod ("
                    + named(broken.stream()
                            .map(socket -> socket.local() + " to " + socket.remote())
                            .toList())
                    + "), which would break, and the policy is to refuse that (tcp: Fail);"
                    + " choose tcp: Close to have them closed, or Established if the target has the source's address");
        }
    }

    private static String named(List<String> all) {
        return all.stream().limit(NAMED).collect(Collectors.joining(", "))
                + (all.size() > NAMED ? " and " + (all.size() - NAMED) + " more" : "");
    }
}
