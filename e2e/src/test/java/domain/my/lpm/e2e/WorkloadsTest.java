package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigration;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Applications as users have them, whose images are those of e2e/images: none has root or a capability, all have the runtime's own
 * seccomp profile, and their roots cannot be written.
 */
@EndToEnd
class WorkloadsTest {
    private static Pod pod(String name) {
        return Scenario.pod("e2e/workloads/pod-" + name + ".yaml");
    }

    private static String service(String name) {
        return "e2e/workloads/service-" + name + ".yaml";
    }

    @Test
    void aPythonProcessorKeepsItsTotals(Scenario scenario) throws IOException {
        List<HasMetadata> objects;
        try (InputStream manifest = Files.newInputStream(Path.of("..", "samples", "analytics", "pod.yaml"))) {
            objects = scenario.client().load(manifest).items();
        }
        for (HasMetadata each : objects) {
            if (each instanceof ConfigMap) {
                scenario.client()
                        .resource(each)
                        .inNamespace(scenario.namespace())
                        .create();
            }
        }
        Pod pod = objects.stream()
                .filter(Pod.class::isInstance)
                .map(Pod.class::cast)
                .findFirst()
                .orElseThrow();
        Application analytics = scenario.run(pod);
        analytics.goesOn(10);

        scenario.move("analytics", analytics);

        // The processor computes every line anew from the seed in the first.
        assertThat(analytics.exec(
                        "python3",
                        "-c",
                        "import runpy, sys; sys.stdin = open('/data/analytics.log'); sys.argv = ['processor.py', '--check'];"
                                + " runpy.run_path('/app/processor.py', run_name='__main__')"))
                .contains("batches, each once, of one memory, and every total is right");
    }

    @ParameterizedTest
    @CsvSource({"64, 5", "1024, 20"})
    void memoryIsWhatItWas(int mebibytes, int dirtyPerSecond, Scenario scenario) {
        Quantity limit = new Quantity((mebibytes + 64) + "Mi");
        Application memory = scenario.run(new PodBuilder(pod("memory"))
                .editSpec()
                .editFirstContainer()
                .withCommand(
                        "/usr/bin/memory", String.valueOf(mebibytes), String.valueOf(dirtyPerSecond), "/data/ticks.log")
                .editResources()
                .withRequests(Map.of("cpu", new Quantity("100m"), "memory", limit))
                .withLimits(Map.of("memory", limit))
                .endResources()
                .endContainer()
                .endSpec()
                .build());
        memory.goesOn(50);

        PodMigration moved = scenario.move("memory", memory);

        // A page that is not what it was ends the program with status 1, and it looks at 800 each second.
        memory.goesOn(50);
        assertThat(memory.pod().getStatus().getContainerStatuses().get(0).getRestartCount())
                .isZero();
        scenario.figure("downtime with " + mebibytes + " MiB", moved.getStatus().getDowntimeMillis() + " ms");
    }

    @Test
    void aJavaServerGoesOnCountingForItsClient(Scenario scenario) {
        Application jvm = scenario.run(pod("jvm"));
        String target = scenario.cluster().nodeOtherThan(jvm.node());
        SteadyClient client = SteadyClient.of(scenario, target, service("jvm"), "http", "/count");

        scenario.move("jvm", jvm, "targetNode: " + target);

        client.awaitAnswers(20);
        client.report();
        long last = 0;
        Set<String> nonces = new HashSet<>();
        List<String[]> answers = client.answers();
        for (String[] answer : answers) {
            // A request whose answer did not arrive may have been counted, too.
            assertThat(Long.parseLong(answer[0])).isGreaterThan(last);
            last = Long.parseLong(answer[0]);
            nonces.add(answer[1]);
        }
        assertThat(nonces).hasSize(1);
        assertThat(last).isBetween((long) answers.size(), answers.size() + client.failures());
    }

    @Test
    void aWebServerAndItsWriterKeepTheFileTheyShare(Scenario scenario) {
        Application writer = scenario.run(pod("nginx"));
        String target = scenario.cluster().nodeOtherThan(writer.node());
        SteadyClient client = SteadyClient.of(scenario, target, service("nginx"), "http", "/connection");

        scenario.move("nginx", writer, "targetNode: " + target);

        client.awaitAnswers(20);
        client.report();
        // The number of a connection is nginx' own, in its memory: one that began anew would begin at 1, and one number
        // has one request each.
        Map<Long, Long> requests = new HashMap<>();
        long last = 0;
        for (String[] answer : client.answers()) {
            long connection = Long.parseLong(answer[0]);
            assertThat(connection).isGreaterThanOrEqualTo(last);
            last = connection;
            assertThat(Long.parseLong(answer[1])).isEqualTo(requests.merge(connection, 1L, Long::sum));
        }
        String[] lines = writer.exec("cat", "/content/ticks.log").split("\n");
        for (int index = 0; index < lines.length; index++) {
            assertThat(lines[index]).startsWith("tick " + (index + 1) + " ");
        }
        assertThat(writer.exec("wget", "-q", "-O", "-", "http://127.0.0.1:8080/ticks.log"))
                .startsWith(lines[0] + "\n" + lines[1] + "\n");
    }

    @Test
    void redisHasEveryWriteThatItAcknowledged(Scenario scenario) {
        Pod pod = pod("redis");
        // It prints no ticks: its client keeps the ledger.
        scenario.client().resource(pod).inNamespace(scenario.namespace()).create();
        scenario.awaitReady("redis");
        Application redis = new Application(scenario, "redis", "redis");
        String target = scenario.cluster().nodeOtherThan(redis.node());
        SteadyClient client = SteadyClient.of(scenario, target, service("redis"), "redis");

        PodMigration ended = scenario.awaitEnd(scenario.create("redis", "redis", "targetNode: " + target));
        Scenario.requirePhase(ended, MigrationPhase.SUCCEEDED);
        redis.movedBy(ended);
        scenario.awaitGone(redis, "redis");

        // It looks at all of them every hundred writes, and when it has connected anew.
        client.awaitAnswers(120);
        client.report();
        List<String> checks = client.lines().stream()
                .filter(line -> line.startsWith("checked "))
                .toList();
        assertThat(checks).hasSizeGreaterThanOrEqualTo(2);
        Set<String> runs = new HashSet<>();
        for (String check : checks) {
            Map<String, String> fields = new HashMap<>();
            for (String word : check.split(" ")) {
                fields.put(word.split("=")[0], word.substring(word.indexOf('=') + 1));
            }
            assertThat(fields).as(check).containsEntry("missing", "0");
            assertThat(Long.parseLong(fields.getOrDefault("increments", "")))
                    .as(check)
                    .isBetween(
                            Long.parseLong(fields.getOrDefault("least", "")),
                            Long.parseLong(fields.getOrDefault("most", "")));
            runs.add(fields.getOrDefault("run_id", ""));
        }
        // What it drew when it was started.
        assertThat(runs).hasSize(1);
        scenario.figure("writes that were acknowledged, and are there", checks.get(checks.size() - 1));
    }
}
