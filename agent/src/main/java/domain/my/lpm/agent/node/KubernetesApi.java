package domain.my.lpm.agent.node;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.api.node.MigrationNodeStatus;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import java.util.function.Supplier;

/** The API by the Kubernetes client. */
public final class KubernetesApi implements ApiServer {
    private final KubernetesClient client;

    /** The caller closes the client. */
    public KubernetesApi(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public Optional<Pod> pod(String namespace, String name) {
        return asked(
                "pod " + namespace + "/" + name,
                () -> Optional.ofNullable(
                        client.pods().inNamespace(namespace).withName(name).get()));
    }

    @Override
    public Optional<Node> node(String name) {
        return asked(
                "node " + name,
                () -> Optional.ofNullable(client.nodes().withName(name).get()));
    }

    @Override
    public void write(String node, MigrationNodeStatus status) {
        asked("MigrationNode " + node, () -> {
            MigrationNode there =
                    client.resources(MigrationNode.class).withName(node).get();
            if (there == null) {
                MigrationNode made = new MigrationNode();
                made.setMetadata(new ObjectMetaBuilder().withName(node).build());
                there = client.resource(made).create();
            }
            there.setStatus(status);
            // The agent alone writes it: whatever version is there is its own.
            there.getMetadata().setResourceVersion(null);
            return client.resource(there).updateStatus();
        });
    }

    private static <T> T asked(String what, Supplier<T> question) {
        try {
            return question.get();
        } catch (KubernetesClientException silent) {
            throw new AgentException(
                    Kind.UNAVAILABLE,
                    "the API server did not answer for " + what + " (" + silent.getMessage()
                            + "); repeat it, and check the agent's permissions if it stays so",
                    silent);
        }
    }
}
