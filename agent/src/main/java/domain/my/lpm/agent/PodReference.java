package domain.my.lpm.agent;

import java.util.regex.Pattern;

/**
 * A pod on this node, as a caller names it. Its parts are plain path segments, so that no reference leads out of a
 * directory.
 *
 * @param namespace a DNS label of at most 63 characters
 * @param name a DNS subdomain of at most 253 characters
 * @param uid letters, digits and '-', at most 63; it tells the pod from another of the same name
 */
public record PodReference(String namespace, String name, String uid) {
    private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern NAME =
            Pattern.compile("(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");
    private static final Pattern UID = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?");

    /**
     * @throws IllegalArgumentException when a part is not of the form given above
     */
    public PodReference {
        require(NAMESPACE, namespace, "namespace");
        require(NAME, name, "name");
        require(UID, uid, "uid");
    }

    private static void require(Pattern pattern, String part, String what) {
        if (!pattern.matcher(part).matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no %s of a pod: it must match %s".formatted(part, what, pattern.pattern()));
        }
    }

    @Override
    public String toString() {
        return namespace + "/" + name + " (" + uid + ")";
    }
}
