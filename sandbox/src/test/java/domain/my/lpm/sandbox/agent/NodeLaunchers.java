package domain.my.lpm.sandbox.agent;

import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Launchers on a sandbox node, for an agent that runs beside it: it knows the node by its first process alone. */
final class NodeLaunchers implements Launchers {
    private static final Path AGENT = Path.of("/agent");

    private final int node;

    NodeLaunchers(int node) {
        this.node = node;
    }

    @Override
    public Process start(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of("/usr/bin/restore-launcher"));
        command.addAll(arguments);
        return startProgram(command);
    }

    @Override
    public Process startProgram(List<String> program) {
        List<String> command = new ArrayList<>(List.of(
                "env",
                "--default-signal",
                "setsid",
                "nsenter",
                "--target",
                Integer.toString(node),
                "--mount",
                "--uts",
                "--ipc",
                "--net",
                "--pid",
                "--cgroup",
                "--root",
                "--wd",
                "--",
                "chroot",
                AGENT.toString()));
        command.addAll(program);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment()
                .putAll(Map.of(
                        "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL", "C.UTF-8"));
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            return process;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot start " + program, error);
        }
    }

    @Override
    public Path seen(Path path) {
        return nodeRoot()
                .resolve(AGENT.resolve(path.toString().substring(1)).toString().substring(1));
    }

    @Override
    public int pid(int pid) {
        int level = Processes.namespaceIds(node).size() - 1;
        List<Integer> ids = Processes.namespaceIds(pid);
        // A process that has ended has none: the launcher will say so.
        return ids.size() > level ? ids.get(level) : pid;
    }

    @Override
    public Path nodeRoot() {
        return Path.of("/proc/" + node + "/root");
    }
}
