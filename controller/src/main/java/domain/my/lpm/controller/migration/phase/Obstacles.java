package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.api.validation.Blocker;
import domain.my.lpm.api.validation.MigrationBlockers;
import domain.my.lpm.api.validation.MigrationFacts;
import domain.my.lpm.controller.migration.Migration;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What stands in the way of a migration as the cluster is now. */
final class Obstacles {
    private Obstacles() {}

    /** Everything that stands in the way, with this node as the target; without one what concerns no target. */
    static List<Blocker> of(Migration migration, Optional<Pod> pod, @Nullable String targetNode) {
        Optional<String> target = Optional.ofNullable(targetNode);
        PodMigration resource = migration.resource();
        return MigrationBlockers.of(
                resource,
                new MigrationFacts(
                        pod,
                        target.flatMap(migration.cluster()::readNode),
                        pod.map(found -> found.getSpec().getNodeName()).flatMap(migration.cluster()::seeMigrationNode),
                        target.<MigrationNode>flatMap(migration.cluster()::seeMigrationNode),
                        migration.cluster().seeUnfinished(migration.namespace())));
    }
}
