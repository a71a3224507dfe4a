package domain.my.lpm.webhook.configuration;

import domain.my.lpm.api.ApiGroup;
import domain.my.lpm.webhook.admission.MigrationAdmission;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;

/**
 * The configuration by which the API server calls the webhook for new PodMigrations. None is created without the webhook's word, in
 * whichever namespace: nothing but a migration waits for it, and one in a system namespace is refused by the webhook itself.
 *
 * @param callee where it is called
 */
public record ValidatingConfiguration(Callee callee) {
    /** Makes the configuration. */
    public ValidatingWebhookConfiguration generate() {
        return new ValidatingWebhookConfigurationBuilder()
                .withMetadata(callee.metadata())
                .addNewWebhook()
                .withName("podmigrations." + ApiGroup.NAME)
                .withAdmissionReviewVersions("v1")
                .withClientConfig(callee.at(MigrationAdmission.PATH))
                .addNewRule()
                .withApiGroups(ApiGroup.NAME)
                .withApiVersions(ApiGroup.VERSION)
                .withResources("podmigrations")
                .withOperations("CREATE")
                .withScope("Namespaced")
                .endRule()
                .withFailurePolicy("Fail")
                .withMatchPolicy("Equivalent")
                .withSideEffects("None")
                .withTimeoutSeconds(callee.timeoutSeconds())
                .endWebhook()
                .build();
    }
}
