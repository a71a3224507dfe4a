package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.Sandbox;
import domain.my.lpm.sandbox.Specimens;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class CounterTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @Test
    void goesOnWhereItStoodStill() {
        AgentKey key = new AgentKey();
        try (Sandbox sandbox = Sandbox.create(Specimens.settings())) {
            sandbox.images().entry(TargetPod.ENTRY_IMAGE);
            Node a = sandbox.node("a");
            Node b = sandbox.node("b");
            key.install(a);
            key.install(b);
            RunningPod source = a.run(Specimens.counter());
            RunningContainer counter = source.container("counter");
            RunningPod target = b.run(TargetPod.of(Specimens.counter()));
            RunningContainer restored = target.container("counter");
            try (Standby standby = Standby.start(restored, SourceAgent.owner(counter), List.of())) {
                standby.awaitReady(SOON);
                counter.awaitLine(line -> line.startsWith("tick 5 "), SOON);
                RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(counter, RuntimeCheckpoint.Options.HOLD);
                SourceAgent.store(counter, checkpoint, "one", Form.EXTRACTED, sandbox.share(), key);
                standby.release(SourceAgent.uri(counter, "one"));
                System.err.println(standby.awaitOutcome(SOON) + standby.said());
                assertThat(standby.status().state()).isEqualTo(State.RESTORED);
                assertThat(standby.awaitExit(SOON)).isZero();
                int last = counter.output().size();
                String nonce = counter.output().get(0).replaceAll(".*(nonce=\\S+).*", "$1");
                String first = restored.awaitLine(line -> true, SOON);
                assertThat(first).isEqualTo("tick " + (last + 1) + " " + nonce + " host=counter-restored");
            }
        }
    }
}
