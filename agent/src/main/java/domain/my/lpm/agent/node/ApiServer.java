package domain.my.lpm.agent.node;

import domain.my.lpm.api.node.MigrationNodeStatus;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;

/**
 * What the agent needs of the Kubernetes API.
 *
 * <p>Every method throws {@link domain.my.lpm.agent.AgentException} of kind UNAVAILABLE when the API cannot be asked.
 */
public interface ApiServer {
    /** A pod. */
    Optional<Pod> pod(String namespace, String name);

    /** A node. */
    Optional<Node> node(String name);

    /** Writes the status of the MigrationNode of that name, which is made if there is none. */
    void write(String node, MigrationNodeStatus status);
}
