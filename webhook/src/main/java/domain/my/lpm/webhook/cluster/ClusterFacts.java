package domain.my.lpm.webhook.cluster;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.api.validation.MigrationFacts;
import domain.my.lpm.webhook.admission.FactsSource;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads the facts about a migration from the API server. */
public final class ClusterFacts implements FactsSource, AutoCloseable {
    /** A namespace may hold thousands of finished migrations, each of some kilobytes. */
    private static final long PAGE = 500;

    private final KubernetesClient client;
    private final Duration limit;
    private final ExecutorService readers;

    /**
     * @param client not closed by this
     * @param limit how long all that is read for one migration may take; shorter than a request to the webhook may take
     */
    public ClusterFacts(KubernetesClient client, Duration limit) {
        this.client = client;
        this.limit = limit;
        AtomicInteger number = new AtomicInteger();
        readers = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "facts-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public MigrationFacts of(PodMigration migration) throws IOException {
        // Not in the thread that answers: an interruption at the deadline would close the connection without a word.
        Future<MigrationFacts> reading = readers.submit(() -> read(migration));
        try {
            return reading.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            reading.cancel(true);
            throw new IOException(
                    "the API server did not tell all about it within %s; try again, or raise the option --api-timeout"
                            .formatted(limit),
                    late);
        } catch (InterruptedException hurried) {
            reading.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("the webhook was told to stop while it asked the API server; try again", hurried);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException unreadable) {
                throw unreadable;
            }
            throw new IllegalStateException("what the API server has could not be read", failed.getCause());
        }
    }

    private MigrationFacts read(PodMigration migration) throws IOException {
        String namespace = migration.getMetadata().getNamespace();
        String podName = migration.getSpec().getPodName();
        Optional<Pod> pod = asked(
                "pod '%s/%s'".formatted(namespace, podName),
                () -> client.pods().inNamespace(namespace).withName(podName).get());
        Optional<String> source = pod.map(found -> found.getSpec().getNodeName());
        Optional<String> target = Optional.ofNullable(migration.getSpec().getTargetNode());
        Optional<Node> targetNode = Optional.empty();
        if (target.isPresent()) {
            String name = target.get();
            targetNode = asked(
                    "node '%s'".formatted(name),
                    () -> client.nodes().withName(name).get());
        }
        return new MigrationFacts(pod, targetNode, agent(source), agent(target), others(namespace));
    }

    private Optional<MigrationNode> agent(Optional<String> node) throws IOException {
        if (node.isEmpty()) {
            return Optional.empty();
        }
        String name = node.get();
        return asked(
                "MigrationNode '%s'".formatted(name),
                () -> client.resources(MigrationNode.class).withName(name).get());
    }

    /** Those that are not over. */
    private List<PodMigration> others(String namespace) throws IOException {
        List<PodMigration> under = new ArrayList<>();
        @Nullable String next = null;
        do {
            @Nullable String from = next;
            KubernetesResourceList<PodMigration> page = asked(
                            "the PodMigrations of namespace '%s'".formatted(namespace),
                            () -> client.resources(PodMigration.class)
                                    .inNamespace(namespace)
                                    .list(new ListOptionsBuilder()
                                            .withLimit(PAGE)
                                            .withContinue(from)
                                            .build()))
                    .orElseThrow();
            page.getItems().stream().filter(migration -> !isOver(migration)).forEach(under::add);
            next = page.getMetadata() == null ? null : page.getMetadata().getContinue();
        } while (next != null && !next.isEmpty());
        return under;
    }

    private static boolean isOver(PodMigration migration) {
        return Optional.ofNullable(migration.getStatus())
                .map(PodMigrationStatus::getPhase)
                .filter(phase -> phase.isFinal())
                .isPresent();
    }

    private static <T> Optional<T> asked(String what, Supplier<@Nullable T> question) throws IOException {
        try {
            return Optional.ofNullable(question.get());
        } catch (KubernetesClientException failed) {
            throw new IOException(
                    failed.getCode() == HttpURLConnection.HTTP_FORBIDDEN
                            ? "the webhook may not read %s; give its ServiceAccount the ClusterRole of docs/webhook.md"
                                    .formatted(what)
                            : "%s could not be read from the API server: %s; try again"
                                    .formatted(what, failed.getMessage()),
                    failed);
        }
    }

    @Override
    public void close() {
        readers.shutdownNow();
    }
}
