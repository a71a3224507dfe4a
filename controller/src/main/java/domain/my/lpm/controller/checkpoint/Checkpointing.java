package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.api.Finalizers;
import domain.my.lpm.controller.NodeDirectory;
import domain.my.lpm.controller.agent.AgentCalls;
import domain.my.lpm.controller.step.Step;
import domain.my.lpm.controller.step.StepListener;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the reconcilers of checkpoints and contents share.
 *
 * @param timeout for a checkpoint that belongs to no migration
 */
public record Checkpointing(
        KubernetesClient client,
        AgentCalls agents,
        NodeDirectory nodes,
        Duration timeout,
        InstantSource clock,
        StepListener steps) {

    /** Creates an object; the one that has its name already is the answer if there is one. */
    <R extends HasMetadata> R create(Step step, R wanted) {
        return act(step, () -> {
            try {
                return client.resource(wanted).create();
            } catch (KubernetesClientException refused) {
                R present = refused.getCode() == HttpURLConnection.HTTP_CONFLICT
                        ? client.resource(wanted).get()
                        : null;
                if (present == null) {
                    throw refused;
                }
                return present;
            }
        });
    }

    /** Does something at an edge, announced. */
    <T> T act(Step step, Supplier<T> act) {
        steps.before(step);
        T result = act.get();
        steps.after(step);
        return result;
    }

    /** A node whose agent can reach the storage: {@code preferred}, or any. */
    Optional<String> anyNode(@Nullable String preferred) {
        return Optional.ofNullable(preferred)
                .filter(node -> nodes.endpoint(node).isPresent())
                .or(nodes::any);
    }

    /** The finalizer of both kinds of checkpoint. */
    static final String FINALIZER = Finalizers.CHECKPOINT;
}
