package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.VolumeArchive;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Memory of every kind, and files that live by being open. */
@Tag("real")
class MemoryAndFilesTest {
    @AutoClose
    private static final Cluster cluster = new Cluster();

    @Test
    void privateSharedAndSealedMemory() {
        Moved moved = Moved.by(cluster, Moved.python("memory", "memory.py").build(), Journey.PLAIN);

        assertThat(moved.after())
                .containsExactly(
                        "private memory: True",
                        "memory file: True " + ("sealed ".length() + 32),
                        "seal: kept",
                        "mapped memory file: True",
                        "still the same pages: 42",
                        "shared with a child: True",
                        "still shared: True",
                        "copied on write: before copie",
                        "sparse memory: 7 0 0",
                        "position in a file of the image: True",
                        "end");
    }

    @Test
    void deletedFilesAndLocks() {
        Moved moved = Moved.by(cluster, Moved.python("files", "files.py").build(), Journey.PLAIN);

        assertThat(moved.after())
                .containsExactly(
                        "deleted: 3 True False 0 0o600",
                        "unnamed: True 0",
                        "directory: True /tmp/working",
                        "locked whole: True",
                        "locked at 0 False",
                        "locked at 25 True",
                        "locked at 30 False",
                        "locked by description: True",
                        "unlocked: True",
                        "appended: first second",
                        "end");
    }

    @Test
    void aLargeDeletedFileTravelsWhereTheGhostLimitAllows() {
        Journey journey = Journey.PLAIN.with(new RuntimeCheckpoint.Options(true, RuntimeCheckpoint.Tcp.FAIL, 4 << 20));

        Moved moved = Moved.by(cluster, Moved.python("ghost", "ghost.py").build(), journey);

        assertThat(moved.after()).containsExactly("deleted: True", "end");
    }

    @Test
    void aLargeDeletedFileIsRefusedByDefaultAndTheSourceGoesOn() {
        assertRefused(
                Specimens.script(
                                "refused",
                                "exec 3> /tmp/large; rm /tmp/large; head -c 3145728 /dev/zero >&3\n" + Travel.TICKS)
                        .build(),
                "Can't dump ghost file /tmp/large of 3145728 size, increase limit");
    }

    @Test
    void aFileThatLostOneOfItsNamesIsRefusedAndTheSourceGoesOn() {
        assertRefused(
                Specimens.script(
                                "links",
                                "exec 3> /tmp/first; ln /tmp/first /tmp/second; rm /tmp/first\n" + Travel.TICKS)
                        .build(),
                "Can't create link remap for /tmp/first. Use link-remap option.");
    }

    private static void assertRefused(Pod pod, String reason) {
        try (RunningPod running = cluster.source.run(pod)) {
            RunningContainer source = running.container("main");
            Travel.awaitNextTick(source);

            assertThatThrownBy(() -> RuntimeCheckpoint.take(source, RuntimeCheckpoint.Options.HOLD))
                    .isInstanceOf(SandboxException.class)
                    .hasMessageStartingWith("the checkpoint of 'main' failed: ")
                    .hasMessageEndingWith(reason);

            Travel.awaitNextTick(source);
            List<Integer> ticks = Travel.ticks(source.output());
            assertThat(ticks).isEqualTo(Travel.upTo(ticks.size()));
            assertThat(Travel.nonces(source.output())).hasSize(1);
        }
    }

    /** /dev/shm is the pod's and therefore not in the dump: it is carried as a volume is. */
    @Test
    void posixSharedMemoryTravelsAsAVolume() {
        try (RunningPod running =
                cluster.source.run(Moved.python("shm", "shm.py").build())) {
            RunningContainer source = running.container("main");
            String nonce = source.awaitLine(line -> line.startsWith("ready"), Cluster.SOON)
                    .substring("ready".length());
            RunningPod target = cluster.target.run(TargetPod.of(running.pod()));
            RunningContainer restored = target.container("main");
            try (target;
                    Standby standby = Standby.start(
                                    restored, SourceAgent.owner(source), List.of("--volume", "dev-shm=/dev/shm"))
                            .awaitReady(Cluster.SOON)) {
                RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(source, RuntimeCheckpoint.Options.HOLD);
                String id = cluster.newId();
                SourceAgent.store(source, checkpoint, id, Form.EXTRACTED, cluster.sandbox.share(), cluster.key);
                VolumeArchive.store(
                        Path.of("/proc/" + source.hostPid() + "/root/dev/shm"),
                        cluster.sandbox.share(),
                        running.uid(),
                        id,
                        "dev-shm",
                        cluster.key.signer());
                standby.release(SourceAgent.uri(source, id));

                assertThat(standby.awaitOutcome(Cluster.SOON).state())
                        .as(standby.said())
                        .isEqualTo(State.RESTORED);
                restored.awaitLine(line -> line.startsWith("end"), Cluster.SOON);
                assertThat(restored.output())
                        .containsExactly(
                                "mapped: True" + nonce,
                                "the same by its name: 9 0o640" + nonce,
                                "not open: True" + nonce,
                                "end" + nonce);
            }
        }
    }
}
