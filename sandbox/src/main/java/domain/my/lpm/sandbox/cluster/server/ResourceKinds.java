package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** The kinds that the server knows: a few built in, and those of the CustomResourceDefinitions it was given. */
final class ResourceKinds {
    static final ResourceKind POD = ResourceKind.builtIn("", "Pod", "pods", List.of("po"), true, true);
    static final ResourceKind NODE = ResourceKind.builtIn("", "Node", "nodes", List.of("no"), false, true);
    static final ResourceKind NAMESPACE =
            ResourceKind.builtIn("", "Namespace", "namespaces", List.of("ns"), false, true);
    static final ResourceKind CRD = ResourceKind.builtIn(
            "apiextensions.k8s.io",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            List.of("crd", "crds"),
            false,
            true);
    static final ResourceKind MUTATING = ResourceKind.builtIn(
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration",
            "mutatingwebhookconfigurations",
            List.of(),
            false,
            false);
    static final ResourceKind VALIDATING = ResourceKind.builtIn(
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration",
            "validatingwebhookconfigurations",
            List.of(),
            false,
            false);

    private static final List<ResourceKind> BUILT_IN = List.of(
            POD,
            NODE,
            NAMESPACE,
            CRD,
            MUTATING,
            VALIDATING,
            ResourceKind.builtIn("", "Event", "events", List.of("ev"), true, false),
            ResourceKind.builtIn("", "ConfigMap", "configmaps", List.of("cm"), true, false),
            ResourceKind.builtIn("", "Secret", "secrets", List.of(), true, false),
            ResourceKind.builtIn("", "ServiceAccount", "serviceaccounts", List.of("sa"), true, false),
            ResourceKind.builtIn("events.k8s.io", "Event", "events", List.of(), true, false),
            ResourceKind.builtIn("coordination.k8s.io", "Lease", "leases", List.of(), true, false));

    private final Map<String, ResourceKind> byPath = new ConcurrentSkipListMap<>();

    ResourceKinds() {
        BUILT_IN.forEach(this::add);
    }

    void addDefined(JsonNode crd) {
        add(ResourceKind.of(crd));
    }

    private void add(ResourceKind kind) {
        byPath.put(kind.apiVersion() + "/" + kind.plural(), kind);
    }

    void remove(ResourceKind kind) {
        byPath.remove(kind.apiVersion() + "/" + kind.plural());
    }

    Optional<ResourceKind> find(String apiVersion, String plural) {
        return Optional.ofNullable(byPath.get(apiVersion + "/" + plural));
    }

    Collection<ResourceKind> all() {
        return byPath.values();
    }
}
