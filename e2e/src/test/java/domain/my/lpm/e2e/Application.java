package domain.my.lpm.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.TargetPod;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** What runs in a pod, and in its copies after it was moved. */
final class Application {
    private final Scenario scenario;
    private final String name;
    private final String container;
    private String pod;

    /**
     * Of a pod that has been created.
     *
     * @param container the one that writes the ticks
     */
    Application(Scenario scenario, String pod, String container) {
        this.scenario = scenario;
        this.name = pod;
        this.pod = pod;
        this.container = container;
    }

    /** The name of the first pod. */
    String name() {
        return name;
    }

    /** The name of the pod that it runs in now. */
    String podName() {
        return pod;
    }

    /** The pod that it runs in now, as the API has it. */
    Pod pod() {
        return Objects.requireNonNull(find(pod), () -> "there is no pod " + pod);
    }

    @Nullable
    Pod find(String named) {
        return scenario.client()
                .pods()
                .inNamespace(scenario.namespace())
                .withName(named)
                .get();
    }

    /** Where it runs. */
    String node() {
        return pod().getSpec().getNodeName();
    }

    /** Whether a pod of this name is or was this application's. */
    boolean has(String podName) {
        return podName.equals(name) || podName.matches(Pattern.quote(name) + "-restored(-\\d+)?");
    }

    /** All that it ever wrote. */
    Ledger ledger() {
        return new Ledger(
                scenario.ticks().stream().filter(tick -> has(tick.pod())).toList());
    }

    /** The last tick that the API shows of the pod, 0 where there is none. */
    long lastTick() {
        String log = scenario.client()
                .pods()
                .inNamespace(scenario.namespace())
                .withName(pod)
                .inContainer(container)
                .tailingLines(5)
                .getLog();
        long last = 0;
        for (String line : log.split("\n")) {
            if (line.startsWith("tick ")) {
                last = Long.parseLong(line.split(" ")[1]);
            }
        }
        return last;
    }

    /** Waits until it has gone on for some ticks from now. */
    void goesOn(int ticks) {
        long[] first = {-1};
        Awaitility.await().atMost(Cluster.PATIENCE).ignoreExceptions().untilAsserted(() -> {
            long now = lastTick();
            if (first[0] < 0) {
                first[0] = now;
            }
            assertThat(now)
                    .as("the last tick of %s, which was at %d", pod, first[0])
                    .isGreaterThanOrEqualTo(first[0] + ticks);
        });
    }

    /** From here on it runs in the copy that a migration has made. */
    void movedBy(PodMigration migration) {
        TargetPod target = Objects.requireNonNull(migration.getStatus().getTargetPod(), "no copy");
        pod = target.name();
    }

    /** From here on it runs in the pod of this name. */
    void movedTo(String copy) {
        pod = copy;
    }

    /** Runs a command in its container, as {@code kubectl exec} does; returns what it printed. */
    String exec(String... command) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        try (ExecWatch watch = scenario.client()
                .pods()
                .inNamespace(scenario.namespace())
                .withName(pod)
                .inContainer(container)
                .writingOutput(out)
                .writingError(errors)
                .exec(command)) {
            Integer code = watch.exitCode().get(Cluster.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(code).as("%s: %s", String.join(" ", command), errors).isEqualTo(0);
            return out.toString(StandardCharsets.UTF_8);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        } catch (ExecutionException | TimeoutException failed) {
            throw new IllegalStateException(
                    String.join(" ", command) + " could not be run in " + pod + ": " + failed, failed);
        }
    }
}
