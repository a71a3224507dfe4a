package domain.my.lpm.controller.checkpoint;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The pod that a checkpoint shows, as it was found at first; kept in annotations of the checkpoint, so that another pod of the
 * same name is never taken for it.
 *
 * @param uid of the pod
 * @param node on which it runs
 */
record PodOfCheckpoint(String uid, String node) {
    private static final String UID = "lpm.my.domain/pod-uid";
    private static final String NODE = "lpm.my.domain/pod-node";

    /** What was kept. */
    static Optional<PodOfCheckpoint> of(HasMetadata checkpoint) {
        Map<String, String> annotations = checkpoint.getMetadata().getAnnotations();
        if (annotations == null || annotations.get(UID) == null || annotations.get(NODE) == null) {
            return Optional.empty();
        }
        return Optional.of(new PodOfCheckpoint(annotations.get(UID), annotations.get(NODE)));
    }

    /** Keeps it. */
    <R extends HasMetadata> R keepIn(R checkpoint) {
        Map<String, String> annotations = checkpoint.getMetadata().getAnnotations() == null
                ? new LinkedHashMap<>()
                : new LinkedHashMap<>(checkpoint.getMetadata().getAnnotations());
        annotations.put(UID, uid);
        annotations.put(NODE, node);
        checkpoint.getMetadata().setAnnotations(annotations);
        return checkpoint;
    }
}
