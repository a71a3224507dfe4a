package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster.Arrival;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * An application that moved, and what it said on both sides. Each of its lines ends with {@code nonce=} and a random
 * number that it drew when it started and that nothing but its memory holds. It says {@code ready} when it may be moved;
 * it sees by its host name that it was, and says {@code end} when it has said all.
 *
 * @param before its lines in the source, without the nonce
 * @param after its lines in the target, without the nonce
 */
record Moved(List<String> before, List<String> after) {
    private static final String NONCE = " nonce=";

    /** A pod whose one container, {@code main}, runs a program of the test resources after {@code prelude.py}. */
    static PodBuilder python(String name, String resource) {
        return new PodBuilder(Specimens.script(name, "").build())
                .editSpec()
                .editFirstContainer()
                .withImage("docker.io/library/python:3.13")
                .withCommand("/usr/bin/python3", "-c", text("prelude.py") + text(resource))
                .endContainer()
                .endSpec();
    }

    static String text(String resource) {
        try (InputStream content =
                Objects.requireNonNull(Moved.class.getResourceAsStream(resource), () -> "no resource " + resource)) {
            return new String(content.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Runs the pod on the source node and moves it; the source is held from then on. */
    static Moved by(Cluster cluster, Pod pod, Journey journey) {
        return by(cluster, pod, journey, arrival -> {});
    }

    /** The same; {@code look} sees the target before it is removed. */
    static Moved by(Cluster cluster, Pod pod, Journey journey, Consumer<Arrival> look) {
        try (RunningPod running = cluster.source.run(pod)) {
            RunningContainer source = running.container("main");
            String nonce = source.awaitLine(line -> line.startsWith("ready"), Cluster.SOON)
                    .replaceAll(".*(" + NONCE + "[0-9a-f]{32})$", "$1");
            assertThat(nonce).startsWith(NONCE);
            try (Arrival arrival = cluster.migrate(source, journey)) {
                assertThat(arrival.status().state()).as(arrival.said()).isEqualTo(State.RESTORED);
                arrival.container().awaitLine(line -> line.startsWith("end"), Cluster.SOON);
                assertThat(arrival.checkpoint().isHeld()).isTrue();
                look.accept(arrival);
                return new Moved(
                        without(nonce, source.output()),
                        without(nonce, arrival.container().output()));
            }
        }
    }

    private static List<String> without(String nonce, List<String> lines) {
        assertThat(lines).allMatch(line -> line.endsWith(nonce), "has the nonce");
        return lines.stream()
                .map(line -> line.substring(0, line.length() - nonce.length()))
                .toList();
    }
}
