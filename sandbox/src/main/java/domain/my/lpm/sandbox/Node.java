package domain.my.lpm.sandbox;

import domain.my.lpm.launcher.linux.Processes;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A node: its own root file system, host name, network, control groups and processes, but the machine's kernel. It stands
 * as long as its guard, a process outside, is wanted.
 */
public final class Node implements AutoCloseable {
    /** For commands that are given no time of their own. */
    private static final Duration COMMAND = Patience.of(Duration.ofSeconds(60));

    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";

    private final String name;
    private final int pid;
    private final Process guard;
    private final Path scripts;
    private final Path directory;
    private final boolean hasAgent;
    private final Images images;
    private final Map<String, Map<String, String>> configMaps = new ConcurrentHashMap<>();
    private final Map<String, RunningPod> pods = new ConcurrentHashMap<>();
    private @Nullable String address;

    private Node(String name, int pid, Process guard, Path scripts, Path directory, boolean hasAgent, Images images) {
        this.name = name;
        this.pid = pid;
        this.guard = guard;
        this.scripts = scripts;
        this.directory = directory;
        this.hasAgent = hasAgent;
        this.images = images;
    }

    static Node start(
            String name,
            Settings settings,
            Path sandbox,
            Path share,
            String layers,
            String agentLayers,
            Images images) {
        Path scripts = sandbox.resolve("scripts");
        Path directory = sandbox.resolve("nodes").resolve(name);
        try {
            // Where this JVM runs in the background it ignores signals that containers must hear.
            Process guard = new ProcessBuilder(
                            "env",
                            "--default-signal",
                            "sh",
                            scripts.resolve("guard").toString(),
                            name,
                            layers,
                            agentLayers,
                            settings.buildRoot().toString(),
                            images.directory().toString(),
                            share.toString(),
                            directory.toString())
                    .redirectErrorStream(true)
                    .start();
            StringBuilder said = new StringBuilder();
            for (String line;
                    (line = guard.inputReader().readLine()) != null;
                    said.append(line).append('\n')) {
                if (line.startsWith("ready ")) {
                    int pid = Integer.parseInt(line.substring("ready ".length()));
                    return new Node(name, pid, guard, scripts, directory, !agentLayers.isEmpty(), images);
                }
            }
            guard.getOutputStream().close();
            throw new SandboxException(
                    "the node '" + name + "' did not start: " + said.toString().strip());
        } catch (IOException error) {
            throw new UncheckedIOException("cannot start the node '" + name + "'", error);
        }
    }

    /** The node's name, which is its host name. */
    public String name() {
        return name;
    }

    /** The node's first process, as the machine sees it. */
    public int pid() {
        return pid;
    }

    /** The node's root file system with all mounts, as the machine sees it. */
    public Path root() {
        return Path.of("/proc/" + pid + "/root");
    }

    /** The directory on a disk that holds the node's files, as the machine sees it. */
    Path directory() {
        return directory;
    }

    /** Gives the pods of this node a ConfigMap; it is the same in all namespaces. */
    public void configMap(String mapName, Map<String, String> data) {
        configMaps.put(mapName, Map.copyOf(data));
    }

    /** The pods on this node, by uid. */
    public Map<String, RunningPod> pods() {
        return pods;
    }

    Map<String, Map<String, String>> configMaps() {
        return configMaps;
    }

    Images images() {
        return images;
    }

    /** The address on the Ethernet between the nodes; empty before {@link Sandbox#connectNodes}. */
    public Optional<String> address() {
        return Optional.ofNullable(address);
    }

    boolean isConnected() {
        return address != null;
    }

    void connected(String assigned) {
        address = assigned;
    }

    /** Runs a command on the node as root, for a minute at most, with nothing on its standard input. */
    public Result exec(List<String> command) {
        return exec(COMMAND, command);
    }

    /**
     * Runs a command on the node as root.
     *
     * @throws SandboxException when it does not end in time; it is killed then
     */
    public Result exec(Duration atMost, List<String> command) {
        return Command.run(atMost, inside(command), command, environment());
    }

