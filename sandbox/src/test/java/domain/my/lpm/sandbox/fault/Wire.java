package domain.my.lpm.sandbox.fault;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * A way for TCP connections on this machine that can be cut. What is sent meanwhile is neither refused nor lost but arrives
 * when the wire is mended, late, as in a network that was partitioned.
 */
final class Wire implements AutoCloseable {
    private final ServerSocket entrance;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    /** One permit while the wire is whole; whoever passes it gives it back. */
    private final Semaphore whole = new Semaphore(1, true);

    private volatile int destination;
    private volatile boolean refusing;

    /** The destination is a port of this machine; 0 for one not known yet. */
    Wire(int destination) {
        this.destination = destination;
        try {
            entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        start(this::accept);
    }

    /** Where connections are taken. */
    int port() {
        return entrance.getLocalPort();
    }

    /** From now on connections go there. */
    void lead(int to) {
        destination = to;
    }

    void cut() {
        whole.acquireUninterruptibly();
    }

    void mend() {
        whole.release();
    }

    /** Ends all connections and takes none, as if nobody lived at the other end any more. */
    void refuse() {
        refusing = true;
        sockets.forEach(socket -> end(socket, socket));
    }

    /** Ends {@link #refuse}. */
    void serve() {
        refusing = false;
    }

    private void pass() {
        whole.acquireUninterruptibly();
        whole.release();
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "wire");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!entrance.isClosed()) {
            try {
                Socket near = entrance.accept();
                sockets.add(near);
                start(() -> lead(near));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void lead(Socket near) {
        pass();
        Socket far = new Socket();
        sockets.add(far);
        if (refusing) {
            end(near, far);
            return;
        }
        try {
            far.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), destination));
        } catch (IOException refused) {
            end(near, far);
            return;
        }
        start(() -> carry(near, far));
        carry(far, near);
    }

    private void carry(Socket from, Socket to) {
        byte[] buffer = new byte[1 << 14];
        try {
            InputStream input = from.getInputStream();
            OutputStream output = to.getOutputStream();
            for (int read; (read = input.read(buffer)) >= 0; ) {
                pass();
                output.write(buffer, 0, read);
            }
        } catch (IOException broken) {
            // The other side learns it below.
        }
        pass();
        end(from, to);
    }

    private void end(Socket one, Socket other) {
        for (Socket socket : one == other ? Set.of(one) : Set.of(one, other)) {
            sockets.remove(socket);
            try {
                socket.close();
            } catch (IOException ignored) {
                // It is closed for us.
            }
        }
    }

    @Override
    public void close() {
        try {
            entrance.close();
        } catch (IOException ignored) {
            // Nobody can connect any more.
        }
        sockets.forEach(socket -> end(socket, socket));
    }
}
