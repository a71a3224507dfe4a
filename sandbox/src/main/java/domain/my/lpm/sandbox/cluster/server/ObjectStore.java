package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The objects, with one resource version that counts every change, and the latest changes for those who watch.
 *
 * <p>INVARIANT: an object that is in the store is never changed; each change puts another one in its place.
 */
final class ObjectStore {
    /** Whoever watches from further back has to list again. */
    private static final int HISTORY = 20_000;

    /** Names an object: the kind's resource, the namespace, empty for cluster-scoped kinds, and the name. */
    record Key(ResourceKind kind, String namespace, String name) {}

    /**
     * What is kept of an object.
     *
     * @param object its resource version stands in its metadata
     * @param applied what each manager applied last, by its name
     */
    record Stored(ObjectNode object, Map<String, ObjectNode> applied) {
        String version() {
            return Json.text(object, "/metadata/resourceVersion");
        }
    }

    /**
     * A change.
     *
     * @param before null when the object was created
     * @param after null when it was removed
     */
    record Change(
            long version,
            Key key,
            @Nullable ObjectNode before,
            @Nullable ObjectNode after,
            ObjectNode latest) {}

    /** Receives every change of a kind from a version on; has to be given back. */
    final class Watch implements AutoCloseable {
        private final ResourceKind kind;
        private final BlockingQueue<Change> changes = new LinkedBlockingQueue<>();

        private Watch(ResourceKind kind) {
            this.kind = kind;
        }

        BlockingQueue<Change> changes() {
            return changes;
        }

        @Override
        public void close() {
            watches.remove(this);
        }
    }

    /**
     * The objects of a kind at one moment.
     *
     * @param version of the store then
     */
    record Snapshot(long version, List<ObjectNode> objects) {}

    private final Map<String, TreeMap<String, Stored>> objects = new HashMap<>();
    private final Map<String, Set<String>> dependents = new HashMap<>();
    private final Map<String, Key> keys = new HashMap<>();
    private final ArrayDeque<Change> history = new ArrayDeque<>();
    private final List<Watch> watches = new CopyOnWriteArrayList<>();
    private long version = 1;
    private long forgotten = 1;

    synchronized Optional<Stored> get(Key key) {
        return Optional.ofNullable(of(key.kind()).get(path(key)));
    }

    synchronized Snapshot list(ResourceKind kind, String namespace) {
        Collection<Stored> found = namespace.isEmpty()
                ? of(kind).values()
                : of(kind).subMap(namespace + "/", namespace + "0").values();
        return new Snapshot(version, found.stream().map(Stored::object).toList());
    }

    /** Everything of all kinds in a namespace. */
    synchronized List<Key> inNamespace(String namespace) {
        return keys.values().stream()
                .filter(key -> key.kind().namespaced() && key.namespace().equals(namespace))
                .toList();
    }

    /** The objects that name the object of this uid as an owner. */
    synchronized List<Key> dependents(String uid) {
        List<Key> found = new ArrayList<>();
        for (String dependent : dependents.getOrDefault(uid, Collections.emptySet())) {
            Key key = keys.get(dependent);
            if (key != null) {
                found.add(key);
            }
        }
        return found;
    }

    synchronized boolean exists(String uid) {
        return keys.containsKey(uid);
    }

    /**
     * Puts an object in the place of what there was.
     *
     * @param expected the resource version of what there was; empty when there was nothing
     * @return the object with its resource version; nothing when something else is there
     */
    synchronized Optional<ObjectNode> put(
            Key key, Optional<String> expected, ObjectNode object, Map<String, ObjectNode> applied) {
        Stored there = of(key.kind()).get(path(key));
        if (!expected.equals(Optional.ofNullable(there).map(Stored::version))) {
            return Optional.empty();
        }
        ObjectNode stored = object.deepCopy();
        long next = version + 1;
        Json.metadata(stored).put("resourceVersion", Long.toString(next));
        of(key.kind()).put(path(key), new Stored(stored, Map.copyOf(applied)));
        if (there != null) {
            forgetOwners(there.object());
        }
        String uid = Json.text(stored, "/metadata/uid");
        keys.put(uid, key);
        owners(stored)
                .forEach(owner -> dependents
                        .computeIfAbsent(owner, none -> new TreeSet<>())
                        .add(uid));
        publish(new Change(next, key, there == null ? null : there.object(), stored, stored));
        return Optional.of(stored);
    }

    /** Remembers what managers have applied, of an object that did not change by it. */
    synchronized void remember(Key key, String expected, Map<String, ObjectNode> applied) {
        of(key.kind())
                .computeIfPresent(
                        path(key),
                        (path, there) -> there.version().equals(expected)
                                ? new Stored(there.object(), Map.copyOf(applied))
                                : there);
    }

    /** Removes what is there with that resource version; returns its last state, or nothing when something else is there. */
    synchronized Optional<ObjectNode> remove(Key key, String expected) {
        Stored there = of(key.kind()).get(path(key));
        if (there == null || !there.version().equals(expected)) {
            return Optional.empty();
        }
        of(key.kind()).remove(path(key));
        forgetOwners(there.object());
        keys.remove(Json.text(there.object(), "/metadata/uid"));
        long next = version + 1;
        ObjectNode last = there.object().deepCopy();
        Json.metadata(last).put("resourceVersion", Long.toString(next));
        publish(new Change(next, key, there.object(), null, last));
        return Optional.of(last);
    }

    /**
     * Watches a kind.
     *
     * @param from the version after which changes are wanted; 0 for those to come
     * @param present receives, when {@code from} is 0, the objects of the namespace as they are before the first change
     * @throws ApiException when they are forgotten
     */
    synchronized Watch watch(ResourceKind kind, long from, String namespace, List<ObjectNode> present) {
        if (from != 0 && from < forgotten) {
            throw ApiException.expired(from);
        }
        Watch watch = new Watch(kind);
        if (from != 0) {
            history.stream()
                    .filter(change -> change.version() > from
                            && change.key().kind().resource().equals(kind.resource()))
                    .forEach(watch.changes::add);
        } else {
            present.addAll(list(kind, namespace).objects());
        }
        watches.add(watch);
        return watch;
    }

    /** The version up to which a watch has seen all changes; empty when some wait for it. */
    synchronized OptionalLong seenUpTo(Watch watch) {
        return watch.changes.isEmpty() ? OptionalLong.of(version) : OptionalLong.empty();
    }

    private void publish(Change change) {
        version = change.version();
        history.add(change);
        if (history.size() > HISTORY) {
            forgotten = history.remove().version();
        }
        for (Watch watch : watches) {
            if (watch.kind.resource().equals(change.key().kind().resource())) {
                watch.changes.add(change);
            }
        }
    }

    private void forgetOwners(ObjectNode object) {
        String uid = Json.text(object, "/metadata/uid");
        for (String owner : owners(object)) {
            Set<String> owned = dependents.getOrDefault(owner, Collections.emptySet());
            owned.remove(uid);
            if (owned.isEmpty()) {
                dependents.remove(owner);
            }
        }
    }

    static List<String> owners(JsonNode object) {
        List<String> owners = new ArrayList<>();
        object.at("/metadata/ownerReferences")
                .forEach(owner -> owners.add(owner.path("uid").asText()));
        return owners;
    }

    private TreeMap<String, Stored> of(ResourceKind kind) {
        return objects.computeIfAbsent(kind.resource(), none -> new TreeMap<>());
    }

    private static String path(Key key) {
        return key.namespace() + "/" + key.name();
    }
}
