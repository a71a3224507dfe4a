package domain.my.lpm.sandbox.migration;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.webhook.rewrite.Decision;
import domain.my.lpm.webhook.rewrite.PodRewrite;
import domain.my.lpm.webhook.rewrite.Rewrite;
import domain.my.lpm.webhook.rewrite.Settings;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;

/** The pod that takes a source pod's place, rewritten as the webhook does. */
public final class TargetPod {
    /** The image of the entry, as the sandbox names it. */
    public static final String ENTRY_IMAGE = "lpm.sandbox/entry";

    private TargetPod() {}

    /**
     * The rewritten target of a source pod.
     *
     * @throws SandboxException when the rewrite leaves the pod alone, with its reasons
     */
    public static Pod of(Pod source) {
        Pod copy = new PodBuilder(source)
                .editMetadata()
                .withName(source.getMetadata().getName() + "-restored")
                .withUid(null)
                .addToAnnotations(Annotations.RESTORE_MODE, RestoreMode.SELF_RESTORE.value())
                .endMetadata()
                .build();
        Rewrite rewrite = PodRewrite.rewrite(
                copy, Settings.builder().toolkitImage(ENTRY_IMAGE).standby(true).build());
        if (rewrite.decision() != Decision.INJECT) {
            throw new SandboxException("the pod '" + source.getMetadata().getName() + "' cannot be a target: "
                    + rewrite.decision() + " " + String.join("; ", rewrite.warnings()));
        }
        return rewrite.pod();
    }
}
