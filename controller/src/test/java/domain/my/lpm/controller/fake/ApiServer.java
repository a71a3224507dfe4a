package domain.my.lpm.controller.fake;

import domain.my.lpm.apiserver.ApiServerKind;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;

/** What answers as the API server of a test, with a webhook that prepares pods. */
public interface ApiServer extends AutoCloseable {
    /** One that serves the kinds of this project, and those of Kubernetes, and has no objects of theirs. */
    static ApiServer of(ApiServerKind kind) {
        return switch (kind) {
            case IN_MEMORY -> new MemoryApiServer();
            case REAL -> new SharedApiServer();
        };
    }

    /** A client of it. */
    NamespacedKubernetesClient client();

    /** From now on no webhook prepares pods. */
    void loseWebhook();

    /** How many requests have changed something. */
    int writes();

    @Override
    void close();
}
