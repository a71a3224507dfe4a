package domain.my.lpm.controller.agent;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Proof of who we are to the agents, and of who they are: {@code tls.crt}, {@code tls.key} and {@code ca.crt} in one
 * directory, PEM, as a mounted Secret has them. Changed files are taken up by new connections, without a restart.
 */
public final class AgentTls implements AutoCloseable {
    private final ScheduledExecutorService reader;
    private final ChannelCredentials credentials;

    /**
     * Reads the files, and again and again.
     *
     * @param refresh how often to look for changes
     * @throws IOException when a file cannot be read or used, naming it
     */
    public AgentTls(Path directory, Duration refresh) throws IOException {
        reader = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "agent-certificates");
            thread.setDaemon(true);
            return thread;
        });
        try {
            AdvancedTlsX509KeyManager ours = new AdvancedTlsX509KeyManager();
            ours.updateIdentityCredentials(
                    directory.resolve("tls.crt").toFile(),
                    directory.resolve("tls.key").toFile(),
                    refresh.toMillis(),
                    TimeUnit.MILLISECONDS,
                    reader);
            AdvancedTlsX509TrustManager theirs = AdvancedTlsX509TrustManager.newBuilder()
                    .setVerification(AdvancedTlsX509TrustManager.Verification.CERTIFICATE_AND_HOST_NAME_VERIFICATION)
                    .build();
            theirs.updateTrustCredentials(
                    directory.resolve("ca.crt").toFile(), refresh.toMillis(), TimeUnit.MILLISECONDS, reader);
            credentials = TlsChannelCredentials.newBuilder()
                    .keyManager(ours)
                    .trustManager(theirs)
                    .build();
        } catch (IOException | GeneralSecurityException | IllegalArgumentException unusable) {
            reader.shutdownNow();
            throw new IOException(
                    "the certificates for the agents in %s cannot be used: %s; tls.crt, tls.key and ca.crt must be there, in PEM"
                            .formatted(directory, unusable.getMessage()),
                    unusable);
        }
    }

    /** For {@link GrpcAgentClients#over}. */
    public ChannelCredentials credentials() {
        return credentials;
    }

    /** Stops looking for changes. */
    @Override
    public void close() {
        reader.shutdownNow();
    }
}
