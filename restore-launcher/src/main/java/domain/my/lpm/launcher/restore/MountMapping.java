package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.image.ExternalMounts.ExternalMount;
import domain.my.lpm.launcher.namespace.ContainerRoot;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which mount of the target container takes the place of each mount that the dump left out. runc names such a mount by
 * its destination, and every masked file by the one name {@code /dev/null}; crun names masked files by their own path.
 */
final class MountMapping {
    private static final String MASKED_FILE = "/dev/null";

    private MountMapping() {}

    /**
     * Maps every external mount of the dump to its path in the toolkit's root.
     *
     * @throws RestoreException when the target container has nothing at one or more of these places; it names them all
     */
    static Map<String, String> of(List<ExternalMount> external, ContainerRoot root) {
        Map<String, String> mapping = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        for (ExternalMount mount : external) {
            String source = mount.key().equals(MASKED_FILE) ? MASKED_FILE : mount.target();
            String path = ContainerRoot.CONTAINER + source;
            if (!isThere(root, source)) {
                missing.add(mount.target());
            }
            mapping.put(mount.key(), path);
        }
        if (!missing.isEmpty()) {
            throw new RestoreException(
                    "the container lacks the mount " + String.join(", ", missing)
                            + ", which the checkpointed container had; give the target pod the same volume mounts as the source");
        }
        return mapping;
    }

    /** Whether the target container has something at this absolute path. */
    static boolean isThere(ContainerRoot root, String target) {
        return Files.exists(root.seen(ContainerRoot.CONTAINER + target), LinkOption.NOFOLLOW_LINKS);
    }
}
