package domain.my.lpm.webhook.certificate;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a server's certificates: takes up what the store holds, and where the authority is ours renews it there. Several
 * replicas may share a store; the first to renew wins and the others take up its work.
 */
public final class CertificateKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateKeeper.class);

    private final CertificateStore store;
    private final Optional<Rotation> rotation;
    private final ReloadingKeyManager keys;
    private final Consumer<List<X509Certificate>> trusted;
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
     * @param trusted is told the authorities that clients must trust whenever they change, before anything they signed is
     *     shown; when it fails it is told again at the next {@link #refresh}
     */
    public CertificateKeeper(
            CertificateStore store,
            Optional<Rotation> rotation,
            ReloadingKeyManager keys,
            Consumer<List<X509Certificate>> trusted,
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
     * @throws IOException when there are no certificates, or the store fails; what was shown before is shown further
     */
    public synchronized void refresh() throws IOException {
        Credentials latest = latest();
        if (latest.equals(current)) {
            return;
        }
        if (current == null || !latest.trusted().equals(current.trusted())) {
            trusted.accept(latest.trusted());
        }
        if (current == null || !latest.serving().equals(current.serving())) {
            keys.show(latest.serving());
            LOG.info("Serving with {}", latest.serving());
        }
        current = latest;
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
