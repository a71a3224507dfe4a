package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.sandbox.cluster.server.ObjectStore.Key;
import domain.my.lpm.sandbox.cluster.server.ObjectStore.Stored;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Creating, changing and deleting objects, by the rules of the API conventions. */
final class Operations {
    static final String STATUS = "status";
    static final String BINDING = "binding";

    private static final List<String> SERVER_SET = List.of(
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "managedFields",
            "selfLink");
    private static final Pattern SUBDOMAIN = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
    private static final String SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
    private static final int SUFFIX_LENGTH = 5;
    private static final int LONGEST_PREFIX = 63 - SUFFIX_LENGTH;
    private static final int ATTEMPTS = 20;
    private static final long GRACE_SECONDS = 30;

    private final ObjectStore store;
    private final ResourceKinds kinds;
    private final Admission admission;
    private final GarbageCollector collector;
    private final InstantSource clock;

    Operations(ObjectStore store, ResourceKinds kinds, InstantSource clock) {
        this.store = store;
        this.kinds = kinds;
        this.admission = new Admission(store);
        this.clock = clock;
        this.collector = new GarbageCollector(store, this);
    }

    GarbageCollector collector() {
        return collector;
    }

    /**
     * How a request is to be done.
     *
     * @param dryRun whether nothing is to be stored
     * @param warnings receives what webhooks warn of
     */
    record Request(boolean dryRun, List<String> warnings) {
        static Request internal() {
            return new Request(false, new ArrayList<>());
        }
    }

    /** An object, and whether the request made it. */
    record Outcome(ObjectNode object, boolean created) {}

    ObjectNode get(Key key) {
        return stored(key).object();
    }

    private Stored stored(Key key) {
        return store.get(key).orElseThrow(() -> ApiException.notFound(key.kind(), key.name()));
    }

    /** Creates an object; its name, or the beginning of it, stands in its metadata. */
    ObjectNode create(ResourceKind kind, String namespace, ObjectNode body, Request request) {
        return create(kind, namespace, body, Map.of(), request);
    }

