package domain.my.lpm.agent.node;

import domain.my.lpm.launcher.linux.Linux;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Network namespaces other than the agent's. */
public final class NetworkNamespace {
    private NetworkNamespace() {}

    /**
     * A socket that listens at the loopback of a network namespace, at a port that was free. Needs CAP_SYS_ADMIN.
     *
     * @param namespace such as {@code /proc/1/ns/net}
     */
    public static ServerSocketChannel listen(Path namespace) throws IOException {
        CompletableFuture<ServerSocketChannel> listening = new CompletableFuture<>();
        // A socket belongs to the namespace of the thread that makes it. This one ends in it: nobody else gets into it.
        Thread thread = new Thread(
                () -> {
                    try {
                        listening.complete(listenWithin(namespace));
                    } catch (IOException | RuntimeException problem) {
                        listening.completeExceptionally(problem);
                    }
                },
                "loopback");
        thread.setDaemon(true);
        thread.start();
        try {
            return listening.join();
        } catch (CompletionException problem) {
            throw new IOException(
                    "cannot listen in the network namespace " + namespace + ": " + problem.getCause(), problem);
        }
    }

    private static ServerSocketChannel listenWithin(Path namespace) throws IOException {
        int descriptor = Linux.openDescriptor(namespace.toString());
        try {
            Linux.enter(descriptor, Linux.CLONE_NEWNET);
        } finally {
            Linux.closeDescriptor(descriptor);
        }
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            return channel.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
        } catch (IOException | RuntimeException problem) {
            channel.close();
            throw problem;
        }
    }
}
