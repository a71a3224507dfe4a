package domain.my.lpm.webhook.certificate;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a server's certificates: takes up what the store holds, and where the authority is ours renews it there. Several
 * replicas may share a store; the first to renew wins and the others take up its work.
 */
public final class CertificateKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateKeeper.class);

    /** Those who must trust the server's authorities. */
    @FunctionalInterface
    public interface Followers {
        /**
         * Tells them whom to trust: {@link Credentials#trusted}. Called again and again with the same, too, since they may forget.
         *
         * @throws IOException when one cannot be told
         */
        void tell(Credentials credentials) throws IOException;
    }

    private final CertificateStore store;
    private final Optional<Rotation> rotation;
    private final ReloadingKeyManager keys;
    private final Followers trusted;
    private final InstantSource clock;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "certificates");
        thread.setDaemon(true);
        return thread;
    });

    private @Nullable Credentials current;

    /**
     * @param rotation by what certificates are renewed; empty when somebody else renews them
     * @param keys what is shown to clients
     * @param trusted is told the authorities that clients must trust at every {@link #refresh}, before anything they signed is
     *     shown; when it fails, nothing new is
     */
    public CertificateKeeper(
            CertificateStore store,
            Optional<Rotation> rotation,
            ReloadingKeyManager keys,
            Followers trusted,
            InstantSource clock) {
        this.store = store;
        this.rotation = rotation;
        this.keys = keys;
        this.trusted = trusted;
        this.clock = clock;
    }

    /**
     * Renews what is due and takes up what changed.
     *
     * @throws IOException when there are no certificates, the store fails, or the followers cannot be told; what was shown before is shown further
     */
    public synchronized void refresh() throws IOException {
        Credentials latest = latest();
        trusted.tell(latest);
        if (current == null || !latest.serving().equals(current.serving())) {
            keys.show(latest.serving());
            LOG.info("Serving with {}", latest.serving());
        }
        current = latest;
    }

    /** The authorities that clients must trust now, as PEM; empty before the first {@link #refresh}. */
    public synchronized String authorities() {
        return current == null ? "" : current.trustedAsPem();
    }

    /** Calls {@link #refresh} every {@code period}; what fails is logged and tried again. */
    public void start(Duration period) {
        var unused = timer.scheduleWithFixedDelay(
                this::refreshOrLog, period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    private Credentials latest() throws IOException {
        Optional<Credentials> stored = store.load();
        if (rotation.isEmpty()) {
            return stored.orElseThrow(() -> new IOException(
                    "there are no certificates in the store; wait until they are issued, or let them be built in"));
        }
        Credentials next = rotation.get().next(stored, clock.instant());
        if (stored.filter(next::equals).isPresent()) {
            return next;
        }
        if (store.replace(stored, next)) {
            LOG.info(
                    "Renewed the certificates; trusted from now on: {}",
                    next.trusted().size());
        }
        return store.load()
                .orElseThrow(() -> new IOException("the certificates vanished from the store while they were renewed"));
    }

    private void refreshOrLog() {
        try {
            refresh();
        } catch (IOException | RuntimeException failed) {
            LOG.warn("The certificates were not refreshed, those before stay in use: {}", failed.getMessage(), failed);
        }
    }
}
