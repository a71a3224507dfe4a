package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;

/** A client of an application that is moved, in a pod which stays where it is; e2e/images/client says what it prints. */
final class SteadyClient {
    private final Scenario scenario;

    private SteadyClient(Scenario scenario) {
        this.scenario = scenario;
    }

    /**
     * Puts a Service in front of an application, and starts a client of it on another node than the application's target. It goes
     * through the Service's address, as names need a cluster with DNS.
     *
     * @param manifest of the Service; a path from the root of the project
     * @param protocol {@code http} or {@code redis}
     * @param path what an HTTP client asks for
     */
    static SteadyClient of(Scenario scenario, String node, String manifest, String protocol, String... path) {
        Service service = scenario.client()
                .resource(read(manifest))
                .inNamespace(scenario.namespace())
                .create();
        List<String> command = new ArrayList<>(List.of(
                "client",
                protocol,
                service.getSpec().getClusterIP(),
                service.getSpec().getPorts().get(0).getPort().toString()));
        command.addAll(Arrays.asList(path));
        Pod pod = Scenario.on(
                node,
                new PodBuilder(Scenario.pod("e2e/workloads/pod-client.yaml"))
                        .editSpec()
                        .editFirstContainer()
                        .withCommand(command)
                        .endContainer()
                        .endSpec()
                        .build());
        scenario.client().resource(pod).inNamespace(scenario.namespace()).create();
        SteadyClient client = new SteadyClient(scenario);
        client.awaitAnswers(20);
        return client;
    }

    private static Service read(String manifest) {
        try {
            return Serialization.unmarshal(Files.readString(Path.of("..").resolve(manifest)), Service.class);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** All lines so far. */
    List<String> lines() {
        return scenario.client()
                .pods()
                .inNamespace(scenario.namespace())
                .withName("client")
                .getLog()
                .lines()
                .toList();
    }

    /** The words that follow `ok N at=MILLIS took=MILLIS connection=C`, of each answer. */
    List<String[]> answers() {
        return lines().stream()
                .filter(line -> line.startsWith("ok "))
                .map(line -> line.split(" "))
                .map(words -> Arrays.copyOfRange(words, 5, words.length))
                .toList();
    }

    /** How many requests had no answer. */
    long failures() {
        return lines().stream().filter(line -> line.startsWith("failed ")).count();
    }

    /** Waits for that many answers from now. */
    void awaitAnswers(int count) {
        int[] first = {-1};
        Awaitility.await().atMost(Cluster.PATIENCE).ignoreExceptions().untilAsserted(() -> {
            int now = answers().size();
            if (first[0] < 0) {
                first[0] = now;
            }
            assertThat(now).as("answers that the client got").isGreaterThanOrEqualTo(first[0] + count);
        });
    }

    /** For the report. */
    void report() {
        scenario.figure(
                "requests of the client that were answered",
                String.valueOf(answers().size()));
        scenario.figure("requests of the client that failed", String.valueOf(failures()));
    }
}
