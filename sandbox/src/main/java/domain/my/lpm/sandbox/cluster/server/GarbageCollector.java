package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.sandbox.cluster.server.ObjectStore.Key;
import domain.my.lpm.sandbox.cluster.server.Operations.Deletion;
import domain.my.lpm.sandbox.cluster.server.Operations.Request;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes objects whose owners are gone, and the content of namespaces that are being deleted; in a thread of its own. */
final class GarbageCollector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GarbageCollector.class);

    private final ObjectStore store;
    private final Operations operations;
    private final ExecutorService worker = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "garbage-collector");
        thread.setDaemon(true);
        return thread;
    });

    GarbageCollector(ObjectStore store, Operations operations) {
        this.store = store;
        this.operations = operations;
    }

    void created(Key key, ObjectNode object) {
        if (!ObjectStore.owners(object).isEmpty()) {
            later(() -> collect(key, object));
        }
    }

    void removed(Key key, ObjectNode object) {
        String uid = Json.text(object, "/metadata/uid");
        later(() -> {
            for (Key dependent : store.dependents(uid)) {
                store.get(dependent).ifPresent(stored -> collect(dependent, stored.object()));
            }
            if (key.kind().namespaced()) {
                finish(key.namespace());
            }
        });
    }

    void terminating(String namespace) {
        later(() -> {
            for (Key key : store.inNamespace(namespace)) {
                attempt(() -> operations.delete(key, Deletion.PLAIN, Request.internal()));
            }
            finish(namespace);
        });
    }

    /** Takes the object out of the owners of what it owns, at once. */
    void orphan(ObjectNode object) {
        String uid = Json.text(object, "/metadata/uid");
        for (Key dependent : store.dependents(uid)) {
            disown(dependent, List.of(uid));
        }
    }

    private void collect(Key key, ObjectNode object) {
        List<String> owners = ObjectStore.owners(object);
        List<String> gone =
                owners.stream().filter(owner -> !store.exists(owner)).toList();
        if (gone.isEmpty()) {
            return;
        }
        if (gone.size() < owners.size()) {
            disown(key, gone);
        } else {
            String uid = Json.text(object, "/metadata/uid");
            attempt(() -> operations.delete(key, new Deletion(uid, null, null, false), Request.internal()));
        }
    }

    private void disown(Key key, List<String> owners) {
        attempt(() -> {
            ObjectNode there = operations.get(key);
            ObjectNode patch = Json.object();
            ArrayNode rest = patch.putObject("metadata").putArray("ownerReferences");
            there.at("/metadata/ownerReferences").forEach(reference -> {
                if (!owners.contains(reference.path("uid").asText())) {
                    rest.add(reference);
                }
            });
            Json.metadata(patch).set("resourceVersion", there.at("/metadata/resourceVersion"));
            operations.patch(key, "", Patches.MERGE_PATCH, Json.bytes(patch), Request.internal());
        });
    }

    private void finish(String namespace) {
        Key key = new Key(ResourceKinds.NAMESPACE, "", namespace);
        store.get(key)
                .filter(stored -> Operations.isBeingDeleted(stored.object()))
                .filter(stored -> store.inNamespace(namespace).isEmpty())
                .ifPresent(stored -> store.remove(key, stored.version()));
    }

    private static void attempt(Runnable act) {
        try {
            act.run();
        } catch (ApiException another) {
            if (another.code() != 404 && another.code() != 409) {
                LOG.warn("Garbage was not collected: {}", another.getMessage());
            }
        }
    }

    private void later(Runnable task) {
        try {
            worker.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException failed) {
                    LOG.error("Garbage collection failed", failed);
                }
            });
        } catch (RejectedExecutionException closed) {
            LOG.debug("Nothing is collected any more", closed);
        }
    }

    @Override
    public void close() {
        worker.shutdownNow();
    }
}
