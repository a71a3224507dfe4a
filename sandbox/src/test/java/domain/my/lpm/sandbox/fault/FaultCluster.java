package domain.my.lpm.sandbox.fault;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.node.MigrationNode;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.sandbox.Leftovers;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.Patience;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.cluster.Certificates;
import domain.my.lpm.sandbox.cluster.ControlPlane;
import domain.my.lpm.sandbox.cluster.RestoringNodes;
import domain.my.lpm.sandbox.cluster.SandboxCluster;
import domain.my.lpm.sandbox.cluster.node.KubeletAccess.Right;
import domain.my.lpm.sandbox.cluster.server.Interference;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import jnr.constants.platform.Signal;

/**
 * A cluster whose controller and agents are processes of their own, connected by wires that can be cut, with a share of its
 * own. Pods begin on the node of the source agent.
 */
final class FaultCluster implements AutoCloseable {
    static final String SOURCE = "node-a";
    static final String TARGET = "node-b";
    /** The shortest lease there is, in seconds. */
    static final int LEASE = 5;

    private static final Duration SOON = Patience.of(Duration.ofSeconds(60));
    private static final int SHARE_MIB = 64;
    private static final Path CRDS = Path.of("../crds");

    private final Path share;
    private final SandboxCluster cluster;
    private final CriuStages stages;
    private final List<Wire> wires = new ArrayList<>();
    private final List<Wire> apiWires = new ArrayList<>();
    private final List<Participant> participants = new ArrayList<>();
    private final Set<String> mounts = new TreeSet<>();

    FaultCluster() throws IOException {
        Settings settings = Specimens.settings();
        share = Files.createTempDirectory(settings.work(), "share");
        run("mount", "-t", "tmpfs", "-o", "size=" + SHARE_MIB + "m", "tmpfs", share.toString());
        try {
            cluster = SandboxCluster.start(SandboxCluster.Options.of(
                    new Settings(settings.buildRoot(), settings.toolkit(), settings.work(), Optional.of(share)), CRDS));
        } catch (RuntimeException failed) {
            removeShare();
            throw failed;
        }
        try {
            ControlPlane.installKeys(cluster);
            new RestoringNodes(cluster, TARGET).start();
            stages = new CriuStages(cluster.sandbox().share());
            startParticipants();
            for (Node node : cluster.nodes()) {
                mounts.addAll(mounts(node));
            }
        } catch (IOException | RuntimeException | AssertionError failed) {
            close();
            throw failed;
        }
    }

    private void startParticipants() throws IOException {
        Wire toSource = wire(0);
        Wire toTarget = wire(0);
        agent(Role.SOURCE_AGENT, SOURCE, toSource);
        agent(Role.TARGET_AGENT, TARGET, toTarget);
        Wire api = apiWire();
        participants.add(new Participant(
                Role.CONTROLLER,
                ControllerMain.class,
                List.of(url(api), certificates(Certificates.CONTROLLER).toString(), Integer.toString(LEASE)),
                log(Role.CONTROLLER),
                List.of(api, toSource, toTarget),
                port -> {}));
        awaitReady();
        assertThat(RunningContainer.await(
                        SOON,
                        () -> cluster.client().resources(MigrationNode.class).list().getItems().stream()
                                        .filter(node -> node.getStatus() != null)
                                        .count()
                                == 2))
                .as("both agents have described their nodes")
                .isTrue();
    }

    private void agent(Role role, String node, Wire in) throws IOException {
        Wire api = apiWire();
        String name = "agent-" + node;
        cluster.access().grant(name, Set.of(Right.CHECKPOINT));
        List<String> arguments = new ArrayList<>(List.of(
                url(api),
                certificates(name).toString(),
                node,
                Integer.toString(cluster.node(node).pid()),
                cluster.kubelet(node).uri().toString(),
                "127.0.0.1:" + in.port()));
        List<String> entering = new ArrayList<>(cluster.node(node).entering());
        // What launchers practise makes them quick, and nothing else.
        entering.addAll(entering.indexOf("--ignore-environment") + 1, List.of("LPM_REHEARSAL=0s"));
        arguments.addAll(entering);
        participants.add(new Participant(role, AgentMain.class, arguments, log(role), List.of(api, in), in::lead));
    }

    private Wire wire(int destination) {
        Wire wire = new Wire(destination);
        wires.add(wire);
        return wire;
    }

    private Wire apiWire() {
        Wire wire = wire(cluster.server().uri().getPort());
        apiWires.add(wire);
        return wire;
    }

    private static String url(Wire api) {
        return "https://127.0.0.1:" + api.port();
    }

    private Path certificates(String name) throws IOException {
        Path own = cluster.directory().resolve(name);
        Path directory = name.equals(Certificates.CONTROLLER)
                ? Certificates.writeOfController(cluster.authority(), own)
                : Certificates.writeOfAgent(cluster.authority(), name, own);
        ApiAccess.write(directory, cluster.token());
        return directory;
    }

    private Path log(Role role) {
        return cluster.directory().resolve(role.name() + ".log");
    }

    SandboxCluster cluster() {
        return cluster;
    }

    KubernetesClient client() {
        return cluster.client();
    }

