package domain.my.lpm.controller.checkpoint;

import domain.my.lpm.api.CheckpointReference;
import domain.my.lpm.api.checkpoint.ContainerCheckpointContent;
import domain.my.lpm.api.checkpoint.DeletionPolicy;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** ContainerCheckpointContents: what lies on storage of one container's checkpoint. */
public final class ContainerCheckpointContentReconciler extends ContentReconciler<ContainerCheckpointContent> {
    private static final Pattern ARTIFACT =
            Pattern.compile("(shared|file)://(?<pod>[^/]+)/(?<checkpoint>[^/]+)/(?<container>[^/]+)(/[^/]*)?");

    /** A reconciler of all ContainerCheckpointContents. */
    public ContainerCheckpointContentReconciler(Checkpointing shared) {
        super(shared);
    }

    @Override
    DeletionPolicy policy(ContainerCheckpointContent content) {
        return content.getSpec().getDeletionPolicy();
    }

    @Override
    CheckpointReference reference(ContainerCheckpointContent content) {
        Matcher artifact = ARTIFACT.matcher(content.getSpec().getArtifactUri());
        if (!artifact.matches()) {
            throw new IllegalStateException(
                    "spec.artifactURI of ContainerCheckpointContent '%s' is '%s' and not of the form %s"
                            .formatted(
                                    content.getMetadata().getName(),
                                    content.getSpec().getArtifactUri(),
                                    "shared://<podUID>/<checkpointID>/<container>/dump.tar.zst"));
        }
        return new CheckpointReference(
                artifact.group("pod"), artifact.group("checkpoint"), Optional.of(artifact.group("container")));
    }

    @Override
    @Nullable
    String node(ContainerCheckpointContent content) {
        return content.getSpec().getNodeName();
    }
}