    /** Starts a command on the node as root. It is killed when the process returned here is. */
    public Process start(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(inside(command));
        builder.environment().clear();
        builder.environment().putAll(environment());
        try {
            return builder.start();
        } catch (IOException error) {
            throw new UncheckedIOException("cannot start " + command + " on the node '" + name + "'", error);
        }
    }

    /** Runs a shell script on the node; throws when it fails. */
    Result shell(String script, String... arguments) {
        List<String> command = Command.concat(List.of("sh", "-ec", script, "sh"), List.of(arguments));
        return exec(command).orThrow();
    }

    /** Runs the restore launcher as the node's agent would: in the toolkit's root, with the node's privileges. */
    public Result agent(List<String> launcherArguments) {
        return exec(agentCommand(launcherArguments));
    }

    /**
     * The same with a time of its own.
     *
     * @throws SandboxException when it does not end in time; it is killed then
     */
    public Result agent(Duration atMost, List<String> launcherArguments) {
        return exec(atMost, agentCommand(launcherArguments));
    }

    /** Starts the restore launcher as {@link #agent} does. */
    public Process startAgent(List<String> launcherArguments) {
        return start(agentCommand(launcherArguments));
    }

    /** Starts the restore launcher as {@link #agent} does, by a command that runs its further arguments. */
    public Process startAgent(List<String> launcherArguments, List<String> by) {
        return start(Command.concat(by, agentCommand(launcherArguments)));
    }

    /** Starts any program in the agent's root, with the node's privileges. */
    public Process startInAgent(List<String> command) {
        requireAgent();
        return start(Command.concat(List.of("chroot", "/agent"), command));
    }

    private List<String> agentCommand(List<String> launcherArguments) {
        requireAgent();
        return Command.concat(List.of("chroot", "/agent", "/usr/bin/restore-launcher"), launcherArguments);
    }

    private void requireAgent() {
        if (!hasAgent) {
            throw new SandboxException("the node '" + name
                    + "' has no agent: give the sandbox a toolkit (Settings.toolkit), made from base-images");
        }
    }

    /** Starts a pod; returns when its init containers have ended and its containers run. */
    public RunningPod run(Pod pod) {
        return RunningPod.start(this, pod);
    }

    /** What runs its further arguments on the node as root, with nothing of this JVM's environment. They outlive this JVM. */
    public List<String> entering() {
        List<String> words = new ArrayList<>(List.of("env", "--ignore-environment"));
        environment().forEach((name, value) -> words.add(name + "=" + value));
        words.addAll(enter());
        return words;
    }

    private List<String> inside(List<String> command) {
        // A command does not outlive whoever asked for it.
        return Command.concat(enter(), Command.concat(List.of("setpriv", "--pdeathsig", "KILL", "--"), command));
    }

    private List<String> enter() {
        return List.of(
                "env",
                "--default-signal",
                "sh",
                scripts.resolve("join").toString(),
                directory.resolve("cgroups").toString(),
                "nsenter",
                "--target",
                Integer.toString(pid),
                "--mount",
                "--uts",
                "--ipc",
                "--net",
                "--pid",
                "--cgroup",
                "--root",
                "--wd",
                "--");
    }

    private static Map<String, String> environment() {
        return Map.of("PATH", PATH, "LC_ALL", "C.UTF-8", "HOME", "/root");
    }

    /** The machine's id of a process of the node. */
    Optional<Integer> onMachine(int pidOnNode) {
        int level = Processes.namespaceIds(pid).size() - 1;
        return Processes.tree(pid).stream()
                .filter(candidate -> {
                    List<Integer> ids = Processes.namespaceIds(candidate);
                    return ids.size() > level && ids.get(level) == pidOnNode;
                })
                .findFirst();
    }

    void letGo() {
        try {
            guard.getOutputStream().close();
        } catch (IOException error) {
            throw new UncheckedIOException("cannot reach the guard of the node '" + name + "'", error);
        }
    }

    /** Removes the node and every pod on it; returns when nothing is left. */
    @Override
    public void close() {
        letGo();
        try {
            if (!guard.waitFor(20, TimeUnit.SECONDS)) {
                throw new SandboxException("the node '" + name + "' did not end within 20 s: see " + directory);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while the node '" + name + "' was closing", interrupted);
        }
    }
}
