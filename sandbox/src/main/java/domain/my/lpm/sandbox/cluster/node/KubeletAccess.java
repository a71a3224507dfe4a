package domain.my.lpm.sandbox.cluster.node;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Who may do what on the kubelets of a cluster. */
public final class KubeletAccess {
    /** What can be asked of a kubelet. */
    public enum Right {
        /** {@code nodes/checkpoint}. */
        CHECKPOINT,
        /** {@code nodes/log} and what containers print. */
        LOGS,
        /** {@code nodes/exec}. */
        EXEC
    }

    private final Map<String, String> names = new ConcurrentHashMap<>();
    private final Map<String, Set<Right>> rights = new ConcurrentHashMap<>();

    /** Whoever shows this token is {@code name}. */
    public KubeletAccess token(String token, String name) {
        names.put(token, name);
        return this;
    }

    /**
     * What {@code name} may do from now on; nothing before.
     *
     * @param name of a token, or the common name of a client's certificate
     */
    public KubeletAccess grant(String name, Set<Right> granted) {
        rights.put(name, Set.copyOf(granted));
        return this;
    }

    Optional<String> nameOf(String token) {
        return Optional.ofNullable(names.get(token));
    }

    boolean may(String name, Right right) {
        return rights.getOrDefault(name, Set.of()).contains(right);
    }
}
