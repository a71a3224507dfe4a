package domain.my.lpm.sandbox.cluster.tls;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** HTTPS servers on loopback. */
public final class Servers {
    private static final int BACKLOG = 256;

    static {
        // Otherwise the end of an answer waits for the acknowledgement of its beginning.
        System.getProperties().putIfAbsent("sun.net.httpserver.nodelay", "true");
        // Connections that wait for their next request; clients keep one per request that they had at once.
        System.getProperties().putIfAbsent("sun.net.httpserver.maxIdleConnections", "1000");
        System.getProperties().putIfAbsent("sun.net.httpserver.idleInterval", "120");
    }

    private Servers() {}

    /** A server at a free port, not started yet. It asks clients for a certificate of the authority, but needs none. */
    public static HttpsServer create(Authority authority, Executor executor) {
        SSLContext context = authority.context(authority.issue("localhost"));
        try {
            HttpsServer server =
                    HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
            server.setHttpsConfigurator(new HttpsConfigurator(context) {
                @Override
                public void configure(HttpsParameters parameters) {
                    SSLParameters wanted = context.getDefaultSSLParameters();
                    wanted.setWantClientAuth(true);
                    parameters.setSSLParameters(wanted);
                }
            });
            server.setExecutor(executor);
            return server;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot listen on loopback", error);
        }
    }

    /** Where a server of {@link #create} serves. */
    public static URI uri(HttpsServer server) {
        return URI.create("https://127.0.0.1:" + server.getAddress().getPort());
    }
}
