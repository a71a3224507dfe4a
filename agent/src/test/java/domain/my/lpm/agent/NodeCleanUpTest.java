package domain.my.lpm.agent;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.agent.hold.Commits;
import domain.my.lpm.agent.hold.HeldProcesses;
import domain.my.lpm.agent.hold.Hold;
import domain.my.lpm.agent.hold.Hold.HeldContainer;
import domain.my.lpm.agent.hold.HoldRecords;
import domain.my.lpm.agent.kubelet.CriuConfiguration;
import domain.my.lpm.agent.node.ApiServer;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.node.ToolkitLaunchers;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.api.node.MigrationNodeStatus;
import domain.my.lpm.launcher.criu.Tcp;
import domain.my.lpm.launcher.linux.Processes;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NodeCleanUpTest {
    private static final PodReference POD = new PodReference("shop", "web", "8f14e45f-ceea-467f-a0e6-7d3c1d2b9f10");
    private static final int SELF = (int) ProcessHandle.current().pid();

    private final Path node;
    private final Path state;
    private final List<String> done = new ArrayList<>();
    private Commits.Verdict verdict = Commits.Verdict.FORBIDDEN;
    /** What the container of the hold is: this process, which is there, or one that has ended. */
    private HeldContainer container = new HeldContainer("main", SELF, Processes.identity(SELF));

    NodeCleanUpTest(@TempDir Path node) throws IOException {
        this.node = node;
        this.state = node.resolve("var/lib/lpm/agent");
        Files.createDirectories(node.resolve("var/lib/kubelet"));
        Files.createDirectories(node.resolve("sys/fs/cgroup/memory/lpm-launchers"));
        Files.createDirectories(node.resolve("var/lib/lpm/staging"));
        Files.createFile(node.resolve("var/lib/lpm/staging/pages-1.img"));
    }

    private final class Source implements HeldProcesses {
        @Override
        public void resume(HeldContainer held) {
            done.add("resume " + held.name());
        }

        @Override
        public int fence(HeldContainer held) {
            done.add("fence " + held.name());
            return 1;
        }

        @Override
        public boolean isEnding(HeldContainer held) {
            return true;
        }
    }

    private List<String> cleanUp() {
        ToolkitLaunchers launchers = new ToolkitLaunchers("/nonexistent", node);
        Path none = Path.of("/nonexistent");
        AgentSettings settings = new AgentSettings(
                "node-a",
                "127.0.0.1",
                0,
                "",
                new AgentSettings.Tls(none, none, none, Set.of("nobody"), Duration.ofSeconds(1)),
                new Places(state.resolve("launchers"), none, node.resolve("var/lib/lpm/staging"), none, none),
                state,
                Duration.ofSeconds(10),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                new ImageImport.None(),
                none);
        Commits commits = new Commits() {
            @Override
            public Verdict forbid(Hold hold) {
                return verdict;
            }

            @Override
            public boolean isOver(Hold hold) {
                throw new AssertionError("it waits for no migration");
            }

            @Override
            public boolean mayHold(Hold hold) {
                throw new AssertionError("it holds nothing");
            }
        };
        ApiServer api = new ApiServer() {
            @Override
            public Optional<Pod> pod(String namespace, String name) {
                return Optional.empty();
            }

            @Override
            public Optional<Node> node(String name) {
                return Optional.empty();
            }

            @Override
            public void write(String name, MigrationNodeStatus status) {
                throw new AssertionError("it writes nothing");
            }
        };
        AgentEdges edges = new AgentEdges(
                launchers, api, commits, Optional.empty(), new Source(), InstantSource.system(), StepListener.NONE);
        return new NodeCleanUp(settings, edges, launchers, node.resolve("var/lib/lpm")).run();
    }

    private void hold(boolean fenced) {
        // Long before its lease ends.
        new HoldRecords(state.resolve("holds"))
                .put(new Hold(
                        POD,
                        "shop/web-away",
                        "u-1",
                        "hop-1",
                        List.of(container),
                        Instant.now().plusSeconds(3600),
                        fenced));
    }

    private void requireNothingLeft() {
        assertThat(paths()).containsExactlyInAnyOrder("sys/fs/cgroup/memory", "var/lib/kubelet");
    }

    /** Directories without any below them, and files. */
    private List<String> paths() {
        try (Stream<Path> all = Files.walk(node)) {
            List<Path> paths = all.toList();
            return paths.stream()
                    .filter(path -> paths.stream().noneMatch(other -> path.equals(other.getParent())))
                    .map(path -> node.relativize(path).toString())
                    .toList();
        } catch (IOException problem) {
            throw new java.io.UncheckedIOException(problem);
        }
    }

    private void giveLaunchersProcesses(String processes) {
        try {
            Files.writeString(node.resolve("sys/fs/cgroup/memory/lpm-launchers/cgroup.procs"), processes);
        } catch (IOException problem) {
            throw new java.io.UncheckedIOException(problem);
        }
    }

    @Test
    void aHeldPodGoesOnBeforeItsLeaseEndsAndNothingIsLeft() throws IOException {
        hold(false);
        Files.delete(node.resolve("sys/fs/cgroup/memory/lpm-launchers"));

        assertThat(cleanUp()).isEmpty();

        assertThat(done).containsExactly("resume main");
        requireNothingLeft();
        assertThat(cleanUp()).as("repeated").isEmpty();
        requireNothingLeft();
    }

    @Test
    void whileTheApiIsSilentAHeldPodStandsStill() {
        hold(false);
        giveLaunchersProcesses("");
        verdict = Commits.Verdict.UNKNOWN;

        assertThat(cleanUp())
                .anySatisfy(left -> assertThat(left)
                        .isEqualTo("pod " + POD
                                + " stands still, as the API server did not tell whether its copy has taken"
                                + " over by the migration shop/web-away; see whether the API server answers"));

        assertThat(done).isEmpty();
        assertThat(new HoldRecords(state.resolve("holds")).all()).hasSize(1);
    }

    @Test
    void aPodWhoseCopyHasTakenOverIsFencedAndNamedUntilItIsGone() throws IOException {
        hold(false);
        Files.delete(node.resolve("sys/fs/cgroup/memory/lpm-launchers"));
        verdict = Commits.Verdict.COMMITTED;

        assertThat(cleanUp())
                .containsExactly(
                        "pod " + POD + " stands still, as its copy has taken over; delete it: kubectl delete pod"
                                + " web --namespace shop");
        assertThat(done).containsOnly("fence main");

        container = new HeldContainer("main", SELF, "another process that had this id");
        hold(true);
        assertThat(cleanUp()).isEmpty();
        requireNothingLeft();
    }

    @ParameterizedTest
    @EnumSource(Tcp.class)
    void criusConfigurationIsPutBack(Tcp tcp) throws IOException {
        Files.delete(node.resolve("sys/fs/cgroup/memory/lpm-launchers"));
        StepListener killed = new StepListener() {
            @Override
            public void before(Step step) {}

            @Override
            public void after(Step step) {
                if (step == Step.CONFIGURE_CRIU) {
                    throw new IllegalStateException("killed");
                }
            }
        };
        try {
            new CriuConfiguration(node, state, killed).during(true, tcp, () -> "never");
        } catch (IllegalStateException expected) {
            assertThat(node.resolve("etc/criu/runc.conf")).exists();
        }

        assertThat(cleanUp()).isEmpty();

        assertThat(node.resolve("etc/criu")).doesNotExist();
    }

    @Test
    void whoseConfigurationItIsKeepsIt() throws IOException {
        Files.delete(node.resolve("sys/fs/cgroup/memory/lpm-launchers"));
        Files.createDirectories(node.resolve("etc/criu"));
        Files.writeString(node.resolve("etc/criu/runc.conf"), "mine\n");

        assertThat(cleanUp()).isEmpty();

        assertThat(node.resolve("etc/criu/runc.conf")).hasContent("mine");
    }

    @Test
    void aLauncherAtWorkIsWaitedFor() {
        hold(false);
        giveLaunchersProcesses("4711\n");

        assertThat(cleanUp())
                .containsExactly("processes are left in " + node.resolve("sys/fs/cgroup/memory/lpm-launchers")
                        + "; wait for them, or end them");

        assertThat(done).as("no pod waits for it").containsExactly("resume main");
        assertThat(node.resolve("var/lib/lpm/staging/pages-1.img")).exists();
    }
}
