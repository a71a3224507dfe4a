package domain.my.lpm.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class AgentTest {
    @Test
    void theAgentSeesTheShareAndTheProcessesOfItsNode() throws Exception {
        try (Sandbox sandbox = Sandbox.create(Specimens.settings())) {
            Node node = sandbox.node("node");
            Files.writeString(sandbox.share().resolve("note"), "shared");
            try (RunningPod pod = node.run(Specimens.counter())) {
                RunningContainer counter = pod.container("counter");
                counter.awaitLine(line -> line.startsWith("tick 1 "), Duration.ofSeconds(10));
                Process agent = node.startInAgent(
                        List.of(
                                "/usr/bin/busybox",
                                "sh",
                                "-ec",
                                "cat /repository/note; echo; cat /proc/" + counter.pid()
                                        + "/comm; touch /work/a /staging/a; criu --version | head -n 1; grep -c ' / / ' /proc/self/mountinfo"));
                String output = new String(agent.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                String error = new String(agent.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(error).isEmpty();
                assertThat(output.lines().toList())
                        .satisfiesExactly(
                                line -> assertThat(line).isEqualTo("shared"),
                                line -> assertThat(line).isEqualTo("busybox"),
                                line -> assertThat(line).startsWith("Version: "),
                                line -> assertThat(line).isEqualTo("1"));
            }
        }
    }
}
