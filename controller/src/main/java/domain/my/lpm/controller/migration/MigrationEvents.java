package domain.my.lpm.controller.migration;

import domain.my.lpm.api.PodContainers;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.TransformingItemStore;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What wakes a migration: its own object, the pods it is about, and ends of calls. And what is seen by that. */
public final class MigrationEvents {
    private static final String UNFINISHED = "unfinished";
    private static final String ALL = "*";
    private static final String BY_POD = "pod";

    /** Of a pod's annotations only those are kept that a decision needs. */
    private static final String OUR_ANNOTATIONS = "migration.";

    private final SimpleInboundEventSource<PodMigration> wake = new SimpleInboundEventSource<>("wake");
    private volatile @Nullable InformerEventSource<Pod, PodMigration> pods;
    private volatile @Nullable IndexerResourceCache<PodMigration> migrations;

    List<EventSource<?, PodMigration>> sources(EventSourceContext<PodMigration> context) {
        IndexerResourceCache<PodMigration> cache = context.getPrimaryCache();
        cache.addIndexer(UNFINISHED, MigrationEvents::unfinishedKeys);
        cache.addIndexer(BY_POD, MigrationEvents::podKeys);
        migrations = cache;
        InformerEventSource<Pod, PodMigration> informer =
                new InformerEventSource<>(
                        InformerEventSourceConfiguration.from(Pod.class, PodMigration.class)
                                .withName("pods")
                                .withItemStore(new TransformingItemStore<>(MigrationEvents::reduced))
                                .withSecondaryToPrimaryMapper(pod -> cache
                                        .byIndex(
                                                BY_POD,
                                                key(
                                                        pod.getMetadata().getNamespace(),
                                                        pod.getMetadata().getName()))
                                        .stream()
                                        .map(ResourceID::fromResource)
                                        .collect(Collectors.toSet()))
                                .withPrimaryToSecondaryMapper(migration -> Set.of())
                                .build(),
                        context);
        pods = informer;
        return List.of(wake, informer);
    }

    /** Sees to it that a migration is looked at. */
    public void wake(ResourceID migration) {
        wake.propagateEvent(migration);
    }

    /** A pod as last seen. */
    public Optional<Pod> pod(String namespace, String name) {
        InformerEventSource<Pod, PodMigration> informer = pods;
        return informer == null ? Optional.empty() : informer.get(new ResourceID(name, namespace));
    }

    /** All migrations that are not over, as last seen. */
    public Collection<PodMigration> unfinished() {
        return byIndex(ALL);
    }

    /** The migrations of a namespace that are not over, as last seen. */
    public List<PodMigration> unfinished(String namespace) {
        return byIndex(namespace);
    }

    private List<PodMigration> byIndex(String key) {
        IndexerResourceCache<PodMigration> cache = migrations;
        return cache == null ? List.of() : cache.byIndex(UNFINISHED, key);
    }

    private static List<String> unfinishedKeys(PodMigration migration) {
        return isOver(migration)
                ? List.of()
                : List.of(ALL, migration.getMetadata().getNamespace());
    }

    private static List<String> podKeys(PodMigration migration) {
        if (isOver(migration)) {
            return List.of();
        }
        String namespace = migration.getMetadata().getNamespace();
        List<String> keys = new ArrayList<>();
        keys.add(key(namespace, migration.getSpec().getPodName()));
        if (migration.getStatus() != null && migration.getStatus().getTargetPod() != null) {
            keys.add(key(namespace, migration.getStatus().getTargetPod().name()));
        }
        return keys;
    }

    private static boolean isOver(PodMigration migration) {
        MigrationPhase phase =
                migration.getStatus() == null ? null : migration.getStatus().getPhase();
        return phase != null && phase.isFinal();
    }

    private static String key(String namespace, String name) {
        return namespace + "/" + name;
    }

    /** Of all the pods of a cluster, what is needed to follow them. */
    static Pod reduced(Pod pod) {
        ObjectMeta metadata = pod.getMetadata();
        List<Container> sidecars = pod.getSpec() == null
                ? List.of()
                : pod.getSpec().getInitContainers().stream()
                        .filter(PodContainers::isSidecar)
                        .toList();
        List<ContainerStatus> statuses = pod.getStatus() == null
                ? List.of()
                : pod.getStatus().getInitContainerStatuses().stream()
                        .filter(status -> sidecars.stream()
                                .anyMatch(sidecar -> sidecar.getName().equals(status.getName())))
                        .toList();
        return new PodBuilder()
                .withMetadata(new ObjectMetaBuilder()
                        .withNamespace(metadata.getNamespace())
                        .withName(metadata.getName())
                        .withUid(metadata.getUid())
                        .withResourceVersion(metadata.getResourceVersion())
                        .withDeletionTimestamp(metadata.getDeletionTimestamp())
                        .withAnnotations(
                                metadata.getAnnotations() == null
                                        ? Map.of()
                                        : metadata.getAnnotations().entrySet().stream()
                                                .filter(entry -> entry.getKey().startsWith(OUR_ANNOTATIONS)
                                                        && entry.getValue().length() < 1024)
                                                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)))
                        .build())
                .withNewSpec()
                .withNodeName(pod.getSpec() == null ? null : pod.getSpec().getNodeName())
                .withInitContainers(reduced(sidecars))
                .withContainers(
                        pod.getSpec() == null
                                ? List.of()
                                : reduced(pod.getSpec().getContainers()))
                .endSpec()
                .withNewStatus()
                .withPhase(pod.getStatus() == null ? null : pod.getStatus().getPhase())
                .withInitContainerStatuses(statuses)
                .withContainerStatuses(
                        pod.getStatus() == null ? List.of() : pod.getStatus().getContainerStatuses())
                .endStatus()
                .build();
    }

    private static List<Container> reduced(List<Container> containers) {
        return containers.stream()
                .map(container -> new ContainerBuilder()
                        .withName(container.getName())
                        .withRestartPolicy(container.getRestartPolicy())
                        .build())
                .toList();
    }
}
