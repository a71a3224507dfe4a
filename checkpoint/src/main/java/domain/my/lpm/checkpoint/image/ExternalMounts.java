package domain.my.lpm.checkpoint.image;

import java.util.ArrayList;
import java.util.List;

/** The mounts whose content a restore must supply, one {@code --external mnt[<key>]:<path>} each. */
public final class ExternalMounts {
    private ExternalMounts() {}

    /**
     * A mount whose content comes from outside the dump.
     *
     * @param key the key under which CRIU asks for it; several mounts may share one, as runc's masked files do
     * @param target where it is mounted in the container, an absolute path
     */
    public record ExternalMount(String key, String target) {}

    /** The external mounts of the dump in the order of its mount tables. */
    public static List<ExternalMount> of(CriuImages images) {
        List<ExternalMount> external = new ArrayList<>();
        for (MountPoint mount : images.mounts()) {
            String key = mount.externalKey();
            if (key != null) {
                external.add(new ExternalMount(key, mount.target()));
            }
        }
        return external;
    }
}
