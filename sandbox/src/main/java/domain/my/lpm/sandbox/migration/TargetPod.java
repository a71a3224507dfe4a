package domain.my.lpm.sandbox.migration;

import domain.my.lpm.api.Annotations;
import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.webhook.rewrite.Decision;
import domain.my.lpm.webhook.rewrite.PodRewrite;
import domain.my.lpm.webhook.rewrite.Privileges;
import domain.my.lpm.webhook.rewrite.Rewrite;
import domain.my.lpm.webhook.rewrite.Settings;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;

/** The pod that takes a source pod's place, rewritten as the webhook does. */
public final class TargetPod {
    /** The image of the entry, as the sandbox names it. */
    public static final String ENTRY_IMAGE = "lpm.sandbox/entry";

    /** The image of the toolkit, as the sandbox names it. */
    public static final String TOOLKIT_IMAGE = "lpm.sandbox/toolkit";

    private TargetPod() {}

    /**
     * The rewritten target of a source pod.
     *
     * @throws SandboxException when the rewrite leaves the pod alone, with its reasons
     */
    public static Pod of(Pod source) {
        return of(source, Settings.builder().toolkitImage(ENTRY_IMAGE).standby(true));
    }

    /** The settings by which a pod lends its launcher the privileges itself. */
    public static Settings.Builder lending() {
        return Settings.builder()
                .toolkitImage(TOOLKIT_IMAGE)
                .privileges(Privileges.POD)
                .repositoryClaim("checkpoints")
                .keysConfigMap(AgentKey.CONFIG_MAP);
    }

    /** The target of a source pod by these settings; it need not be in standby. */
    public static Pod of(Pod source, Settings.Builder settings) {
        return rewritten(renamed(source), settings.build());
    }

    /** The target that names its checkpoint from the beginning, by the checkpoint of one of its containers. */
    public static Pod of(Pod source, CheckpointUri checkpoint, Settings.Builder settings) {
        Pod naming = new PodBuilder(renamed(source))
                .editMetadata()
                .addToAnnotations(
                        Annotations.CHECKPOINT_PATH,
                        "shared://" + checkpoint.podUid() + "/" + checkpoint.checkpointId())
                .endMetadata()
                .build();
        return rewritten(naming, settings.build());
    }

    /**
     * A pod as the webhook leaves it.
     *
     * @throws SandboxException when the rewrite leaves the pod alone, with its reasons
     */
    public static Pod rewritten(Pod pod, Settings settings) {
        Rewrite rewrite = PodRewrite.rewrite(pod, settings);
        if (rewrite.decision() != Decision.INJECT) {
            throw new SandboxException("the pod '" + pod.getMetadata().getName() + "' cannot be injected: "
                    + rewrite.decision() + " " + String.join("; ", rewrite.warnings()));
        }
        return rewrite.pod();
    }

    private static Pod renamed(Pod source) {
        return new PodBuilder(PodRewrite.undo(source))
                .editMetadata()
                .withName(source.getMetadata().getName() + "-restored")
                .withUid(null)
                .removeFromAnnotations(Annotations.CHECKPOINT_PATH)
                .addToAnnotations(Annotations.SOURCE_POD, source.getMetadata().getName())
                .addToAnnotations(Annotations.RESTORE_MODE, RestoreMode.SELF_RESTORE.value())
                .endMetadata()
                .build();
    }
}
