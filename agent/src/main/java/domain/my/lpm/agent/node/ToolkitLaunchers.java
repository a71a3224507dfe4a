package domain.my.lpm.agent.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Launchers of the toolkit in which the agent itself runs: same root, same PID namespace, which is the node's. They are moved
 * into a control group of their own, as the runtime kills all that is left in the agent's own when its container ends.
 */
public final class ToolkitLaunchers implements Launchers {
    private static final Logger LOG = LoggerFactory.getLogger(ToolkitLaunchers.class);
    private static final String GROUP = "lpm-launchers";

    private final String program;
    private final Path nodeRoot;

    /**
     * Launchers by a program.
     *
     * @param program path of restore-launcher
     * @param nodeRoot where the node's root file system is mounted
     */
    public ToolkitLaunchers(String program, Path nodeRoot) {
        this.program = program;
        this.nodeRoot = nodeRoot;
    }

    @Override
    public Process start(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(arguments);
        Process process = startProgram(command);
        leaveControlGroup(process.pid());
        return process;
    }

    @Override
    public Process startProgram(List<String> command) {
        try {
            Process process = new ProcessBuilder(command).start();
            process.getOutputStream().close();
            return process;
        } catch (IOException error) {
            throw new UncheckedIOException(
                    "cannot start " + command.get(0) + "; run the agent in the toolkit's image", error);
        }
    }

    private void leaveControlGroup(long pid) {
        Path groups = nodeRoot.resolve("sys/fs/cgroup");
        try {
            if (Files.exists(groups.resolve("cgroup.controllers"))) {
                join(groups.resolve(GROUP), pid);
                return;
            }
            try (Stream<Path> hierarchies = Files.list(groups)) {
                for (Path hierarchy : hierarchies.filter(Files::isDirectory).toList()) {
                    // A new group of these has neither processors nor memory nodes.
                    if (!hierarchy.getFileName().toString().startsWith("cpuset")) {
                        join(hierarchy.resolve(GROUP), pid);
                    }
                }
            }
        } catch (IOException | UncheckedIOException refused) {
            LOG.warn(
                    "the launcher {} stays in the agent's control group and ends with its container: {}; mount the node's"
                            + " /sys/fs/cgroup writable",
                    pid,
                    refused.toString());
        }
    }

    /**
     * Removes the control groups of launchers, where none is left.
     *
     * @return the groups that have a process, which cannot be removed
     */
    public List<Path> removeControlGroups() {
        List<Path> occupied = new ArrayList<>();
        Path groups = nodeRoot.resolve("sys/fs/cgroup");
        try {
            List<Path> places = new ArrayList<>(List.of(groups));
            try (Stream<Path> hierarchies = Files.list(groups)) {
                hierarchies.filter(Files::isDirectory).forEach(places::add);
            }
            for (Path place : places) {
                Path group = place.resolve(GROUP);
                if (!Files.isDirectory(group)) {
                    continue;
                }
                if (!Files.readString(group.resolve("cgroup.procs")).isBlank()) {
                    occupied.add(group);
                } else {
                    // Its files are the kernel's and go with it.
                    Files.delete(group);
                }
            }
        } catch (IOException refused) {
            throw new UncheckedIOException(
                    "cannot remove the control groups of launchers below " + groups + "; mount them for writing",
                    refused);
        }
        return occupied;
    }

    private static void join(Path group, long pid) throws IOException {
        Files.createDirectories(group);
        Files.writeString(group.resolve("cgroup.procs"), Long.toString(pid));
    }

    @Override
    public Path seen(Path path) {
        return path;
    }

    @Override
    public int pid(int pid) {
        return pid;
    }

    @Override
    public Path nodeRoot() {
        return nodeRoot;
    }
}
