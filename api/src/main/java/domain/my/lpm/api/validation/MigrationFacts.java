package domain.my.lpm.api.validation;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.node.MigrationNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Optional;

/**
 * What the API server has about a migration.
 *
 * @param pod the pod that the migration names
 * @param targetNode the node that the migration names, or the one that was found for it; empty when there is none of that name or
 *     none is chosen yet
 * @param sourceMigrationNode what the agent of the pod's node says
 * @param targetMigrationNode what the agent of the target node says
 * @param otherMigrations those of the same namespace, in any phase; the migration itself may be among them
 */
public record MigrationFacts(
        Optional<Pod> pod,
        Optional<Node> targetNode,
        Optional<MigrationNode> sourceMigrationNode,
        Optional<MigrationNode> targetMigrationNode,
        List<PodMigration> otherMigrations) {
    public MigrationFacts {
        otherMigrations = List.copyOf(otherMigrations);
    }
}
