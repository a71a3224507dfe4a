package domain.my.lpm.checkpoint.archive;

import java.util.Map;

/**
 * The header of one tar entry. Names are as in the archive, one char for each byte (ISO-8859-1), unchecked.
 *
 * @param name the path
 * @param type what it is
 * @param size the bytes of content that follow
 * @param mode permission bits, with set-id and sticky bits
 * @param uid the owner
 * @param gid the group
 * @param modifiedSeconds seconds since 1970
 * @param modifiedNanoseconds the fraction of that second
 * @param linkName where a link leads, else empty
 * @param deviceMajor the major number of a device, else 0
 * @param deviceMinor the minor number of a device, else 0
 * @param extendedAttributes the values of extended attributes by name, one char for each byte
 */
public record TarEntry(
        String name,
        Type type,
        long size,
        int mode,
        long uid,
        long gid,
        long modifiedSeconds,
        int modifiedNanoseconds,
        String linkName,
        long deviceMajor,
        long deviceMinor,
        Map<String, String> extendedAttributes) {
    /** The kinds of entry. */
    public enum Type {
        FILE,
        DIRECTORY,
        SYMBOLIC_LINK,
        HARD_LINK,
        CHARACTER_DEVICE,
        BLOCK_DEVICE,
        FIFO
    }

    public TarEntry {
        extendedAttributes = Map.copyOf(extendedAttributes);
    }
}
