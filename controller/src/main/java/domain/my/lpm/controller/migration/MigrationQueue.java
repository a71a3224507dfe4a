package domain.my.lpm.controller.migration;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.SourcePod;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Lets migrations begin in the order of their creation, then of their namespaces and names, so many at once in the cluster and out
 * of a node. One that waits for its node alone lets those of other nodes pass. What was decided here is remembered here, since
 * what is seen of the API may be older.
 */
public final class MigrationQueue {
    /** The order of the queue. */
    static final Comparator<PodMigration> ORDER = Comparator.comparing(
                    (PodMigration migration) -> text(migration.getMetadata().getCreationTimestamp()))
            .thenComparing(migration -> text(migration.getMetadata().getNamespace()))
            .thenComparing(migration -> migration.getMetadata().getName());

    private final int inCluster;
    private final int outOfNode;
    private final Supplier<Collection<PodMigration>> unfinished;
    private final Function<PodMigration, Optional<String>> sourceNode;
    /** Uids of the migrations that were let go and are not known to be over, with their source nodes. */
    private final Map<String, String> begun = new HashMap<>();
    /** Uids of migrations that are over, though the cache may say otherwise. */
    private final Set<String> over = new HashSet<>();

    /**
     * @param inCluster how many may be under way at once; at least 1
     * @param outOfNode how many may be under way at once from one node; at least 1
     * @param unfinished all that are not over, as last seen
     * @param sourceNode the node on which the pod of a migration runs, if that is known
     */
    public MigrationQueue(
            int inCluster,
            int outOfNode,
            Supplier<Collection<PodMigration>> unfinished,
            Function<PodMigration, Optional<String>> sourceNode) {
        this.inCluster = inCluster;
        this.outOfNode = outOfNode;
        this.unfinished = unfinished;
        this.sourceNode = sourceNode;
    }

    /** Whether {@code migration} may begin now; from then on it counts, until {@link #release}. */
    public synchronized boolean admit(PodMigration migration) {
        if (begun.containsKey(uid(migration))) {
            return true;
        }
        Collection<PodMigration> seen = unfinished.get();
        Stream<PodMigration> all = seen.stream().anyMatch(other -> uid(other).equals(uid(migration)))
                ? seen.stream()
                : Stream.concat(seen.stream(), Stream.of(migration));
        boolean admitted = eligible(all).stream().anyMatch(next -> uid(next).equals(uid(migration)));
        if (admitted) {
            begun.put(uid(migration), sourceNode.apply(migration).orElse(""));
        }
        return admitted;
    }

    /** The migration is over, or gone: those are returned that may begin instead. */
    public synchronized List<PodMigration> release(String uid) {
        begun.remove(uid);
        over.add(uid);
        Collection<PodMigration> seen = unfinished.get();
        Set<String> uids = new HashSet<>();
        seen.forEach(migration -> uids.add(uid(migration)));
        over.removeIf(ended -> !ended.equals(uid) && !uids.contains(ended));
        return eligible(seen.stream());
    }

    /** How many wait. */
    public synchronized int length() {
        return (int) unfinished.get().stream().filter(this::waits).count();
    }

    /** How many are under way. */
    public synchronized int underWay() {
        return underWay(unfinished.get()).size();
    }

    private List<PodMigration> eligible(Stream<PodMigration> migrations) {
        List<PodMigration> all = migrations.sorted(ORDER).toList();
        Map<String, String> underWay = underWay(all);
        Map<String, Integer> perNode = new HashMap<>();
        underWay.values().forEach(node -> perNode.merge(node, 1, Integer::sum));
        int[] free = {inCluster - underWay.size()};
        return all.stream()
                .filter(this::waits)
                .filter(migration -> {
                    String node = sourceNode.apply(migration).orElse("");
                    boolean fits = free[0] > 0 && (node.isEmpty() || perNode.getOrDefault(node, 0) < outOfNode);
                    if (fits) {
                        free[0]--;
                        perNode.merge(node, 1, Integer::sum);
                    }
                    return fits;
                })
                .toList();
    }

    private Map<String, String> underWay(Collection<PodMigration> seen) {
        Map<String, String> nodes = new HashMap<>(begun);
        for (PodMigration migration : seen) {
            SourcePod source =
                    migration.getStatus() == null ? null : migration.getStatus().getSourcePod();
            if (source != null && !isFinal(migration) && !over.contains(uid(migration))) {
                nodes.put(uid(migration), source.node());
            }
        }
        return nodes;
    }

    private boolean waits(PodMigration migration) {
        return !hasBegun(migration)
                && !begun.containsKey(uid(migration))
                && !over.contains(uid(migration))
                && !migration.isMarkedForDeletion()
                && !isFinal(migration);
    }

    private static boolean isFinal(PodMigration migration) {
        MigrationPhase phase =
                migration.getStatus() == null ? null : migration.getStatus().getPhase();
        return phase != null && phase.isFinal();
    }

    private static boolean hasBegun(PodMigration migration) {
        return migration.getStatus() != null && migration.getStatus().getSourcePod() != null && !isFinal(migration);
    }

    private static String uid(PodMigration migration) {
        return migration.getMetadata().getUid();
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}
