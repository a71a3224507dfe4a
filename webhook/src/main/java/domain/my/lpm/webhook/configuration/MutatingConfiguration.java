package domain.my.lpm.webhook.configuration;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.Labels;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.webhook.admission.Injection;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MatchCondition;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The configuration by which the API server calls the webhook for new pods. At most one of its entries takes a pod: one those that
 * ask by an annotation, which must not be created without the webhook's word; the others those that do not ask, which are created
 * without it if need be.
 *
 * @param callee where it is called; its namespace is a system namespace itself
 * @param systemNamespaces further namespaces that the webhook is never called for
 */
public record MutatingConfiguration(Callee callee, Set<String> systemNamespaces) {
    private static final String DOMAIN = "pods.lpm.my.domain";
    private static final String NAMESPACE_NAME = "kubernetes.io/metadata.name";
    private static final String FAIL = "Fail";
    private static final String IGNORE = "Ignore";

    private static final MatchCondition ASKS = new MatchCondition(
            """
            has(object.metadata.annotations) &&
            ('%s' in object.metadata.annotations ||
            ('%s' in object.metadata.annotations && object.metadata.annotations['%s'] != '%s'))""".formatted(
                            Annotations.CHECKPOINT_PATH,
                            Annotations.RESTORE_MODE,
                            Annotations.RESTORE_MODE,
                            RestoreMode.NONE.value()),
            "asks");

    private static final MatchCondition SAYS_NOTHING =
            new MatchCondition("""
            !has(object.metadata.annotations) ||
            !('%s' in object.metadata.annotations || '%s' in object.metadata.annotations)""".formatted(Annotations.CHECKPOINT_PATH, Annotations.RESTORE_MODE), "says-nothing");

    public MutatingConfiguration {
        systemNamespaces = Set.copyOf(systemNamespaces);
    }

    /** Makes the configuration. */
    public MutatingWebhookConfiguration generate() {
        return new MutatingWebhookConfigurationBuilder()
                .withMetadata(callee.metadata())
                .withWebhooks(
                        entry("asking", Injection.DISABLED, FAIL, ASKS, Stream.empty()),
                        entry(
                                "enabled",
                                Injection.ENABLED,
                                IGNORE,
                                SAYS_NOTHING,
                                Stream.of(requirement(Labels.INJECTION, "In", Labels.INJECTION_ENABLED))),
                        entry(
                                "unknown",
                                Injection.UNKNOWN,
                                IGNORE,
                                SAYS_NOTHING,
                                Stream.of(
                                        new LabelSelectorRequirement(Labels.INJECTION, "Exists", List.of()),
                                        requirement(
                                                Labels.INJECTION,
                                                "NotIn",
                                                Labels.INJECTION_ENABLED,
                                                Labels.INJECTION_DISABLED))))
                .build();
    }

    private MutatingWebhook entry(
            String prefix,
            Injection injection,
            String failurePolicy,
            MatchCondition condition,
            Stream<LabelSelectorRequirement> namespaces) {
        Set<String> system = new TreeSet<>(systemNamespaces);
        system.add(callee.namespace());
        return new MutatingWebhookBuilder()
                .withName(prefix + "." + DOMAIN)
                .withAdmissionReviewVersions("v1")
                .withClientConfig(callee.at(injection.path()))
                .addNewRule()
                .withApiGroups("")
                .withApiVersions("v1")
                .withResources("pods")
                .withOperations("CREATE")
                .withScope("Namespaced")
                .endRule()
                .withNewNamespaceSelector()
                .withMatchExpressions(Stream.concat(
                                Stream.of(requirement(NAMESPACE_NAME, "NotIn", system.toArray(String[]::new))),
                                namespaces)
                        .toList())
                .endNamespaceSelector()
                .withMatchConditions(condition)
                .withFailurePolicy(failurePolicy)
                .withMatchPolicy("Equivalent")
                .withReinvocationPolicy("IfNeeded")
                .withSideEffects("None")
                .withTimeoutSeconds(callee.timeoutSeconds())
                .build();
    }

    private static LabelSelectorRequirement requirement(String key, String operator, String... values) {
        return new LabelSelectorRequirement(key, operator, List.of(values));
    }
}