    private ObjectNode create(
            ResourceKind kind, String namespace, ObjectNode body, Map<String, ObjectNode> applied, Request request) {
        ObjectNode object = body.deepCopy();
        requireKind(kind, object);
        ObjectNode metadata = Json.metadata(object);
        String prefix = metadata.path("generateName").asText("");
        boolean generated = metadata.path("name").asText("").isEmpty() && !prefix.isEmpty();
        if (!metadata.path("resourceVersion").asText("").isEmpty()) {
            throw ApiException.badRequest("resourceVersion should not be set on objects to be created");
        }
        if (kind.namespaced()) {
            requireNamespace(kind, namespace, metadata);
        }
        for (String field : List.of("selfLink", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds")) {
            metadata.remove(field);
        }
        metadata.put("uid", UUID.randomUUID().toString());
        metadata.put("creationTimestamp", now().toString());
        if (kind.countsGenerations()) {
            metadata.put("generation", 1L);
        }
        if (kind.hasStatus() && !kind.equals(ResourceKinds.NODE)) {
            object.remove(STATUS);
        }
        for (int attempt = 1; ; attempt++) {
            if (generated) {
                String start = prefix.length() > LONGEST_PREFIX ? prefix.substring(0, LONGEST_PREFIX) : prefix;
                metadata.put("name", start + suffix());
            }
            String name = metadata.path("name").asText("");
            requireName(kind, name);
            Key key = new Key(kind, namespace, name);
            ObjectNode admitted = admit(key, "", "CREATE", null, object, request);
            if (request.dryRun()) {
                if (store.get(key).isPresent()) {
                    throw ApiException.alreadyExists(kind, name);
                }
                return admitted;
            }
            Optional<ObjectNode> stored = store.put(key, Optional.empty(), admitted, applied);
            if (stored.isPresent()) {
                created(key, stored.get());
                return stored.get();
            }
            if (!generated || attempt == ATTEMPTS) {
                throw ApiException.alreadyExists(kind, name);
            }
        }
    }

    private void created(Key key, ObjectNode object) {
        if (key.kind().equals(ResourceKinds.CRD)) {
            kinds.addDefined(object);
        }
        collector.created(key, object);
    }

    /** Puts an object in the place of the one there; for {@code status}, its status alone. */
    ObjectNode replace(Key key, String subresource, ObjectNode body, Request request) {
        requireKind(key.kind(), body);
        return change(key, subresource, request, stored -> new Stored(body.deepCopy(), stored.applied()));
    }

    /** Changes an object by a patch of one of {@link Patches#TYPES} but the apply patch. */
    ObjectNode patch(Key key, String subresource, String type, byte[] patch, Request request) {
        return change(key, subresource, request, stored -> {
            ObjectNode object = stored.object();
            ObjectNode patched = switch (type) {
                case Patches.JSON_PATCH -> Patches.json(key.kind(), object, patch);
                case Patches.MERGE_PATCH -> Patches.merge(object, Json.readObject(patch));
                case Patches.STRATEGIC_PATCH -> Patches.strategic(key.kind(), object, Json.readObject(patch));
                default -> throw ApiException.unsupportedMediaType(type);
            };
            return new Stored(patched, stored.applied());
        });
    }

    /** Server-side apply. Conflicts of managers are not looked for: it is always forced. */
    Outcome apply(Key key, String subresource, byte[] patch, String manager, Request request) {
        ObjectNode body = Json.readYaml(patch);
        requireKind(key.kind(), body);
        ObjectNode metadata = Json.metadata(body);
        if (metadata.has("managedFields")) {
            throw ApiException.badRequest("metadata.managedFields must be nil");
        }
        String owner = manager + "/" + subresource;
        ObjectNode fields = body.deepCopy();
        fields.remove(List.of("apiVersion", "kind"));
        Json.metadata(fields).remove(SERVER_SET);
        Json.metadata(fields).remove(List.of("name", "namespace"));
        boolean conditional = metadata.hasNonNull("resourceVersion");
        for (int attempt = 1; ; attempt++) {
            try {
                if (subresource.isEmpty() && !conditional && store.get(key).isEmpty()) {
                    metadata.put("name", key.name());
                    return new Outcome(create(key.kind(), key.namespace(), body, Map.of(owner, fields), request), true);
                }
                return new Outcome(
                        change(key, subresource, request, stored -> applied(key, stored, owner, fields, metadata)),
                        false);
            } catch (ApiException another) {
                // It was created or removed in between.
                boolean lost = !conditional && (another.code() == 404 || another.code() == 409);
                if (!lost || !subresource.isEmpty() || attempt == ATTEMPTS) {
                    throw another;
                }
            }
        }
    }

    private static Stored applied(Key key, Stored stored, String owner, ObjectNode fields, ObjectNode metadata) {
        Map<String, ObjectNode> others = new HashMap<>(stored.applied());
        ObjectNode before = others.remove(owner);
        ObjectNode merged = Patches.apply(key.kind(), stored.object(), before, fields, others.values());
        for (String carried : List.of("resourceVersion", "uid")) {
            if (metadata.hasNonNull(carried)) {
                Json.metadata(merged).set(carried, metadata.get(carried));
            }
        }
        others.put(owner, fields);
        return new Stored(merged, others);
    }

    /** Binds a pod to a node, once. */
    void bind(Key key, ObjectNode binding, Request request) {
        String node = Json.text(binding, "/target/name");
        if (node.isEmpty()) {
            throw ApiException.badRequest("the binding names no node in target.name");
        }
        change(key, BINDING, request, stored -> {
            ObjectNode pod = stored.object().deepCopy();
            String bound = Json.text(pod, "/spec/nodeName");
            if (!bound.isEmpty()) {
                throw notBound(key, "pod %s is already assigned to node \"%s\"".formatted(key.name(), bound));
            }
            if (isBeingDeleted(pod)) {
                throw notBound(key, "pod %s is being deleted, cannot be assigned to a host".formatted(key.name()));
            }
            if (!pod.at("/spec/schedulingGates").isEmpty()) {
                throw notBound(key, "pod %s has non-empty .spec.schedulingGates".formatted(key.name()));
            }
            pod.withObject("/spec").put("nodeName", node);
            Pods.scheduled(pod, now());
            return new Stored(pod, stored.applied());
        });
    }

    private static ApiException notBound(Key key, String why) {
        return ApiException.conflict("pods/binding", key.name(), why);
    }

    /** Makes of what is stored what shall be; called again when another request came in between. */
    private interface Edit {
        Stored of(Stored stored);
    }

    private ObjectNode change(Key key, String subresource, Request request, Edit edit) {
        ResourceKind kind = key.kind();
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            Stored stored = stored(key);
            Stored edited = edit.of(stored);
            ObjectNode object = edited.object();
            requireSame(key, stored.object(), object);
            if (subresource.equals(STATUS)) {
                ObjectNode withStatus = stored.object().deepCopy();
                if (object.has(STATUS)) {
                    withStatus.set(STATUS, object.get(STATUS));
                } else {
                    withStatus.remove(STATUS);
                }
                object = withStatus;
            } else if (kind.hasStatus() && subresource.isEmpty()) {
                object.remove(STATUS);
                if (stored.object().has(STATUS)) {
                    object.set(STATUS, stored.object().get(STATUS));
                }
            }
            keepServerSet(stored.object(), object);
            object = admit(key, subresource, "UPDATE", stored.object(), object, request);
            if (kind.countsGenerations() && !content(object).equals(content(stored.object()))) {
                Json.metadata(object).put("generation", generation(stored.object()) + 1);
            }
            if (request.dryRun()) {
                return object;
            }
            if (object.equals(stored.object())) {
                store.remember(key, stored.version(), edited.applied());
                return stored.object();
            }
            Optional<ObjectNode> done = put(key, stored, object, edited.applied());
            if (done.isPresent()) {
                return done.get();
            }
        }
        throw ApiException.changedMeanwhile(kind, key.name());
    }

