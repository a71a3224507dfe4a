package domain.my.lpm.agent.server;

import domain.my.lpm.agent.AgentSettings;
import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Serves the agent's calls with mutual TLS; its certificate and its authorities are read again when their files change. */
public final class AgentServer implements AutoCloseable {
    private static final int MESSAGE_BYTES = 1 << 20;
    private static final long GRACE_SECONDS = 30;

    private final Server server;
    private final ScheduledExecutorService reloading;
    private final ExecutorService callers;

    private AgentServer(Server server, ScheduledExecutorService reloading, ExecutorService callers) {
        this.server = server;
        this.reloading = reloading;
        this.callers = callers;
    }

    /**
     * Starts it.
     *
     * @throws UncheckedIOException if a file cannot be read, or the port is taken
     */
    public static AgentServer start(AgentSettings settings, AgentService service) {
        AgentSettings.Tls tls = settings.tls();
        ScheduledExecutorService reloading = Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "tls"));
        AtomicInteger count = new AtomicInteger();
        ExecutorService callers =
                Executors.newCachedThreadPool(task -> daemon(task, "call-" + count.incrementAndGet()));
        try {
            AdvancedTlsX509KeyManager own = new AdvancedTlsX509KeyManager();
            own.updateIdentityCredentials(
                    tls.certificate().toFile(),
                    tls.key().toFile(),
                    tls.reload().toSeconds(),
                    TimeUnit.SECONDS,
                    reloading);
            AdvancedTlsX509TrustManager others = AdvancedTlsX509TrustManager.newBuilder()
                    .setVerification(AdvancedTlsX509TrustManager.Verification.CERTIFICATE_ONLY_VERIFICATION)
                    .build();
            others.updateTrustCredentials(
                    tls.authorities().toFile(), tls.reload().toSeconds(), TimeUnit.SECONDS, reloading);
            Server server = NettyServerBuilder.forAddress(
                            new InetSocketAddress(settings.listen(), settings.port()),
                            TlsServerCredentials.newBuilder()
                                    .keyManager(own)
                                    .trustManager(others)
                                    .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                                    .build())
                    .executor(callers)
                    .maxInboundMessageSize(MESSAGE_BYTES)
                    // The controller's channels stay open.
                    .permitKeepAliveWithoutCalls(true)
                    .permitKeepAliveTime(10, TimeUnit.SECONDS)
                    .intercept(new CallerCheck(tls.callers()))
                    .addService(service)
                    .build()
                    .start();
            return new AgentServer(server, reloading, callers);
        } catch (IOException problem) {
            reloading.shutdownNow();
            throw new UncheckedIOException(
                    "cannot serve at " + settings.listen() + ":" + settings.port() + " with the certificate "
                            + tls.certificate(),
                    problem);
        } catch (GeneralSecurityException problem) {
            reloading.shutdownNow();
            throw new IllegalArgumentException(
                    "the certificate " + tls.certificate() + ", its key " + tls.key() + " or the authorities "
                            + tls.authorities() + " are not what they should be; write them as PEM",
                    problem);
        }
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** The port it listens at. */
    public int port() {
        return server.getPort();
    }

    /** Takes no more calls, waits for those at work for a while, and ends. */
    @Override
    public void close() {
        server.shutdown();
        try {
            if (!server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
                server.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
        reloading.shutdownNow();
        callers.shutdown();
    }
}
