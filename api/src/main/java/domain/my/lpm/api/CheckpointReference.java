package domain.my.lpm.api;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names a checkpoint in the repository on shared storage: {@code shared://<podUID>/<checkpointID>} for a whole pod,
 * {@code shared://<podUID>/<checkpointID>/<container>} for one container. Every part is one plain path segment, so that
 * no reference leads out of the repository.
 *
 * @param podUid the uid of the pod that was checkpointed: letters, digits and '-', at most 63
 * @param checkpointId the checkpoint among those of the pod: lower-case letters, digits, '-' and '.', at most 253
 * @param container the container, a DNS label; empty for all containers of the pod
 */
public record CheckpointReference(String podUid, String checkpointId, Optional<String> container) {
    private static final String SHAPE =
            "shared://<podUID>/<checkpointID> or shared://<podUID>/<checkpointID>/<container>";
    private static final Pattern POD_UID = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?");
    private static final Pattern CHECKPOINT_ID =
            Pattern.compile("(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");
    private static final Pattern CONTAINER = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern REFERENCE =
            Pattern.compile("shared://(?<pod>[^/]*)/(?<checkpoint>[^/]*)(/(?<container>[^/]*))?");

    /**
     * @throws IllegalArgumentException when a part is not of the form given above
     */
    public CheckpointReference {
        require(POD_UID, podUid, "pod uid");
        require(CHECKPOINT_ID, checkpointId, "checkpoint id");
        container.ifPresent(name -> require(CONTAINER, name, "container"));
    }

    /**
     * Reads the value of {@link Annotations#CHECKPOINT_PATH}.
     *
     * @throws IllegalArgumentException when {@code value} is no such reference, naming the annotation and the form
     */
    public static CheckpointReference parse(String value) {
        Matcher matcher = REFERENCE.matcher(value);
        if (!matcher.matches()) {
            throw invalid(value, "it has another form");
        }
        try {
            return new CheckpointReference(
                    matcher.group("pod"), matcher.group("checkpoint"), Optional.ofNullable(matcher.group("container")));
        } catch (IllegalArgumentException wrongPart) {
            throw invalid(value, wrongPart.getMessage());
        }
    }

    /** The reference as {@link #parse} reads it. */
    @Override
    public String toString() {
        return "shared://" + podUid + "/" + checkpointId
                + container.map(name -> "/" + name).orElse("");
    }

    private static void require(Pattern pattern, String part, String what) {
        if (!pattern.matcher(part).matches()) {
            throw new IllegalArgumentException("its %s '%s' must match %s".formatted(what, part, pattern.pattern()));
        }
    }

    private static IllegalArgumentException invalid(String value, @Nullable String reason) {
        return new IllegalArgumentException("annotation %s has the value '%s'; allowed is %s: %s"
                .formatted(Annotations.CHECKPOINT_PATH, value, SHAPE, reason));
    }
}
