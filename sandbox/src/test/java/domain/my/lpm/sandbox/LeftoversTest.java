package domain.my.lpm.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class LeftoversTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @Test
    void nothingIsLeftAfterClose() throws IOException {
        Sandbox sandbox = Sandbox.create(Specimens.settings());
        Traces traces;
        try {
            traces = Traces.of(sandbox, sandbox.node("one"), sandbox.node("two"));
        } finally {
            sandbox.close();
        }
        assertThat(traces.left()).isEmpty();
    }

    @Test
    void nothingIsLeftAfterTheMachineKilledTheJvm() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path")));
        for (String name : List.of("lpm.buildRoot", "lpm.toolkit", "lpm.work")) {
            command.add("-D" + name + "=" + System.getProperty(name));
        }
        command.add(Holder.class.getName());
        Process holder = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Traces traces;
        try (var reader = holder.inputReader(StandardCharsets.UTF_8)) {
            traces = Traces.parse(reader.readLine());
            assertThat(traces.left()).isNotEmpty();
        } finally {
            holder.destroyForcibly();
        }
        assertThat(holder.waitFor()).isEqualTo(137);
        RunningContainer.await(SOON, () -> traces.left().isEmpty());
        assertThat(traces.left()).isEmpty();
    }

    /** Opens a sandbox in a JVM that is going to be killed. */
    static final class Holder {
        public static void main(String[] arguments) throws Exception {
            Sandbox sandbox = Sandbox.create(Specimens.settings());
            System.out.println(Traces.of(sandbox, sandbox.node("one"), sandbox.node("two")));
            Thread.sleep(Duration.ofMinutes(5).toMillis());
        }
    }

    /** By what a sandbox with running pods is recognised from outside. */
    private record Traces(String directory, List<String> cgroups) {
        static Traces of(Sandbox sandbox, Node... nodes) {
            List<String> cgroups = new ArrayList<>();
            sandbox.connectNodes();
            for (Node node : nodes) {
                RunningPod pod = node.run(Specimens.counter());
                pod.container("counter").awaitLine(line -> line.startsWith("tick 2 "), SOON);
                cgroups(node.pid()).forEach(cgroups::add);
                cgroups(pod.container("counter").hostPid()).forEach(cgroups::add);
            }
            return new Traces(String.valueOf(sandbox.share().getParent()), cgroups);
        }

        private static Stream<String> cgroups(int pid) {
            boolean unified = Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));
            return Processes.controlGroups(pid).entrySet().stream()
                    .filter(group -> group.getValue().contains("lpm-"))
                    .map(group -> "/sys/fs/cgroup/" + (unified ? "" : hierarchy(group)) + group.getValue());
        }

        private static String hierarchy(Map.Entry<String, String> group) {
            return group.getKey().replace("name=", "");
        }

        static Traces parse(String line) {
            String[] parts = line.split(" ");
            return new Traces(parts[0], List.of(parts).subList(1, parts.length));
        }

        @Override
        public String toString() {
            return directory + " " + String.join(" ", cgroups);
        }

        /** Files, control groups, mounts, and processes that live in its mount namespaces or were started for it. */
        List<String> left() {
            List<String> left = new ArrayList<>();
            cgroups.stream().filter(path -> Files.exists(Path.of(path))).forEach(left::add);
            left.addAll(Leftovers.of(directory));
            return left;
        }
    }
}
