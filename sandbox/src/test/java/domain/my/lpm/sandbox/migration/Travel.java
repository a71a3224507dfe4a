package domain.my.lpm.sandbox.migration;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** What the tests of journeys share: an application that counts, and hops which the launcher makes alone. */
final class Travel {
    /** Counts in memory alone, under a nonce it draws when it starts; TERM ends it with exit code 0. */
    static final String TICKS = """
            read -r nonce < /proc/sys/kernel/random/uuid
            trap 'exit 0' TERM
            n=0
            while true; do
                n=$((n + 1))
                echo "tick $n nonce=$nonce"
                usleep 20000
            done
            """;

    /** The memory may be large and the disk slow. */
    private static final Duration ARRIVAL = Duration.ofMinutes(4);

    private Travel() {}

    /** A pod that runs {@link #TICKS}. */
    static Pod ticker(String name) {
        return Specimens.script(name, TICKS).build();
    }

    /** The numbers of the ticks in the output, in its order. */
    static List<Integer> ticks(List<String> output) {
        return output.stream()
                .filter(line -> line.startsWith("tick "))
                .map(line -> Integer.valueOf(line.split(" ")[1]))
                .toList();
    }

    /** The nonces in the output, each once. */
    static List<String> nonces(List<String> output) {
        return output.stream()
                .filter(line -> line.contains("nonce="))
                .map(line -> line.replaceFirst(".*nonce=(\\S+).*", "$1"))
                .distinct()
                .toList();
    }

    /** The numbers from one on that a counter shows which nothing has been lost or repeated of. */
    static List<Integer> upTo(int last) {
        return IntStream.rangeClosed(1, last).boxed().toList();
    }

    /** Waits until a container has printed a tick after those it has printed so far. */
    static void awaitNextTick(RunningContainer container) {
        awaitTicks(container, 1);
    }

    /** Waits until a container has printed so many ticks after those it has printed so far. */
    static void awaitTicks(RunningContainer container, int count) {
        int seen = ticks(container.output()).size();
        container.awaitLine(line -> ticks(container.output()).size() >= seen + count, Cluster.SOON);
    }

    /** The pod under another name. */
    static Pod named(Pod pod, String name) {
        return new PodBuilder(pod).editMetadata().withName(name).endMetadata().build();
    }

    /** What a hop led to; closing it removes the target pod. */
    record Landing(
            RunningPod pod, RunningContainer container, CheckpointUri uri, Status status, int exitCode, String said)
            implements AutoCloseable {
        @Override
        public void close() {
            pod.close();
        }
    }

    /** How the launcher hops. */
    record Hop(List<String> checkpointOptions, List<String> restoreOptions) {
        private static final List<String> AT_ONCE = List.of("--rehearsal", "0s");

        /** With every default, but for the time to practise before a dump. */
        static final Hop PLAIN = new Hop(AT_ONCE, List.of());

        Hop dumpedWith(String... options) {
            List<String> all = new ArrayList<>(AT_ONCE);
            all.addAll(List.of(options));
            return new Hop(all, restoreOptions);
        }

        Hop restoredWith(String... options) {
            return new Hop(checkpointOptions, List.of(options));
        }
    }

    /** Takes a container to a node into the rewritten form of {@code pod}; the launcher takes the checkpoint. */
    static Landing hop(Cluster cluster, RunningContainer from, Node to, Pod pod, Hop hop) {
        RunningPod target = to.run(TargetPod.of(pod));
        RunningContainer restored = target.container(from.name());
        try (Standby standby = Standby.start(restored, SourceAgent.owner(from), hop.restoreOptions())
                .awaitReady(Cluster.SOON)) {
            CheckpointUri uri = SourceAgent.checkpoint(from, cluster.newId(), hop.checkpointOptions());
            Status status = standby.release(uri).awaitOutcome(ARRIVAL);
            return new Landing(target, restored, uri, status, standby.awaitExit(ARRIVAL), standby.said());
        } catch (RuntimeException failure) {
            target.close();
            throw failure;
        }
    }

    /** All lines of several containers, in their order. */
    static List<String> outputs(List<RunningContainer> containers) {
        List<String> lines = new ArrayList<>();
        containers.forEach(container -> lines.addAll(container.output()));
        return lines;
    }
}