    private Optional<ObjectNode> put(Key key, Stored stored, ObjectNode object, Map<String, ObjectNode> applied) {
        if (isBeingDeleted(object) && hasNoFinalizers(object) && gracePeriod(object) == 0) {
            Optional<ObjectNode> removed = store.remove(key, stored.version());
            if (removed.isPresent()) {
                collector.removed(key, removed.get());
                ObjectNode last = object.deepCopy();
                Json.metadata(last).set("resourceVersion", removed.get().at("/metadata/resourceVersion"));
                return Optional.of(last);
            }
            return Optional.empty();
        }
        Optional<ObjectNode> done = store.put(key, Optional.of(stored.version()), object, applied);
        if (done.isPresent() && key.kind().equals(ResourceKinds.CRD)) {
            kinds.addDefined(done.get());
        }
        return done;
    }

    /**
     * What a deletion asks for.
     *
     * @param uid the object must have; null for any
     * @param resourceVersion the object must have; null for any
     * @param graceSeconds null for the object's own
     * @param orphan whether what it owns stays
     */
    record Deletion(
            @Nullable String uid,
            @Nullable String resourceVersion,
            @Nullable Long graceSeconds,
            boolean orphan) {
        static final Deletion PLAIN = new Deletion(null, null, null, false);
    }

