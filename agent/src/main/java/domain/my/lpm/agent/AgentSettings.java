package domain.my.lpm.agent;

import domain.my.lpm.agent.node.Places;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/**
 * How an agent works.
 *
 * @param node the node's name in the API
 * @param listen address at which it serves; port 0 chooses one
 * @param port TCP port, 0 to 65535
 * @param endpoint {@code host:port} at which the controller reaches it, written to the API; empty: the address and port that
 *     it listens at
 * @param tls its certificate, and who may call
 * @param places what launchers need, as they see it
 * @param state a directory on the node's disk for what must outlive the agent, as launchers see it
 * @param sharePatience how long a small thing on the shared storage may take
 * @param leaseCheck how often leases are looked at
 * @param probe how often the node is looked at
 * @param images how checkpoint images come into the node's storage
 * @param criu the program, as launchers see it
 */
public record AgentSettings(
        String node,
        String listen,
        int port,
        String endpoint,
        Tls tls,
        Places places,
        Path state,
        Duration sharePatience,
        Duration leaseCheck,
        Duration probe,
        ImageImport images,
        Path criu) {
    /**
     * Mutual TLS. The files are PEM and are read again when they change.
     *
     * @param certificate the agent's own, with what leads to its issuer
     * @param key its private key, PKCS#8
     * @param authorities whose signature on a caller's certificate counts
     * @param callers names of which one must be in a caller's certificate: a DNS or URI name, or its common name
     * @param reload how often the files are looked at
     */
    public record Tls(Path certificate, Path key, Path authorities, Set<String> callers, Duration reload) {
        public Tls {
            callers = Set.copyOf(callers);
            if (callers.isEmpty()) {
                throw new IllegalArgumentException(
                        "nobody may call the agent; name the controller's identity by --caller");
            }
        }
    }
}
