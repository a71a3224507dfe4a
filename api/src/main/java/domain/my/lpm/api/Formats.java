package domain.my.lpm.api;

/**
 * Regular expressions and lengths of the strings in custom resources. The expressions use only what the regular
 * expressions of Go, Java and ECMAScript have in common; lengths count characters.
 */
public final class Formats {
    /** Name of most Kubernetes objects, after RFC 1123: a DNS subdomain. */
    public static final String DNS_SUBDOMAIN = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

    public static final int DNS_SUBDOMAIN_LENGTH = 253;

    /** Name of a namespace or container, after RFC 1123: a DNS label. */
    public static final String DNS_LABEL = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

    public static final int DNS_LABEL_LENGTH = 63;

    /** An object's metadata.uid; the form that {@link CheckpointReference} takes, too. */
    public static final String UID = "^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$";

    public static final int UID_LENGTH = 63;

    /** A point in time: RFC 3339 in UTC, with up to nine digits of a second's fraction. */
    public static final String TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$";

    public static final int TIME_LENGTH = 30;

    /** A reason: one word in UpperCamelCase, as the API conventions have it. */
    public static final String REASON = "^[A-Z][A-Za-z0-9]*$";

    /** A digest as OCI descriptors write it; SHA-256 alone. */
    public static final String DIGEST = "^sha256:[0-9a-f]{64}$";

    public static final int DIGEST_LENGTH = 71;

    /** The archive of one container: in the repository ({@code shared://}) or on its node alone ({@code file://}). */
    public static final String ARTIFACT_URI =
            "^(shared|file)://[A-Za-z0-9][-A-Za-z0-9]*/[a-z0-9][-.a-z0-9]*" + "/[a-z0-9][-a-z0-9]*/dump\\.tar\\.zst$";

    public static final int ARTIFACT_URI_LENGTH = 512;

    /** A feature of a processor, as {@code /proc/cpuinfo} names it. */
    public static final String CPU_FEATURE = "^[a-z0-9_.]+$";

    public static final int CPU_FEATURE_LENGTH = 63;

    /** A version that begins with two numbers, such as {@code 4.2} or {@code 4.2.1-dev}. */
    public static final String VERSION = "^[0-9]+\\.[0-9]+[-+.~A-Za-z0-9]*$";

    /** Where an agent answers: {@code host:port}, IPv6 addresses in brackets. */
    public static final String ENDPOINT = "^([a-z0-9]([-.a-z0-9]*[a-z0-9])?|\\[[0-9a-f:.]+\\]):[0-9]{1,5}$";

    private Formats() {}
}
