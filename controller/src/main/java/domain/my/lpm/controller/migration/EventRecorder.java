package domain.my.lpm.controller.migration;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes Kubernetes events, one after the other, on a thread of its own: nothing waits for them. */
public final class EventRecorder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
    private static final int WAITING = 1000;
    /** The API server takes no more. */
    private static final int NOTE_LENGTH = 1024;

    private static final String COMPONENT = "lpm-controller";

    private final KubernetesClient client;
    private final InstantSource clock;
    private final AtomicLong number;
    private final ThreadPoolExecutor writer = new ThreadPoolExecutor(
            1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING), EventRecorder::thread, EventRecorder::lose);

    /** Begins a recorder. */
    public EventRecorder(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
        number = new AtomicLong(clock.millis());
    }

    /** Records an event about {@code object}; returns at once. */
    public void record(HasMetadata object, boolean warning, String reason, String message) {
        Instant now = clock.instant();
        String name = "%s.%x".formatted(shortened(object.getMetadata().getName(), 230), number.incrementAndGet());
        writer.execute(() -> write(object, warning, reason, shortened(message, NOTE_LENGTH), now, name));
    }

    private void write(HasMetadata object, boolean warning, String reason, String message, Instant now, String name) {
        String time = now.truncatedTo(ChronoUnit.SECONDS).toString();
        try {
            client.v1()
                    .events()
                    .inNamespace(object.getMetadata().getNamespace())
                    .resource(new EventBuilder()
                            .withNewMetadata()
                            .withNamespace(object.getMetadata().getNamespace())
                            .withName(name)
                            .endMetadata()
                            .withType(warning ? "Warning" : "Normal")
                            .withReason(reason)
                            .withMessage(message)
                            .withFirstTimestamp(time)
                            .withLastTimestamp(time)
                            .withCount(1)
                            .withReportingComponent(COMPONENT)
                            .withNewSource()
                            .withComponent(COMPONENT)
                            .endSource()
                            .withNewInvolvedObject()
                            .withApiVersion(object.getApiVersion())
                            .withKind(object.getKind())
                            .withNamespace(object.getMetadata().getNamespace())
                            .withName(object.getMetadata().getName())
                            .withUid(object.getMetadata().getUid())
                            .withResourceVersion(object.getMetadata().getResourceVersion())
                            .endInvolvedObject()
                            .build())
                    .create();
        } catch (KubernetesClientException lost) {
            LOG.debug("the event '{}' was lost", message, lost);
        }
    }

    private static String shortened(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length);
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "events");
        thread.setDaemon(true);
        return thread;
    }

    private static void lose(Runnable event, ThreadPoolExecutor full) {
        LOG.debug("an event was lost, as {} wait already", full.getQueue().size());
    }

    /** Writes what waits, for a second at most. */
    @Override
    public void close() {
        writer.shutdown();
        try {
            if (!writer.awaitTermination(1, TimeUnit.SECONDS)) {
                writer.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            writer.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
