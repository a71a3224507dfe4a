package domain.my.lpm.webhook.rewrite;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/**
 * A pod as it is to be admitted.
 *
 * @param pod the rewritten pod, or the very pod that was given when nothing is to be changed
 * @param decision why it was rewritten or not
 * @param warnings what the user should know, one sentence or two each
 */
public record Rewrite(Pod pod, Decision decision, List<String> warnings) {
    public Rewrite {
        warnings = List.copyOf(warnings);
    }
}
