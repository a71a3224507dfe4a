package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.opentest4j.TestAbortedException;

/**
 * A test in a namespace of its own. When it ends, whatever it was about, every application must have every tick once and every
 * migration must be in a state that is true, and nothing may be left on the nodes.
 */
final class Scenario {
    private final Cluster cluster;
    private final String name;
    private final String title;
    private final String namespace;
    private final Instant began = Instant.now();
    private final List<Application> applications = new ArrayList<>();
    private final Map<String, String> figures = new LinkedHashMap<>();

    Scenario(Cluster cluster, String name, String title) {
        this.cluster = cluster;
        this.name = name;
        this.title = title;
        // The prefix is what the nodes' shells keep logs by.
        namespace = "lpm-e2e-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        client().resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .addToAnnotations("scenario", name)
                        .endMetadata()
                        .build())
                .create();
        // Pods are refused until it is there.
        Awaitility.await()
                .atMost(Cluster.PATIENCE)
                .until(() -> client().serviceAccounts()
                                .inNamespace(namespace)
                                .withName("default")
                                .get()
                        != null);
    }

    Cluster cluster() {
        return cluster;
    }

    KubernetesClient client() {
        return cluster.client();
    }

    String namespace() {
        return namespace;
    }

    /** A figure for the report. */
    void figure(String of, String value) {
        figures.put(of, value);
    }

    /** The pod of a manifest; a path from the root of the project, such as {@code samples/counter/pod.yaml}. */
    static Pod pod(String manifest) {
        try {
            return Serialization.unmarshal(Files.readString(Path.of("..").resolve(manifest)), Pod.class);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** The pod of samples/counter under another name. */
    static Pod counter(String named) {
        return new PodBuilder(pod("samples/counter/pod.yaml"))
                .editMetadata()
                .withName(named)
                .endMetadata()
                .build();
    }

    /** A pod with something changed. */
    static Pod edited(Pod pod, UnaryOperator<PodBuilder> change) {
        return change.apply(new PodBuilder(pod)).build();
    }

    /** A pod that is placed on a node by its name. */
    static Pod on(String node, Pod pod) {
        return edited(pod, each -> each.editSpec().withNodeName(node).endSpec());
    }

    /** Creates a pod, and waits until it is ready; the first of its containers writes ticks. */
    Application run(Pod pod) {
        Application application = start(pod);
        awaitReady(application.podName());
        return application;
    }

    /** Creates a pod; the first of its containers writes ticks. */
    Application start(Pod pod) {
        client().resource(pod).inNamespace(namespace).create();
        Application application = new Application(
                this,
                pod.getMetadata().getName(),
                pod.getSpec().getContainers().get(0).getName());
        applications.add(application);
        return application;
    }

    /** Waits until a pod is ready. */
    Pod awaitReady(String pod) {
        return Awaitility.await()
                .atMost(Cluster.PATIENCE)
                .until(
                        () -> client().pods()
                                .inNamespace(namespace)
                                .withName(pod)
                                .get(),
                        now -> now != null
                                && now.getStatus().getConditions().stream()
                                        .anyMatch(each -> each.getType().equals("Ready")
                                                && each.getStatus().equals("True")));
    }

    /**
     * Creates a PodMigration.
     *
     * @param spec more of its specification, each a field as YAML
     */
    PodMigration create(String migration, String pod, String... spec) {
        StringBuilder yaml = new StringBuilder("""
                apiVersion: lpm.my.domain/v1
                kind: PodMigration
                metadata: {name: %s, namespace: %s}
                spec:
                  podName: %s
                """.formatted(migration, namespace, pod));
        for (String field : spec) {
            yaml.append("  ").append(field).append('\n');
        }
        return client().resource(Serialization.unmarshal(yaml.toString(), PodMigration.class))
                .create();
    }

    /** Waits until a PodMigration, as the API has it, is like that. */
    PodMigration await(PodMigration created, Predicate<PodMigration> reached) {
        return Awaitility.await()
                .atMost(Cluster.PATIENCE)
                .ignoreExceptions()
                .until(
                        () -> client().resource(created).get(),
                        now -> now != null && now.getStatus() != null && reached.test(now));
    }

    /** Waits for the end of a PodMigration. */
    PodMigration awaitEnd(PodMigration created) {
        return await(created, Scenario::isOver);
    }

    static boolean isOver(PodMigration migration) {
        MigrationPhase phase =
                migration.getStatus() == null ? null : migration.getStatus().getPhase();
        return phase != null && phase.isFinal();
    }

    /** Moves an application, which must succeed, and waits until its source is gone and the copy goes on. */
    PodMigration move(String migration, Application application, String... spec) {
        String source = application.podName();
        PodMigration ended = awaitEnd(create(migration, source, spec));
        requirePhase(ended, MigrationPhase.SUCCEEDED);
        application.movedBy(ended);
        awaitGone(application, source);
        application.goesOn(10);
        return ended;
    }

    /** Waits until there is no pod of this name. */
    void awaitGone(Application application, String pod) {
        Awaitility.await().atMost(Cluster.PATIENCE).until(() -> application.find(pod) == null);
    }

    /** Requires that it ended in this phase. */
    static void requirePhase(PodMigration migration, MigrationPhase phase) {
        assertThat(migration.getStatus().getPhase())
                .as(Serialization.asYaml(migration))
                .isEqualTo(phase);
    }

    /**
     * Does something as soon as a migration is in a phase or beyond.
     *
     * @return the phase it was in when that was done
     */
    MigrationPhase when(PodMigration migration, MigrationPhase phase, Runnable act) {
        CompletableFuture<MigrationPhase> seen = new CompletableFuture<>();
        try (Watch watch = client().resource(migration).watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, PodMigration now) {
                MigrationPhase is =
                        now.getStatus() == null ? null : now.getStatus().getPhase();
                if (is != null && now.getStatus().since(phase).isPresent()) {
                    seen.complete(is);
                } else if (is != null && is.isFinal()) {
                    seen.completeExceptionally(
                            new AssertionError("it never was in " + phase.value() + ": " + Serialization.asYaml(now)));
                }
            }

            @Override
            public void onClose(WatcherException failed) {
                seen.completeExceptionally(failed);
            }
        })) {
            MigrationPhase is = seen.get(Cluster.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            act.run();
            return is;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        } catch (ExecutionException | TimeoutException failed) {
            throw new AssertionError("the migration did not come to " + phase.value(), failed);
        }
    }

    /** All ticks in this namespace; those of pods that are there may be in it twice. */
    List<Tick> ticks() {
        List<Tick> ticks = new ArrayList<>();
        for (String node : cluster.nodes()) {
            ticks.addAll(cluster.shells().ticks(node, namespace));
        }
        // CRI-O logs what it has restored elsewhere, and tells the kubelet where.
        for (Pod pod : client().pods().inNamespace(namespace).list().getItems()) {
            if ("Running".equals(pod.getStatus().getPhase())) {
                ticks.addAll(shown(pod));
            }
        }
        return ticks;
    }

    private List<Tick> shown(Pod pod) {
        String log = client().pods()
                .inNamespace(namespace)
                .withName(pod.getMetadata().getName())
                .inContainer(pod.getSpec().getContainers().get(0).getName())
                .usingTimestamps()
                .getLog();
        return log.lines()
                .filter(line -> line.matches("\\S+ tick \\d+ nonce=.*"))
                .map(line -> line.replaceFirst(" tick ", " stdout F tick "))
                .map(line -> Tick.parse(
                        pod.getSpec().getNodeName(),
                        pod.getMetadata().getName(),
                        pod.getMetadata().getUid(),
                        line))
                .toList();
    }

    /** Looks at everything, removes the namespace, and tells the report. */
    void end(Optional<Throwable> ended) {
        // A test that was skipped says why, and has not failed.
        Optional<Throwable> failure = ended.filter(each -> !(each instanceof TestAbortedException));
        if (failure.isEmpty()) {
            ended.ifPresent(skipped -> figure("skipped", String.valueOf(skipped.getMessage())));
        }
        List<PodMigration> migrations = client().resources(PodMigration.class)
                .inNamespace(namespace)
                .list()
                .getItems();
        List<String> untrue = new ArrayList<>();
        List<String> faults = new ArrayList<>();
        List<String> left = new ArrayList<>();
        Map<String, Ledger> ledgers = new LinkedHashMap<>();
        try {
            List<Tick> ticks = ticks();
            for (Application application : applications) {
                Ledger ledger = new Ledger(ticks.stream()
                        .filter(tick -> application.has(tick.pod()))
                        .toList());
                ledgers.put(application.name(), ledger);
                ledger.faults().forEach(fault -> faults.add(application.name() + ": " + fault));
            }
            List<Pod> pods = client().pods().inNamespace(namespace).list().getItems();
            Truth truth = new Truth(pods, ticks);
            migrations.forEach(migration -> untrue.addAll(truth.untrue(migration)));
        } finally {
            remove();
        }
        left.addAll(Leftovers.of(cluster, namespace));
        cluster.report()
                .add(new Report.Entry(
                        name,
                        title,
                        began,
                        Instant.now(),
                        failure,
                        migrations,
                        ledgers,
                        figures,
                        faults,
                        untrue,
                        left));
        if (failure.isEmpty()) {
            assertThat(faults).as("what applications wrote").isEmpty();
            assertThat(untrue).as("what migrations say").isEmpty();
            assertThat(left).as("what is left on the nodes").isEmpty();
        }
    }

    private void remove() {
        client().namespaces().withName(namespace).delete();
        Awaitility.await()
                .atMost(Cluster.PATIENCE)
                .until(() -> client().namespaces().withName(namespace).get() == null);
    }
}
