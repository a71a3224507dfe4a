package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.Result;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.Specimens;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Commands and probes that the kubelet runs in the container meet the restored application. */
@Tag("real")
class ExecTest {
    @AutoClose
    private static final Cluster cluster = new Cluster();

    private static Pod pod() {
        return Specimens.merged(
                Specimens.script("served", Moved.text("served.sh")).build(), """
                spec:
                  containers:
                  - volumeMounts:
                    - {name: data, mountPath: /data}
                  volumes:
                  - {name: data, emptyDir: {}}
                """);
    }

    private static int probe(RunningContainer container) {
        return container.exec(List.of("/lpm/entry", "probe")).exitCode();
    }

    @Test
    void aCommandSeesWhatTheApplicationSees() {
        try (RunningPod running = cluster.source.run(pod())) {
            RunningContainer source = running.container("main");
            String nonce = source.awaitLine(line -> line.startsWith("ready "), Cluster.SOON)
                    .substring("ready ".length());
            RunningPod target = cluster.target.run(TargetPod.of(pod()));
            RunningContainer restored = target.container("main");
            try (target;
                    Standby standby = Standby.start(restored, SourceAgent.owner(source), List.of())
                            .awaitReady(Cluster.SOON)) {
                assertThat(probe(restored)).isEqualTo(1);
                RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(source, RuntimeCheckpoint.Options.HOLD);
                String id = cluster.newId();
                SourceAgent.store(source, checkpoint, id, Form.EXTRACTED, cluster.sandbox.share(), cluster.key);
                assertThat(probe(restored)).isEqualTo(1);
                assertThat(standby.release(SourceAgent.uri(source, id))
                                .awaitOutcome(Cluster.SOON)
                                .state())
                        .as(standby.said())
                        .isEqualTo(State.RESTORED);
                assertThat(probe(restored)).isZero();
                assertThat(standby.awaitExit(Cluster.SOON)).isZero();
                assertThat(probe(restored)).isZero();

                restored.awaitLine(("moved " + nonce)::equals, Cluster.SOON);
                Result seen = restored.exec(List.of(
                        "/bin/sh", "-c", "cat /after /data/after; ls /before /data/before; hostname; ls /old /app"));
                assertThat(seen.lines()).containsExactly(nonce, nonce, "served-restored");
                assertThat(seen.error())
                        .contains("ls: /before: No such file", "ls: /old: No such file", "ls: /app: No such file");
                // The application's processes, which have a PID namespace of their own, are among those a command sees.
                assertThat(restored.exec(List.of(
                                        "cat", "/proc/" + standby.status().processId() + "/cmdline"))
                                .output())
                        .contains("moved $nonce");

                restored.exec(List.of("/bin/sh", "-c", "echo 42 > /answer.new; mv /answer.new /answer"))
                        .orThrow();
                restored.awaitLine(("answer 42 " + nonce)::equals, Cluster.SOON);
                assertThat(restored.awaitExit(Cluster.SOON)).isEqualTo(3);
            }
        }
    }
}
