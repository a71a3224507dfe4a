package domain.my.lpm.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Nodes and pods on one machine, with the real runc, conmon and CRIU of the Debian build root: what kubelet and CRI-O make
 * of a pod, without them. Needs root. Nothing outside {@link Settings#work} is changed, and whatever the sandbox made is
 * gone after {@link #close}, as it is when the JVM is killed.
 */
public final class Sandbox implements AutoCloseable {
    private static final Duration CLOSING = Patience.of(Duration.ofSeconds(20));

    private final Settings settings;
    private final Path directory;
    private final Path share;
    private final Process keeper;
    private final Images images;
    private final Optional<Path> shim;
    private final Optional<Path> agentShim;
    private final List<Node> nodes = new ArrayList<>();
    private boolean networked;

    private Sandbox(Settings settings, Path directory, Path share, Process keeper) {
        this.settings = settings;
        this.directory = directory;
        this.share = share;
        this.keeper = keeper;
        this.images = new Images(settings, directory.resolve("scripts"));
        this.shim = LimitShim.layer(settings.buildRoot(), settings.buildRoot(), images);
        this.agentShim =
                settings.installedToolkit().flatMap(toolkit -> LimitShim.layer(toolkit, settings.buildRoot(), images));
    }

    /**
     * Opens a sandbox without nodes.
     *
     * @throws SandboxException when this machine cannot hold one
     */
    public static Sandbox create(Settings settings) {
        try {
            Path sandboxes = Files.createDirectories(settings.work().resolve("sandboxes"));
            Path directory = Files.createTempDirectory(sandboxes, "s");
            for (String name : List.of("nodes", "scripts")) {
                Files.createDirectory(directory.resolve(name));
            }
            Path share = settings.sharedStorage()
                    .map(storage -> storage.resolve(directory.getFileName()))
                    .orElse(directory.resolve("share"));
            Files.createDirectory(share);
            Scripts.install(directory.resolve("scripts"));
            Process keeper = new ProcessBuilder(
                            "unshare",
                            "--net",
                            "sh",
                            directory.resolve("scripts/keeper").toString(),
                            directory.toString(),
                            share.toString())
                    .redirectErrorStream(true)
                    .start();
            String answer = keeper.inputReader().readLine();
            if (!"ready".equals(answer)) {
                throw new SandboxException(
                        "the sandbox did not start: " + answer + "; it needs root and network namespaces");
            }
            try {
                return new Sandbox(settings, directory, share, keeper);
            } catch (RuntimeException failure) {
                keeper.getOutputStream().close();
                throw failure;
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot create a sandbox below " + settings.work(), error);
        }
    }

    /** A directory that every node sees at {@code /mnt/checkpoints}, and every agent at {@code /repository}. */
    public Path share() {
        return share;
    }

    /**
     * A new directory of this name, readable by its owner alone; removed with the sandbox, even when the JVM is killed.
     *
     * @throws SandboxException when there is one already
     */
    public Path directory(String name) {
        try {
            return Files.createDirectory(
                    directory.resolve(name),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException error) {
            throw new SandboxException("the sandbox cannot make the directory " + name + ": " + error, error);
        }
    }

    /** The images that pods of this sandbox may name. */
    public Images images() {
        return images;
    }

    /**
     * Starts a node.
     *
     * @param name a host name, unique in this sandbox
     * @throws SandboxException when it does not come up; the message says why
     */
    public synchronized Node node(String name) {
        if (!name.matches("[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?")) {
            throw new SandboxException(
                    "'" + name + "' cannot name a node: use up to 52 lower-case letters, digits and hyphens");
        }
        if (nodes.stream().anyMatch(node -> node.name().equals(name))) {
            throw new SandboxException("there is a node '" + name + "' already: choose another name");
        }
        Node node = Node.start(
                name,
                settings,
                directory,
                share,
                layers(shim, Optional.of(settings.buildRoot())),
                layers(agentShim, settings.installedToolkit()),
                images);
        nodes.add(node);
        return node;
    }

    /**
     * Connects the nodes started so far by an Ethernet of their own: the first has address 10.88.0.1, the second 10.88.0.2
     * and so on, on interface {@code eth0}. May be called again after more nodes were started.
     */
    public synchronized void connectNodes() {
        if (!networked) {
            onNetwork("ip link add name nodes type bridge && ip link set nodes up");
            networked = true;
        }
        for (int index = 1; index <= nodes.size(); index++) {
            Node node = nodes.get(index - 1);
            if (node.isConnected()) {
                continue;
            }
            String address = "10.88.0." + index;
            onNetwork("ip link add port" + index + " type veth peer name eth0 netns " + node.pid()
                    + " && ip link set port" + index + " master nodes up");
            node.shell("ip addr add " + address + "/24 dev eth0 && ip link set eth0 up");
            node.connected(address);
        }
    }

    private void onNetwork(String script) {
        List<String> command = List.of(
                "nsenter",
                "--net=/proc/" + keeper.pid() + "/ns/net",
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-ec",
                // The build root's ip looks processes up in /proc.
                "mount --bind /proc \"$1/proc\"; exec chroot \"$1\" sh -ec \"$2\"",
                "sh",
                settings.buildRoot().toString(),
                script);
        Command.run(Patience.of(Duration.ofSeconds(10)), command, List.of(script), Map.of())
                .orThrow();
    }

    private static String layers(Optional<Path> shim, Optional<Path> root) {
        if (root.isEmpty()) {
            return "";
        }
        return shim.map(layer -> layer + ":").orElse("") + root.get();
    }

    /** Removes every node with its pods, and all files but the cached images. */
    @Override
    public synchronized void close() {
        nodes.forEach(Node::letGo);
        try {
            nodes.forEach(Node::close);
            keeper.getOutputStream().close();
            if (!keeper.waitFor(CLOSING.toMillis(), TimeUnit.MILLISECONDS) || Files.exists(directory)) {
                throw new SandboxException("the sandbox in " + directory + " was not removed within "
                        + CLOSING.toSeconds() + " s: look for processes that still use it");
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot close the sandbox in " + directory, error);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while the sandbox in " + directory + " was closing", interrupted);
        }
    }
}
