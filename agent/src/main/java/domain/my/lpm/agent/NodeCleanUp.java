package domain.my.lpm.agent;

import domain.my.lpm.agent.checkpoint.Checkpoints;
import domain.my.lpm.agent.hold.Hold;
import domain.my.lpm.agent.hold.HoldRecords;
import domain.my.lpm.agent.hold.Holds;
import domain.my.lpm.agent.kubelet.CriuConfiguration;
import domain.my.lpm.agent.node.Containers;
import domain.my.lpm.agent.node.ToolkitLaunchers;
import domain.my.lpm.agent.restore.Standbys;
import domain.my.lpm.checkpoint.repository.Durable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Undoes what agents have done to a node that is to have none any more. Held pods go on, unless their copies have taken over; the
 * launchers that stand by end; CRIU's configuration is what it was; nothing of ours is left on the node's disk or among its
 * control groups. The shared storage is not touched, and need not be there.
 *
 * <p>It may be killed at any point and be repeated: what tells what is to be done is removed last.
 */
final class NodeCleanUp {
    private final AgentSettings settings;
    private final AgentEdges edges;
    private final ToolkitLaunchers launchers;
    private final Path directory;

    /**
     * A node's.
     *
     * @param settings those that its agent had
     * @param launchers those that its agent had
     * @param directory what of the node's disk is the agent's alone, as this process sees it
     */
    NodeCleanUp(AgentSettings settings, AgentEdges edges, ToolkitLaunchers launchers, Path directory) {
        this.settings = settings;
        this.edges = edges;
        this.launchers = launchers;
        this.directory = directory;
    }

    /**
     * Does all that can be done now. No agent may run on the node.
     *
     * @return what is left, and why; empty when nothing is
     */
    List<String> run() {
        Path state = launchers.seen(settings.state());
        Share share = new Share(launchers.seen(settings.places().repository()), settings.sharePatience());
        Containers containers = new Containers(settings.node(), edges.api());
        List<String> left = new ArrayList<>();
        // Where there is no record, there is nothing to do for any of these.
        if (Files.isDirectory(state)) {
            Holds holds = new Holds(
                    new HoldRecords(state.resolve("holds")), edges.heldProcesses(), edges.commits(), edges.clock());
            Checkpoints checkpoints = Checkpoints.create(settings, edges, containers, holds, share, state);
            Standbys standbys = new Standbys(containers, launchers, share, settings.places(), edges.steps());
            // A pod that stands still first, and what keeps it so last.
            attempt(left, () -> {
                new CriuConfiguration(launchers.nodeRoot(), state, edges.steps());
                return List.of();
            });
            attempt(
                    left,
                    () -> holds.endAll().stream().map(NodeCleanUp::stillHeld).toList());
            attempt(left, () -> {
                checkpoints.abandonLeft();
                return List.of();
            });
            attempt(
                    left,
                    () -> standbys.endAll().stream()
                            .map(
                                    launcher -> "the launcher of " + launcher
                                            + " still brings memory to its pod, which would end with it; wait, or delete the pod")
                            .toList());
        }
        attempt(
                left,
                () -> launchers.removeControlGroups().stream()
                        .map(group -> "processes are left in " + group + "; wait for them, or end them")
                        .toList());
        if (left.isEmpty()) {
            attempt(left, () -> {
                new CriuConfiguration(launchers.nodeRoot(), state, edges.steps()).removeEmptyDirectory();
                removeDirectories(state);
                return List.of();
            });
        }
        return left;
    }

    private static String stillHeld(Hold hold) {
        return hold.fenced()
                ? "pod " + hold.pod() + " stands still, as its copy has taken over; delete it: kubectl delete pod "
                        + hold.pod().name() + " --namespace " + hold.pod().namespace()
                : "pod " + hold.pod() + " stands still, as the API server did not tell whether its copy has taken over"
                        + " by the migration " + hold.migration() + "; see whether the API server answers";
    }

    private void removeDirectories(Path state) {
        try {
            removeContent(launchers.seen(settings.places().staging()));
            removeContent(state);
            Durable.delete(directory);
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "cannot remove " + directory + "; mount the node's root for writing", problem);
        }
    }

    /** It may be a mount point, which cannot be removed itself. */
    private static void removeContent(Path place) throws IOException {
        if (!Files.isDirectory(place)) {
            return;
        }
        List<Path> names;
        try (var listed = Files.list(place)) {
            names = listed.toList();
        }
        for (Path name : names) {
            Durable.delete(name);
        }
    }

    /** One failure keeps nothing else from being undone. */
    private static void attempt(List<String> left, Supplier<List<String>> act) {
        try {
            left.addAll(act.get());
        } catch (RuntimeException failure) {
            left.add(String.valueOf(failure.getMessage()));
        }
    }
}
