package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.api.checkpoint.DeletionPolicy;
import domain.my.lpm.controller.step.Step;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What becomes of the data when its description is deleted. */
final class ContentPolicies {
    private ContentPolicies() {}

    /** Gives {@code policy} to the content of this name, if it is there and has another. */
    static <C extends CustomResource<?, ?>> void follow(
            Checkpointing shared,
            Class<C> kind,
            @Nullable String name,
            Function<C, DeletionPolicy> present,
            DeletionPolicy policy) {
        if (name == null) {
            return;
        }
        Resource<C> content = shared.client().resources(kind).withName(name);
        C found = content.get();
        if (found != null && present.apply(found) != policy) {
            shared.act(Step.RELEASE_CONTENT, () -> patch(content, policy));
        }
    }

    /** Deletes the content of this name. */
    static <C extends CustomResource<?, ?>> void delete(Checkpointing shared, Class<C> kind, @Nullable String name) {
        if (name != null) {
            shared.act(
                    Step.RELEASE_CONTENT,
                    () -> shared.client().resources(kind).withName(name).delete());
        }
    }

    /** Gives {@code policy} to an object. */
    static <C extends CustomResource<?, ?>> C patch(Resource<C> object, DeletionPolicy policy) {
        return object.patch(
                PatchContext.of(PatchType.JSON_MERGE),
                "{\"spec\":{\"deletionPolicy\":\"%s\"}}".formatted(policy.value()));
    }
}
