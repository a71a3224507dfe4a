package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Travel.Hop;
import domain.my.lpm.sandbox.migration.Travel.Landing;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From outside, a restored application lives and ends as it would have alone: each test runs it alone, too. */
@Tag("real")
class LifeAfterRestoreTest {
    /** Each signal leads to another end; QUIT has no handler, which the first process of a namespace ignores. */
    private static final String HANDLES = """
            import ctypes, os, signal, time, uuid
            nonce = uuid.uuid4()
            bye = f"goodbye {nonce}\\n".encode()
            def eat(number, frame):
                food = []
                while True:
                    food.append(os.urandom(1 << 20))
            signal.signal(signal.SIGTERM, lambda number, frame: (os.write(1, bye), os._exit(7)))
            signal.signal(signal.SIGHUP, lambda number, frame: os._exit(0))
            signal.signal(signal.SIGUSR1, lambda number, frame: ctypes.string_at(0))
            signal.signal(signal.SIGUSR2, eat)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            n = 0
            while True:
                n += 1
                print(f"tick {n} nonce={nonce}", flush=True)
                time.sleep(0.02)
            """;

    private static final String JAVA = """
            cat > /tmp/Main.java <<'JAVA'
            public class Main {
                public static void main(String[] arguments) throws Exception {
                    var nonce = java.util.UUID.randomUUID();
                    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("goodbye " + nonce)));
                    for (int n = 1; ; n++) {
                        System.out.println("tick " + n + " nonce=" + nonce);
                        Thread.sleep(20);
                    }
                }
            }
            JAVA
            exec $JAVA_HOME/bin/java -Xmx64m -XX:+UseSerialGC -XX:-UsePerfData /tmp/Main.java
            """;

    @AutoClose
    private static final Cluster cluster = new Cluster();

    /** What is seen of an end from outside. */
    private record End(int exitCode, boolean oomKilled, List<String> lastWords) {}

    private static End end(RunningContainer container, Consumer<RunningContainer> cause) {
        Travel.awaitNextTick(container);
        cause.accept(container);
        int code = container.awaitExit(Cluster.SOON);
        // The nonce is each process' own.
        List<String> lastWords = container.output().stream()
                .filter(line -> !line.startsWith("tick "))
                .map(line -> line.replaceAll("[0-9a-f]{8}-[0-9a-f-]{27}", "<nonce>"))
                .toList();
        return new End(code, code == 137 && conmonNotesWantOfMemory(container), lastWords);
    }

    /** It does so beside the exit code, soon before or after it. */
    private static boolean conmonNotesWantOfMemory(RunningContainer container) {
        for (int look = 0; look < 50 && !container.oomKilled(); look++) {
            LockSupport.parkNanos(10_000_000);
        }
        return container.oomKilled();
    }

    private static End alone(Pod pod, Consumer<RunningContainer> cause) {
        try (RunningPod running = cluster.source.run(pod)) {
            return end(running.container("main"), cause);
        }
    }

    private static End restored(Pod pod, Consumer<RunningContainer> cause) {
        try (RunningPod running = cluster.source.run(pod)) {
            RunningContainer source = running.container("main");
            Travel.awaitNextTick(source);
            try (Landing landing = Travel.hop(
                    cluster,
                    source,
                    cluster.target,
                    Travel.named(pod, pod.getMetadata().getName() + "-2"),
                    Hop.PLAIN)) {
                assertThat(landing.status().state()).as(landing.said()).isEqualTo(State.RESTORED);
                Travel.awaitNextTick(landing.container());
                assertThat(Travel.nonces(landing.container().output())).isEqualTo(Travel.nonces(source.output()));
                return end(landing.container(), cause);
            }
        }
    }

    private static Pod python(String name, String program) {
        Pod pod = Specimens.script(name, "").build();
        pod.getSpec().getContainers().get(0).setImage("docker.io/library/python:3.13");
        pod.getSpec().getContainers().get(0).setCommand(List.of("python3", "-c", program));
        return pod;
    }

    @ParameterizedTest
    @CsvSource({"TERM, 7, goodbye <nonce>", "HUP, 0,", "KILL, 137,", "USR1, 139,"})
    void endsByASignalAsAlone(String signal, int code, String lastWords) {
        Pod pod = python("signalled", HANDLES);
        End alone = alone(pod, container -> container.signal(signal));
        assertThat(alone).isEqualTo(new End(code, false, lastWords == null ? List.of() : List.of(lastWords)));
        assertThat(restored(pod, container -> container.signal(signal))).isEqualTo(alone);
    }

    /**
     * The first process of a PID namespace has no default actions, and nobody within can kill it: {@code kubectl exec
     * ... kill -9 1} does nothing.
     */
    @Test
    void hearsOnlyWhatItHandlesAsAlone() {
        Consumer<RunningContainer> signals = container -> {
            container.signal("QUIT");
            container.exec(List.of("bash", "-c", "kill -KILL 1; kill -INT 1")).orThrow();
            Travel.awaitTicks(container, 20);
            // It may end before this command does, which is killed with it then.
            assertThat(container.exec(List.of("bash", "-c", "kill -TERM 1")).exitCode())
                    .isIn(0, 137);
        };
        Pod pod = python("stubborn", HANDLES);
        End alone = alone(pod, signals);
        assertThat(alone).isEqualTo(new End(7, false, List.of("goodbye <nonce>")));
        assertThat(restored(pod, signals)).isEqualTo(alone);
    }

    /** A JVM runs its shutdown hooks at TERM and ends as if the signal had killed it. */
    @Test
    void diesOfTermAsAlone() {
        Pod pod = Specimens.script("jvm", "").build();
        pod.getSpec().getContainers().get(0).setImage("docker.io/library/eclipse-temurin:25");
        pod.getSpec().getContainers().get(0).setCommand(List.of("/bin/sh", "-c", JAVA));
        End alone = alone(pod, container -> container.signal("TERM"));
        assertThat(alone).isEqualTo(new End(143, false, List.of("goodbye <nonce>")));
        assertThat(restored(pod, container -> container.signal("TERM"))).isEqualTo(alone);
    }

    @Test
    void isKilledForWantOfMemoryAsAlone() {
        Pod pod = Specimens.merged(
                python("hungry", HANDLES), "spec: {containers: [{resources: {limits: {memory: 64Mi}}}]}");
        End alone = alone(pod, container -> container.signal("USR2"));
        assertThat(alone).isEqualTo(new End(137, true, List.of()));
        assertThat(restored(pod, container -> container.signal("USR2"))).isEqualTo(alone);
    }
}
