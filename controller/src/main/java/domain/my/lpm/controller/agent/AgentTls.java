package domain.my.lpm.controller.agent;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proof of who we are to the agents, and of who they are: {@code tls.crt}, {@code tls.key} and {@code ca.crt} in one
 * directory, PEM, as a mounted Secret has them. Changed files are taken up by new connections, without a restart.
 */
public final class AgentTls implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AgentTls.class);

    private final Path directory;
    private final AdvancedTlsX509KeyManager ours;
    private final AdvancedTlsX509TrustManager theirs;
    private final ScheduledExecutorService reader;
    private final ChannelCredentials credentials;

    /**
     * Reads the files, and again and again.
     *
     * @param refresh how often to look for changes
     * @throws IOException when a file cannot be read or used, naming it
     */
    public AgentTls(Path directory, Duration refresh) throws IOException {
        this.directory = directory;
        reader = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "agent-certificates");
            thread.setDaemon(true);
            return thread;
        });
        try {
            ours = new AdvancedTlsX509KeyManager();
            theirs = AdvancedTlsX509TrustManager.newBuilder()
                    .setVerification(AdvancedTlsX509TrustManager.Verification.CERTIFICATE_AND_HOST_NAME_VERIFICATION)
                    .build();
            read();
            credentials = TlsChannelCredentials.newBuilder()
                    .keyManager(ours)
                    .trustManager(theirs)
                    .build();
        } catch (IOException | GeneralSecurityException | RuntimeException unusable) {
            reader.shutdownNow();
            throw new IOException(unusable(unusable), unusable);
        }
        // The managers' own schedules know no interval below a minute.
        reader.scheduleWithFixedDelay(this::readAgain, refresh.toMillis(), refresh.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void read() throws IOException, GeneralSecurityException {
        ours.updateIdentityCredentials(file("tls.crt"), file("tls.key"));
        theirs.updateTrustCredentials(file("ca.crt"));
    }

    /** A file that is not there would be one that has not changed to the managers. */
    private File file(String name) throws IOException {
        Path file = directory.resolve(name);
        if (!Files.isReadable(file)) {
            throw new NoSuchFileException(name + " is missing or may not be read");
        }
        return file.toFile();
    }

    private void readAgain() {
        try {
            read();
        } catch (IOException | GeneralSecurityException | RuntimeException unusable) {
            // Those that are in use stay so.
            LOG.warn("{}", unusable(unusable));
        }
    }

    private String unusable(Exception why) {
        return "the certificates for the agents in %s cannot be used: %s; tls.crt, tls.key and ca.crt must be there, in PEM"
                .formatted(directory, why.getMessage());
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
