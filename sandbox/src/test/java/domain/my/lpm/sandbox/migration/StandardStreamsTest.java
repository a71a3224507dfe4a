package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster.Arrival;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import domain.my.lpm.webhook.rewrite.PodRefusedException;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Standard output and standard error go on in the target's log; a terminal is refused. */
@Tag("real")
class StandardStreamsTest {
    @AutoClose
    private static final Cluster cluster = new Cluster();

    @Test
    void outputAndErrorGoOnApart() {
        List<String> errors = new ArrayList<>();
        List<String> outputs = new ArrayList<>();

        Moved moved = Moved.by(cluster, Moved.python("streams", "streams.py").build(), Journey.PLAIN, arrival -> {
            errors.addAll(arrival.container().output("stderr"));
            outputs.addAll(arrival.container().output("stdout"));
        });

        // conmon reads the two streams one after the other.
        assertThat(moved.before()).containsExactlyInAnyOrder("one on stdout", "one on stderr", "ready");
        assertThat(errors)
                .extracting(line -> line.replaceAll(" nonce=.*", ""))
                .containsExactly("whole", "two on stderr", "three on stderr");
        assertThat(outputs)
                .extracting(line -> line.replaceAll(" nonce=.*", ""))
                .containsExactly("two on stdout", "three on stdout", "input: 0", "targets differ: True", "end");
    }

    private static Pod withTerminal(String name) {
        return new PodBuilder(Travel.ticker(name))
                .editSpec()
                .editFirstContainer()
                .withTty(true)
                .endContainer()
                .endSpec()
                .build();
    }

    @Test
    void aPodWithATerminalCannotBeATarget() {
        assertThatThrownBy(() -> TargetPod.of(withTerminal("terminal")))
                .isInstanceOf(PodRefusedException.class)
                .hasMessageStartingWith(
                        "pod 'terminal-restored', container 'main': it has a tty, which does not survive"
                                + " a checkpoint; remove tty: true");
    }

    @Test
    void aCheckpointWithATerminalIsRefusedAndTheSourceGoesOn() {
        try (RunningPod running = cluster.source.run(withTerminal("console"))) {
            RunningContainer source = running.container("main");
            Travel.awaitNextTick(source);

            Pod target = TargetPod.of(Specimens.script("console", Travel.TICKS).build());
            try (Arrival arrival = cluster.migrate(source, target, Journey.PLAIN)) {
                assertThat(arrival.status().state()).isEqualTo(State.FAILED);
                assertThat(arrival.status().message())
                        .isEqualTo("the checkpointed container had a terminal (/dev/pts/0) whose other side is outside"
                                + " of the checkpoint, so that it cannot be carried to another pod; set tty: false in"
                                + " the container, end every kubectl exec --tty, and take the checkpoint again");
                assertThat(arrival.exitCode()).isEqualTo(20);
                assertThat(arrival.container().awaitExit(Cluster.SOON)).isEqualTo(20);
                assertThat(arrival.container().output()).isEmpty();

                arrival.checkpoint().resume();
                Travel.awaitNextTick(source);
                List<Integer> ticks = Travel.ticks(source.output());
                assertThat(ticks).isEqualTo(Travel.upTo(ticks.size()));
            }
        }
    }
}
