package domain.my.lpm.sandbox.cluster;

import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.sandbox.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Launchers on a node of the sandbox, in the root that its agent's container has there. The agent itself runs outside of the
 * node, where processes have other ids.
 *
 * @param entering what runs its further arguments on the node
 * @param pid the node's first process, as the agent sees it
 */
public record NodeLaunchers(List<String> entering, int pid) implements Launchers {
    private static final String AGENT_ROOT = "/agent";

    public NodeLaunchers {
        entering = List.copyOf(entering);
    }

    /** Those of a node. */
    public static NodeLaunchers of(Node node) {
        return new NodeLaunchers(node.entering(), node.pid());
    }

    @Override
    public Process start(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of("/usr/bin/restore-launcher"));
        command.addAll(arguments);
        return startProgram(command);
    }

    @Override
    public Process startProgram(List<String> command) {
        List<String> words = new ArrayList<>(entering);
        words.addAll(List.of("chroot", AGENT_ROOT));
        words.addAll(command);
        try {
            Process process = new ProcessBuilder(words).start();
            process.getOutputStream().close();
            return process;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot start " + command + " on the node", error);
        }
    }

    @Override
    public Path seen(Path path) {
        return nodeRoot()
                .resolve(AGENT_ROOT.substring(1))
                .resolve(path.toString().substring(1));
    }

    @Override
    public int pid(int process) {
        int level = Processes.namespaceIds(pid).size() - 1;
        List<Integer> ids = Processes.namespaceIds(process);
        if (ids.size() <= level) {
            throw new IllegalStateException("process " + process + " has ended, or is none of the node");
        }
        return ids.get(level);
    }

    @Override
    public Path nodeRoot() {
        return Path.of("/proc/" + pid + "/root");
    }
}