    CriuStages stages() {
        return stages;
    }

    Participant participant(Role role) {
        return participants.stream()
                .filter(each -> each.role() == role)
                .findFirst()
                .orElseThrow();
    }

    void follow(Participant.Script script) {
        participants.forEach(each -> each.follow(script));
    }

    /** Kills it; somebody starts it again. */
    void restart(Participant participant) {
        participant.restart();
    }

    void awaitReady() {
        participants.forEach(each -> each.awaitReady(SOON));
    }

    /** The API can be reached by none of the participants. */
    void loseApi() {
        apiWires.forEach(Wire::refuse);
    }

    /** Ends {@link #loseApi}. */
    void restoreApi() {
        apiWires.forEach(Wire::serve);
    }

    /** The next change that a participant makes is made, and it does not learn so. */
    void loseNextAnswer() {
        AtomicBoolean lost = new AtomicBoolean();
        cluster.server().interfere(new Interference() {
            @Override
            public void after(String method, String path) throws IOException {
                boolean change = !method.equals("GET")
                        && !path.contains("/migrationnodes")
                        && !path.endsWith("/events")
                        && (path.startsWith("/apis/lpm.my.domain/")
                                || (path.contains("/pods") && (method.equals("POST") || method.equals("DELETE"))));
                if (change && lost.compareAndSet(false, true)) {
                    throw new IOException("this answer is lost");
                }
            }
        });
    }

    /** Ends {@link #loseNextAnswer}. */
    void answerAgain() {
        cluster.server().interfere(Interference.NONE);
    }

    /** Nothing can be written to the shared storage. */
    void makeShareReadOnly() {
        run("mount", "-o", "remount,ro", share.toString());
    }

    /** No byte more fits on the shared storage. */
    void fillShare() {
        byte[] block = new byte[1 << 16];
        for (int size = block.length; size > 0; size /= 16) {
            try (OutputStream filler =
                    Files.newOutputStream(filler(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                while (true) {
                    filler.write(block, 0, size);
                }
            } catch (IOException full) {
                // As intended.
            }
        }
    }

    private Path filler() {
        return cluster.sandbox().share().resolve("filler");
    }

    /** Ends {@link #makeShareReadOnly} and {@link #fillShare}. */
    void repairShare() {
        run("mount", "-o", "remount,rw", share.toString());
        try {
            Files.deleteIfExists(filler());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The launchers at work, as processes of this machine, and CRIU where it was started by them. */
    List<Integer> processes(String program) {
        String directory = directory();
        List<Integer> found = new ArrayList<>();
        ProcessHandle.allProcesses().forEach(process -> {
            Path proc = Path.of("/proc/" + process.pid());
            int pid = Math.toIntExact(process.pid());
            if (Leftovers.read(proc.resolve("comm")).strip().equals(program)
                    && Leftovers.read(proc.resolve("mountinfo")).contains(directory)
                    && participants.stream().noneMatch(each -> each.pid() == pid)) {
                found.add(pid);
            }
        });
        return found;
    }

    private String directory() {
        return Objects.requireNonNull(cluster.directory().getParent()).toString();
    }

    static void signalAll(List<Integer> processes, Signal signal) {
        assertThat(processes).as("somebody to signal").isNotEmpty();
        processes.forEach(pid -> Processes.signal(pid, signal));
    }

    /** What is left of migrations on the nodes and on the share; empty when nothing is. */
    List<String> leftovers() {
        List<String> left = new ArrayList<>();
        for (String program : List.of("java", "criu", "restore-launche")) {
            processes(program).forEach(pid -> left.add("process " + program + " " + pid));
        }
        for (Node node : cluster.nodes()) {
            mounts(node).stream().filter(mount -> !mounts.contains(mount)).forEach(mount -> left.add("mount " + mount));
            for (String directory : List.of("agent/work/agent", "agent/work/launchers", "etc/criu", "run/criu")) {
                files(node.root().resolve(directory)).forEach(file -> left.add(node.name() + ": " + file));
            }
            node.exec(List.of("find", "/sys/fs/cgroup", "-type", "d", "-name", "crio-*"))
                    .lines()
                    .forEach(left::add);
        }
        files(cluster.sandbox().share()).stream()
                .filter(file -> !file.contains("/programs/"))
                .forEach(left::add);
        return left;
    }

    private static Set<String> mounts(Node node) {
        Set<String> found = new TreeSet<>();
        Leftovers.read(Path.of("/proc/" + node.pid() + "/mountinfo"))
                .lines()
                .forEach(line -> found.add(node.name() + " " + line.split(" ")[4]));
        return found;
    }

    private static List<String> files(Path directory) {
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile).map(Path::toString).toList();
        } catch (IOException | UncheckedIOException changing) {
            return List.of(directory + " is changing");
        }
    }

    private static void run(String... command) {
        try {
            assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
                    .as(String.join(" ", command))
                    .isZero();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        participants.forEach(Participant::close);
        wires.forEach(Wire::close);
        String directory = directory();
        cluster.close();
        removeShare();
        assertThat(Leftovers.of(directory)).isEmpty();
    }

    private void removeShare() {
        run("umount", share.toString());
        try {
            Files.delete(share);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
