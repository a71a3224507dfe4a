package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.sandbox.migration.Cluster.Journey;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What several processes share and what the kernel keeps for them goes along. */
@Tag("real")
class ProcessTreeTest {
    @AutoClose
    private static final Cluster cluster = new Cluster();

    private static Moved move(String name) {
        return Moved.by(cluster, Moved.python(name, name + ".py").build(), Journey.PLAIN);
    }

    @Test
    @Tag("vm")
    void bytesInPipesAndUnixSocketsAreReadAfterwards() {
        assertThat(move("channels").after())
                .containsExactly(
                        "pipe: True",
                        "full pipe: True",
                        "ready descriptors: True",
                        "stream: in a stream",
                        "stream and back",
                        "datagrams: first second third",
                        "packets: packet",
                        "half closed: last words 0",
                        "event counter: 5",
                        "listener: accepted",
                        "listener: accepted",
                        "child: True",
                        "child's end: 9",
                        "end");
    }

    @Test
    void pendingSignalsAreDeliveredAfterwards() {
        assertThat(move("signals").after())
                .containsExactly(
                        "heard while blocked: []",
                        "pending: True",
                        "pending for a thread: True True",
                        "queued value: True 4711",
                        "delivered: 1 and True",
                        "ignored: True",
                        "handled: True",
                        "end");
    }

    @Test
    void timersGoOn() {
        assertThat(move("timers").after())
                .containsExactly(
                        "interval timer: True",
                        "POSIX timer: True",
                        "timer descriptor: True True",
                        "expired and not read: 1",
                        "expired and read: []",
                        "still to come: True True",
                        "child's alarm: True",
                        "end");
    }

    @Test
    @Tag("vm")
    void processIdsGroupsSessionsAndZombiesStay() {
        assertThat(move("tree").after())
                .containsExactly(
                        "group in another session same",
                        "in the leader's group same",
                        "leader of a group same",
                        "leader of a session same",
                        "orphan same",
                        "first process same",
                        "zombies: 7 -9",
                        "group killed: -15",
                        "new child: 3",
                        "end");
    }
}
