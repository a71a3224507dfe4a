package domain.my.lpm.api;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of the objects that controllers create: the same for the same input, so that whoever repeats a step after a crash
 * finds what exists. All are DNS subdomains of at most 253 characters. A name that would be longer keeps its beginning and
 * ends in eight hexadecimal digits of the SHA-256 of the whole.
 */
public final class ObjectNames {
    private static final Pattern RESTORED = Pattern.compile("(?<base>.+)-restored(-(?<hop>[1-9][0-9]{0,8}))?");
    private static final int HASH_DIGITS = 8;

    private ObjectNames() {}

    /**
     * The copy of a pod: {@code <pod>-restored}; of a copy {@code <pod>-restored-2} and so on, so that names do not grow with
     * every move.
     */
    public static String targetPod(String podName) {
        Matcher moved = RESTORED.matcher(podName);
        if (!moved.matches()) {
            return bounded(podName, "-restored");
        }
        String hop = moved.group("hop");
        return bounded(moved.group("base"), "-restored-" + (hop == null ? 2 : Integer.parseInt(hop) + 1));
    }

    /** The PodCheckpoint of a PodMigration: its name. */
    public static String podCheckpoint(String migrationName) {
        return migrationName;
    }

    /**
     * The ContainerCheckpoint of one container: {@code <podCheckpoint>-<container>}. Two parents can lead to one name
     * ({@code a-b} with {@code c}, {@code a} with {@code b-c}): an object of this name that another one owns is a conflict.
     */
    public static String containerCheckpoint(String podCheckpointName, String container) {
        return bounded(podCheckpointName, "-" + container);
    }

    /** The PodCheckpointContent of a PodCheckpoint, by the uid of the latter: unique in the cluster. */
    public static String podCheckpointContent(String podCheckpointUid) {
        return "pckpt-" + podCheckpointUid;
    }

    /** The ContainerCheckpointContent of a ContainerCheckpoint, by the uid of the latter: unique in the cluster. */
    public static String containerCheckpointContent(String containerCheckpointUid) {
        return "cckpt-" + containerCheckpointUid;
    }

    private static String bounded(String base, String suffix) {
        String whole = base + suffix;
        if (whole.length() <= Formats.DNS_SUBDOMAIN_LENGTH) {
            return whole;
        }
        int kept = Formats.DNS_SUBDOMAIN_LENGTH - suffix.length() - HASH_DIGITS - 1;
        // A name part must not end in '-' or '.' before the hash.
        return base.substring(0, kept).replaceAll("[-.]+$", "") + "-" + hash(whole) + suffix;
    }

    private static String hash(String whole) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(whole.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, HASH_DIGITS);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
