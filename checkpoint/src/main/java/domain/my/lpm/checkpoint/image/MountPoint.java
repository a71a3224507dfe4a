package domain.my.lpm.checkpoint.image;

import com.google.protobuf.ByteString;
import domain.my.lpm.checkpoint.image.proto.MountEntry;
import org.jspecify.annotations.Nullable;

/**
 * A mount of the dumped container.
 *
 * @param namespace the number of its mount namespace, as in the file name mountpoints-&lt;n&gt;.img
 * @param id the source kernel's mount id
 * @param parent the mount id of the mount it lies on
 * @param device the device number of its file system, as the source's kernel encodes it
 * @param flags its mount flags (MS_*), as bits
 * @param fileSystem the name of its file system type, such as {@code tmpfs}
 * @param root the directory or file of the file system that is mounted
 * @param target where it is mounted, an absolute path in the container
 * @param source what was mounted
 * @param options the options of the file system
 * @param sharedGroup its peer group, 0 if it is not shared
 * @param masterGroup the peer group it is a slave of, 0 if none
 * @param external whether its content comes from outside the dump
 * @param externalKey the key by which a restore maps it; null if the dump has none
 * @param internalSharing whether it is shared only inside the dump
 * @param deleted whether its root had been deleted
 */
public record MountPoint(
        long namespace,
        long id,
        long parent,
        long device,
        long flags,
        String fileSystem,
        String root,
        String target,
        String source,
        String options,
        long sharedGroup,
        long masterGroup,
        boolean external,
        @Nullable String externalKey,
        boolean internalSharing,
        boolean deleted) {

    static MountPoint of(long namespace, MountEntry entry, String fileName) {
        return new MountPoint(
                namespace,
                Integer.toUnsignedLong(entry.getMntId()),
                Integer.toUnsignedLong(entry.getParentMntId()),
                Integer.toUnsignedLong(entry.getRootDev()),
                Integer.toUnsignedLong(entry.getFlags()),
                entry.hasFsname() ? entry.getFsname().toStringUtf8() : fileSystem(entry.getFstype()),
                entry.getRoot().toStringUtf8(),
                absolute(path(entry.getMountpoint(), fileName)),
                entry.getSource().toStringUtf8(),
                entry.getOptions().toStringUtf8(),
                Integer.toUnsignedLong(entry.getSharedId()),
                Integer.toUnsignedLong(entry.getMasterId()),
                entry.getExtMount() || entry.hasExtKey(),
                entry.hasExtKey() ? path(entry.getExtKey(), fileName) : null,
                entry.getInternalSharing(),
                entry.getDeleted());
    }

    private static String path(ByteString bytes, String fileName) {
        if (!bytes.isValidUtf8()) {
            throw new ImageFormatException(
                    fileName,
                    "the path of a mount is not UTF-8: " + bytes.toStringUtf8(),
                    "mount the volume under a path in UTF-8");
        }
        return bytes.toStringUtf8();
    }

    private static String absolute(String path) {
        return path.startsWith("/") ? path : "/" + path;
    }

    private static String fileSystem(int type) {
        return switch (type) {
            case 1 -> "proc";
            case 2 -> "sysfs";
            case 3 -> "devtmpfs";
            case 4 -> "binfmt_misc";
            case 5 -> "tmpfs";
            case 6 -> "devpts";
            case 7 -> "simfs";
            case 8 -> "pstore";
            case 9 -> "securityfs";
            case 10 -> "fusectl";
            case 11 -> "debugfs";
            case 12 -> "cgroup";
            case 13 -> "aufs";
            case 14 -> "mqueue";
            case 15 -> "fuse";
            case 17 -> "overlay";
            case 18 -> "autofs";
            case 19 -> "tracefs";
            case 23 -> "cgroup2";
            default -> "unsupported";
        };
    }
}
