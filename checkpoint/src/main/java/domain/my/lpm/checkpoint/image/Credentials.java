package domain.my.lpm.checkpoint.image;

import domain.my.lpm.checkpoint.image.proto.CredentialsEntry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The credentials CRIU gives a restored thread. Ids are those of the dumped user namespace, 0 to 4294967295.
 *
 * @param noNewPrivileges whether the thread may never gain privileges by exec
 * @param secureBits the SECBIT_* bits
 * @param securityProfile the label of the security module the thread ran under; null if none was dumped
 */
public record Credentials(
        long uid,
        long gid,
        long effectiveUid,
        long effectiveGid,
        long savedUid,
        long savedGid,
        long fileSystemUid,
        long fileSystemGid,
        List<Long> groups,
        CapabilitySet inheritable,
        CapabilitySet permitted,
        CapabilitySet effective,
        CapabilitySet bounding,
        CapabilitySet ambient,
        long secureBits,
        boolean noNewPrivileges,
        @Nullable String securityProfile) {
    private static final int MAXIMUM_GROUPS = 1 << 16;

    public Credentials {
        groups = List.copyOf(groups);
    }

    static Credentials of(CredentialsEntry entry, String fileName) {
        if (entry.getGroupsCount() > MAXIMUM_GROUPS) {
            throw new ImageFormatException(
                    fileName,
                    "a thread has " + entry.getGroupsCount() + " groups where Linux allows " + MAXIMUM_GROUPS,
                    "refuse the checkpoint");
        }
        return new Credentials(
                Integer.toUnsignedLong(entry.getUid()),
                Integer.toUnsignedLong(entry.getGid()),
                Integer.toUnsignedLong(entry.getEuid()),
                Integer.toUnsignedLong(entry.getEgid()),
                Integer.toUnsignedLong(entry.getSuid()),
                Integer.toUnsignedLong(entry.getSgid()),
                Integer.toUnsignedLong(entry.getFsuid()),
                Integer.toUnsignedLong(entry.getFsgid()),
                entry.getGroupsList().stream().map(Integer::toUnsignedLong).toList(),
                capabilities(entry.getCapInhList(), fileName),
                capabilities(entry.getCapPrmList(), fileName),
                capabilities(entry.getCapEffList(), fileName),
                capabilities(entry.getCapBndList(), fileName),
                capabilities(entry.getCapAmbList(), fileName),
                Integer.toUnsignedLong(entry.getSecbits()),
                entry.getNoNewPrivs() != 0,
                entry.hasLsmProfile() && !entry.getLsmProfile().isEmpty() ? entry.getLsmProfile() : null);
    }

    private static CapabilitySet capabilities(List<Integer> words, String fileName) {
        if (words.size() > 2) {
            throw new ImageFormatException(
                    fileName,
                    "a capability set has " + words.size() + " words where Linux has 2",
                    "refuse the checkpoint");
        }
        long mask = 0;
        for (int index = 0; index < words.size(); index++) {
            mask |= Integer.toUnsignedLong(words.get(index)) << (index * Integer.SIZE);
        }
        return new CapabilitySet(mask);
    }
}