    /** Deletes an object, or marks it as being deleted where finalizers or a grace period keep it; returns it as it is then. */
    ObjectNode delete(Key key, Deletion deletion, Request request) {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            Stored stored = stored(key);
            ObjectNode object = stored.object();
            requirePrecondition(key, "UID", deletion.uid(), Json.text(object, "/metadata/uid"));
            requirePrecondition(key, "ResourceVersion", deletion.resourceVersion(), stored.version());
            admission.validate(
                    new Admission.Question(
                            key.kind(), key.namespace(), key.name(), "", "DELETE", request.dryRun(), null, object),
                    request.warnings());
            if (request.dryRun()) {
                return object;
            }
            if (deletion.orphan()) {
                collector.orphan(object);
            }
            if (key.kind().equals(ResourceKinds.CRD)) {
                requireNoObjects(key, object);
            }
            long grace = key.kind().equals(ResourceKinds.POD)
                    ? Pods.grace(object, deletion.graceSeconds(), GRACE_SECONDS)
                    : 0;
            Optional<ObjectNode> done =
                    key.kind().equals(ResourceKinds.NAMESPACE) ? terminate(key, stored) : remove(key, stored, grace);
            if (done.isPresent()) {
                return done.get();
            }
        }
        throw ApiException.changedMeanwhile(key.kind(), key.name());
    }

    private Optional<ObjectNode> remove(Key key, Stored stored, long grace) {
        ObjectNode object = stored.object();
        if (hasNoFinalizers(object) && grace == 0) {
            Optional<ObjectNode> removed = store.remove(key, stored.version());
            removed.ifPresent(last -> {
                collector.removed(key, last);
                if (key.kind().equals(ResourceKinds.CRD)) {
                    kinds.remove(ResourceKind.of(last));
                }
            });
            return removed;
        }
        if (isBeingDeleted(object) && gracePeriod(object) <= grace) {
            return Optional.of(object);
        }
        ObjectNode marked = object.deepCopy();
        ObjectNode metadata = Json.metadata(marked);
        metadata.put("deletionTimestamp", now().plus(Duration.ofSeconds(grace)).toString());
        metadata.put("deletionGracePeriodSeconds", grace);
        if (metadata.has("generation")) {
            metadata.put("generation", generation(object) + 1);
        }
        return store.put(key, Optional.of(stored.version()), marked, stored.applied());
    }

    private Optional<ObjectNode> terminate(Key key, Stored stored) {
        if (isBeingDeleted(stored.object())) {
            return Optional.of(stored.object());
        }
        ObjectNode marked = stored.object().deepCopy();
        Json.metadata(marked).put("deletionTimestamp", now().toString());
        marked.withObject("/status").put("phase", "Terminating");
        Optional<ObjectNode> done = store.put(key, Optional.of(stored.version()), marked, stored.applied());
        done.ifPresent(terminating -> collector.terminating(key.name()));
        return done;
    }

    private void requireNoObjects(Key key, ObjectNode crd) {
        if (!store.list(ResourceKind.of(crd), "").objects().isEmpty()) {
            throw ApiException.forbidden(
                    key.kind(), key.name(), "the sandbox does not delete its objects with it; delete them first");
        }
    }

    private void requirePrecondition(Key key, String what, @Nullable String wanted, String actual) {
        if (wanted != null && !wanted.equals(actual)) {
            throw ApiException.conflict(
                    key.kind(),
                    key.name(),
                    "the %s in the precondition (%s) does not match the %s in record (%s). The object might have been deleted and then recreated"
                            .formatted(what, wanted, what, actual));
        }
    }

    /** Defaults, webhooks, schema and rules, in the order of a real server. */
    private ObjectNode admit(
            Key key,
            String subresource,
            String operation,
            @Nullable ObjectNode old,
            ObjectNode wanted,
            Request request) {
        ResourceKind kind = key.kind();
        boolean pod = kind.equals(ResourceKinds.POD);
        ObjectNode object = wanted;
        if (pod && old == null) {
            Pods.setDefaults(object);
        }
        complete(kind, object);
        Admission.Question question = new Admission.Question(
                kind, key.namespace(), key.name(), subresource, operation, request.dryRun(), object, old);
        object = admission.mutate(question, request.warnings());
        if (pod && old == null) {
            Pods.setDefaults(object);
            Pods.setStatus(object);
        }
        complete(kind, object);
        List<String> wrong = new ArrayList<>();
        if (kind.schema().isPresent()) {
            wrong.addAll(kind.schema().get().violations(old, object));
        }
        if (pod) {
            wrong.addAll(old == null ? Pods.violations(object) : Pods.forbiddenChanges(subresource, old, object));
        }
        if (old != null && isBeingDeleted(old) && !finalizers(old).containsAll(finalizers(object))) {
            wrong.add("metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted");
        }
        if (!wrong.isEmpty()) {
            throw ApiException.invalid(kind, key.name(), String.join(", ", wrong));
        }
        if (kind.equals(ResourceKinds.NAMESPACE)) {
            Json.metadata(object).withObject("/labels").put("kubernetes.io/metadata.name", key.name());
            if (old == null) {
                object.withObject("/status").put("phase", "Active");
            }
        }
        admission.validate(
                new Admission.Question(
                        kind, key.namespace(), key.name(), subresource, operation, request.dryRun(), object, old),
                request.warnings());
        return object;
    }

    private static void complete(ResourceKind kind, ObjectNode object) {
        kind.schema().ifPresent(schema -> schema.complete(object));
        object.put("apiVersion", kind.apiVersion()).put("kind", kind.kind());
    }

    private static void requireKind(ResourceKind kind, ObjectNode object) {
        // Of the kinds that it does not know by itself it is not told by the path either.
        if (kind.schema().isPresent()) {
            for (String field : List.of("kind", "apiVersion")) {
                if (object.path(field).asText("").isEmpty()) {
                    throw ApiException.badRequest(
                            "the object provided is unrecognized (must be of type %s): Object '%s' is missing"
                                    .formatted(kind.kind(), field.equals("kind") ? "Kind" : field));
                }
            }
        }
        String apiVersion = object.path("apiVersion").asText(kind.apiVersion());
        String named = object.path("kind").asText(kind.kind());
        if (!apiVersion.equals(kind.apiVersion()) || !named.equals(kind.kind())) {
            throw ApiException.badRequest("%s in version \"%s\" cannot be handled as a %s in version \"%s\""
                    .formatted(named, apiVersion, kind.kind(), kind.apiVersion()));
        }
    }

    private void requireNamespace(ResourceKind kind, String namespace, ObjectNode metadata) {
        String named = metadata.path("namespace").asText(namespace);
        if (!named.equals(namespace)) {
            throw ApiException.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request");
        }
        metadata.put("namespace", namespace);
        Key key = new Key(ResourceKinds.NAMESPACE, "", namespace);
        ObjectNode there = store.get(key)
                .orElseThrow(() -> ApiException.notFound(ResourceKinds.NAMESPACE, namespace))
                .object();
        if (isBeingDeleted(there)) {
            throw ApiException.forbidden(
                    kind,
                    metadata.path("name").asText(),
                    "unable to create new content in namespace " + namespace + " because it is being terminated");
        }
    }

    private static void requireName(ResourceKind kind, String name) {
        if (name.isEmpty()) {
            throw ApiException.invalid(kind, name, "metadata.name: Required value: name or generateName is required");
        }
        boolean label = kind.equals(ResourceKinds.NAMESPACE);
        if (!(label ? LABEL : SUBDOMAIN).matcher(name).matches()) {
            throw ApiException.invalid(
                    kind,
                    name,
                    "metadata.name: Invalid value: \"%s\": %d lower-case letters, digits, '-'%s at most, beginning and ending with a letter or digit"
                            .formatted(name, label ? 63 : 253, label ? "" : " or '.'"));
        }
    }

    private static void requireSame(Key key, ObjectNode stored, ObjectNode object) {
        String version = Json.text(object, "/metadata/resourceVersion");
        if (!version.isEmpty() && !version.equals(Json.text(stored, "/metadata/resourceVersion"))) {
            throw ApiException.changedMeanwhile(key.kind(), key.name());
        }
        String uid = Json.text(object, "/metadata/uid");
        if (!uid.isEmpty() && !uid.equals(Json.text(stored, "/metadata/uid"))) {
            throw ApiException.conflict(
                    key.kind(),
                    key.name(),
                    "Precondition failed: UID in precondition: %s, UID in object meta: %s"
                            .formatted(uid, Json.text(stored, "/metadata/uid")));
        }
        String name = Json.text(object, "/metadata/name");
        if (!name.isEmpty() && !name.equals(key.name())) {
            throw ApiException.badRequest(
                    "the name of the object (%s) does not match the name on the URL (%s)".formatted(name, key.name()));
        }
    }

    private static void keepServerSet(ObjectNode stored, ObjectNode object) {
        ObjectNode metadata = Json.metadata(object);
        for (String field : SERVER_SET) {
            metadata.remove(field);
            if (stored.path("metadata").has(field)) {
                metadata.set(field, stored.get("metadata").get(field));
            }
        }
        for (String field : List.of("name", "namespace", "generateName")) {
            if (stored.path("metadata").has(field)) {
                metadata.set(field, stored.get("metadata").get(field));
            }
        }
    }

    /** What its generation counts the changes of. */
    private static ObjectNode content(ObjectNode object) {
        ObjectNode content = object.deepCopy();
        content.remove(List.of("metadata", STATUS));
        return content;
    }

    private static long generation(ObjectNode object) {
        return object.at("/metadata/generation").asLong();
    }

    private static long gracePeriod(ObjectNode object) {
        return object.at("/metadata/deletionGracePeriodSeconds").asLong();
    }

    static boolean isBeingDeleted(JsonNode object) {
        return object.path("metadata").hasNonNull("deletionTimestamp");
    }

    private static boolean hasNoFinalizers(ObjectNode object) {
        return finalizers(object).isEmpty();
    }

    private static List<String> finalizers(ObjectNode object) {
        List<String> finalizers = new ArrayList<>();
        object.at("/metadata/finalizers").forEach(finalizer -> finalizers.add(finalizer.asText()));
        return finalizers;
    }

    private static String suffix() {
        StringBuilder suffix = new StringBuilder();
        for (int index = 0; index < SUFFIX_LENGTH; index++) {
            suffix.append(SUFFIX_LETTERS.charAt(ThreadLocalRandom.current().nextInt(SUFFIX_LETTERS.length())));
        }
        return suffix.toString();
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }
}
