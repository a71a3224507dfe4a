package domain.my.lpm.checkpoint.repository;

/**
 * Whom a checkpoint was made for.
 *
 * @param namespace the pod's namespace
 * @param pod the pod's name
 * @param container the container's name
 */
public record Owner(String namespace, String pod, String container) {
    /** For messages: {@code namespace/pod/container}. */
    @Override
    public String toString() {
        return namespace + "/" + pod + "/" + container;
    }
}
