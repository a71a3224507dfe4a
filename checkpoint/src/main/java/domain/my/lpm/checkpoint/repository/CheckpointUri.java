package domain.my.lpm.checkpoint.repository;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The checkpoint of one container. Every part is one plain path segment, so that no name leads out of the repository.
 *
 * @param podUid the uid of the pod that was checkpointed
 * @param checkpointId the checkpoint among those of the pod
 * @param container the container's name, a DNS label, other than {@code volumes}
 */
public record CheckpointUri(String podUid, String checkpointId, String container) {
    private static final Pattern POD_UID = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?");
    private static final Pattern CHECKPOINT_ID =
            Pattern.compile("(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");
    private static final Pattern CONTAINER = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern URI =
            Pattern.compile("shared://(?<pod>[^/]*)/(?<checkpoint>[^/]*)/(?<container>[^/]*)(/dump\\.tar\\.zst)?");

    /**
     * @throws IllegalArgumentException when a part is not of its form
     */
    public CheckpointUri {
        require(POD_UID, podUid, "pod uid");
        require(CHECKPOINT_ID, checkpointId, "checkpoint id");
        require(CONTAINER, container, "container");
        if (container.equals(Layout.VOLUMES)) {
            throw new IllegalArgumentException("a container named '" + Layout.VOLUMES
                    + "' cannot be stored, the repository keeps volumes under this name; rename the container");
        }
    }

    /**
     * Reads {@code shared://<podUID>/<checkpointID>/<container>}, which {@code /dump.tar.zst} may follow.
     *
     * @throws IllegalArgumentException when {@code text} has another form
     */
    public static CheckpointUri parse(String text) {
        Matcher matcher = URI.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("checkpoint '" + text
                    + "' is not named as it should be; write shared://<podUID>/<checkpointID>/<container>");
        }
        return new CheckpointUri(matcher.group("pod"), matcher.group("checkpoint"), matcher.group("container"));
    }

    /** Where the checkpoint is in the repository at {@code repository}. */
    public Path directory(Path repository) {
        return repository.resolve(podUid).resolve(checkpointId).resolve(container);
    }

    /** The form that {@link #parse} reads, without {@code /dump.tar.zst}. */
    @Override
    public String toString() {
        return "shared://" + podUid + "/" + checkpointId + "/" + container;
    }

    static void requirePod(String podUid, String checkpointId) {
        require(POD_UID, podUid, "pod uid");
        require(CHECKPOINT_ID, checkpointId, "checkpoint id");
    }

    static void requireVolume(String name) {
        require(CONTAINER, name, "volume");
    }

    private static void require(Pattern pattern, String part, String what) {
        if (!pattern.matcher(part).matches()) {
            throw new IllegalArgumentException(
                    "the %s '%s' of a checkpoint must match %s; correct the name".formatted(what, part, pattern));
        }
    }
}
