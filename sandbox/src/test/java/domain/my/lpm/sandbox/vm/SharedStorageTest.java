package domain.my.lpm.sandbox.vm;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.checkpoint.repository.StoredContainer;
import domain.my.lpm.checkpoint.repository.StoredFile;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster;
import domain.my.lpm.sandbox.migration.SourceAgent;
import domain.my.lpm.sandbox.migration.Standby;
import domain.my.lpm.sandbox.migration.TargetPod;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Checkpoints are written through one mount of an NFS export and read through another one, as from two machines. The
 * reader's mount believes for an hour what it has once seen.
 */
@Tag("vm-only")
class SharedStorageTest {
    private static Cluster cluster;
    /** The storage as the reader sees it, the target's node. */
    private static Path reader;
    /** The same storage as the writer sees it. */
    private static Path writer;

    @BeforeAll
    static void open() {
        cluster = new Cluster(Specimens.settings(property("lpm.otherMount")));
        reader = cluster.sandbox.share();
        writer = property("lpm.share").resolve(reader.getFileName());
    }

    @AfterAll
    static void close() {
        cluster.close();
    }

    @Test
    void aCheckpointThatTheReaderDoesNotSeeYetIsRefusedAndTheSourceGoesOn() {
        try (RunningPod pod = cluster.source.run(Specimens.counter())) {
            RunningContainer source = pod.container("counter");
            awaitTick(source, 5);
            CheckpointUri uri = SourceAgent.uri(source, cluster.newId());
            // The reader has looked too early, and takes it for granted that nothing is there.
            assertThat(new Repository(reader).isComplete(uri)).isFalse();
            RuntimeCheckpoint checkpoint = store(source, uri);
            assertThat(new Repository(writer).isComplete(uri)).isTrue();
            assertThat(new Repository(reader).isComplete(uri)).isFalse();
            int held = source.output().size();

            try (RunningPod targetPod = cluster.target.run(TargetPod.of(Specimens.counter()))) {
                RunningContainer target = targetPod.container("counter");
                Status status = restore(target, source, uri);
                assertThat(status.state()).isEqualTo(State.FAILED);
                assertThat(status.message())
                        .contains("there is no such checkpoint in the repository")
                        .contains("see that the name is right and that the shared storage is mounted");
                assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);
                assertThat(target.output()).isEmpty();
            }
            assertThat(source.output()).hasSize(held);
            checkpoint.resume();
            awaitTick(source, held + 2);
        }
    }

    @Test
    void aCheckpointTakenAgainUnderTheSameNameIsNotMistakenForTheOldOne() throws IOException {
        try (RunningPod pod = cluster.source.run(Specimens.counter())) {
            RunningContainer source = pod.container("counter");
            awaitTick(source, 2);
            CheckpointUri uri = SourceAgent.uri(source, cluster.newId());
            RuntimeCheckpoint old = store(source, uri);
            int oldTick = source.output().size();
            readAll(uri);
            old.resume();
            awaitTick(source, oldTick + 5);
            new Repository(writer).delete(uri);
            store(source, uri);
            int last = source.output().size();

            try (RunningPod targetPod = cluster.target.run(TargetPod.of(Specimens.counter()))) {
                RunningContainer target = targetPod.container("counter");
                Status status = restore(target, source, uri);
                assertThat(status.state()).as(status.message()).isEqualTo(State.RESTORED);
                assertGoesOn(source, target, last);
            }
        }
    }

    @Test
    void aShareThatIsGoneIsNamedAsTheReasonAndServesAgainWhenItIsBack() {
        try (RunningPod pod = cluster.source.run(Specimens.counter())) {
            RunningContainer source = pod.container("counter");
            awaitTick(source, 5);
            CheckpointUri uri = SourceAgent.uri(source, cluster.newId());
            RuntimeCheckpoint checkpoint;
            int last;
            try (RunningPod targetPod = cluster.target.run(TargetPod.of(Specimens.counter()))) {
                RunningContainer target = targetPod.container("counter");
                try (Standby standby = Standby.start(target, SourceAgent.owner(source), List.of())
                        .awaitReady(Cluster.SOON)) {
                    checkpoint = store(source, uri);
                    last = source.output().size();
                    server("stop");
                    try {
                        Status status = standby.release(uri).awaitOutcome(Cluster.SOON);
                        assertThat(status.state()).isEqualTo(State.FAILED);
                        assertThat(status.message()).contains("Input/output error");
                        assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
                    } finally {
                        server("start");
                    }
                }
                assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);
                assertThat(target.output()).isEmpty();
            }
            assertThat(checkpoint.isHeld()).isTrue();
            assertThat(source.output()).hasSize(last);

            try (RunningPod targetPod = cluster.target.run(TargetPod.of(Specimens.counter()))) {
                RunningContainer target = targetPod.container("counter");
                Status status = restore(target, source, uri);
                assertThat(status.state()).as(status.message()).isEqualTo(State.RESTORED);
                assertGoesOn(source, target, last);
            }
        }
    }

    private static RuntimeCheckpoint store(RunningContainer source, CheckpointUri uri) {
        RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(source, RuntimeCheckpoint.Options.HOLD);
        SourceAgent.store(source, checkpoint, uri.checkpointId(), Form.EXTRACTED, writer, cluster.key);
        return checkpoint;
    }

    private static Status restore(RunningContainer target, RunningContainer source, CheckpointUri uri) {
        try (Standby standby =
                Standby.start(target, SourceAgent.owner(source), List.of()).awaitReady(Cluster.SOON)) {
            Status status = standby.release(uri).awaitOutcome(Cluster.SOON);
            standby.awaitExit(Cluster.SOON);
            return status;
        }
    }

    /** Fills the reader's caches with what is there now. */
    private static void readAll(CheckpointUri uri) throws IOException {
        assertThat(new Repository(reader).isComplete(uri)).isTrue();
        StoredContainer stored =
                new Repository(reader).inspect(uri, cluster.key.trusted()).container();
        for (StoredFile file : stored.files()) {
            try (var content = stored.open(file.name())) {
                assertThat(content.readAllBytes()).hasSize((int) file.size());
            }
        }
    }

    private static void assertGoesOn(RunningContainer source, RunningContainer target, int last) {
        String nonce = source.output().get(0).replaceAll(".*(nonce=\\S+).*", "$1");
        assertThat(target.awaitLine(line -> true, Cluster.SOON))
                .isEqualTo("tick " + (last + 1) + " " + nonce + " host=counter-restored");
        assertThat(source.output()).hasSize(last);
    }

    private static void awaitTick(RunningContainer container, int tick) {
        container.awaitLine(line -> line.startsWith("tick " + tick + " "), Cluster.SOON);
    }

    private static void server(String command) {
        try {
            Process process = new ProcessBuilder(property("lpm.nfsServer").toString(), command)
                    .inheritIO()
                    .start();
            assertThat(process.waitFor()).isZero();
        } catch (IOException error) {
            throw new AssertionError("the NFS server cannot be told to " + command, error);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the NFS server was told to " + command, interrupted);
        }
    }

    private static Path property(String name) {
        return Path.of(Objects.requireNonNull(
                System.getProperty(name), () -> "run with ./lpm test --vm: the property " + name + " is not set"));
    }
}
