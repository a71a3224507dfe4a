package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.Specimens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A held counter, its one checkpoint, and a target pod in which every attempt to restore it has to fail without a trace.
 * Its container is started once more for each attempt.
 */
final class Refusals implements AutoCloseable {
    final Cluster cluster = new Cluster();
    final RunningPod sourcePod;
    final RunningContainer source;
    final RuntimeCheckpoint checkpoint;
    final CheckpointUri uri;
    final RunningPod targetPod;
    private final List<String> said;
    private boolean used;

    Refusals() {
        try {
            sourcePod = cluster.source.run(Specimens.counter());
            source = sourcePod.container("counter");
            source.awaitLine(line -> line.startsWith("tick 3 "), Cluster.SOON);
            checkpoint = RuntimeCheckpoint.take(source, RuntimeCheckpoint.Options.HOLD);
            said = source.output();
            uri = store(Form.EXTRACTED);
            targetPod = cluster.target.run(TargetPod.of(sourcePod.pod()));
        } catch (RuntimeException failure) {
            cluster.close();
            throw failure;
        }
    }

    /** Stores the checkpoint under a new name. */
    CheckpointUri store(Form form) {
        String id = cluster.newId();
        SourceAgent.store(source, checkpoint, id, form, cluster.sandbox.share(), cluster.key);
        return SourceAgent.uri(source, id);
    }

    /** The directory of a checkpoint in the repository. */
    Path directory(CheckpointUri of) {
        return of.directory(cluster.sandbox.share());
    }

    /** A first process that waits and has heard nothing yet. */
    RunningContainer waitingTarget() {
        if (used) {
            targetPod.restartContainer("counter");
        }
        used = true;
        return targetPod.container("counter");
    }

    /** What a launcher does to a target that waits. */
    interface Attempt {
        Standby start(RunningContainer target);
    }

    /** Lets the launcher fail to restore a checkpoint, and holds that against what must be so after every failure. */
    String refused(CheckpointUri of, String... options) {
        return refused(of, target -> Standby.start(target, SourceAgent.owner(source), List.of(options)));
    }

    /** The same with a launcher of one's own. */
    String refused(CheckpointUri of, Attempt attempt) {
        RunningContainer target = waitingTarget();
        Map<String, String> files = files(target);
        Status status;
        try (Standby standby = attempt.start(target).awaitReady(Cluster.SOON)) {
            standby.release(of);
            status = standby.awaitOutcome(Cluster.SOON);
            assertThat(standby.awaitExit(Cluster.SOON)).as(standby.said()).isEqualTo(20);
            assertThat(standby.said()).contains("error: " + status.message());
        }
        assertThat(status.state()).isEqualTo(State.FAILED);
        assertThat(target.awaitExit(Cluster.SOON)).isEqualTo(20);
        assertNothingLeft(target, files, of);
        return String.valueOf(status.message());
    }

    /** No process, no change of a file, no claim; and the source stands where it stood. */
    void assertNothingLeft(RunningContainer target, Map<String, String> files, CheckpointUri of) {
        assertThat(target.processes()).isEmpty();
        assertThat(target.output()).isEmpty();
        assertThat(files(target)).isEqualTo(files);
        assertThat(directory(of).resolve(".claimed-by")).doesNotExist();
        assertThat(cluster.target.root().resolve("agent/staging").toFile().list())
                .containsExactly(".launchers");
        assertHeld();
    }

    /** The source stands still where it was dumped. */
    void assertHeld() {
        assertThat(checkpoint.isHeld()).isTrue();
        assertThat(source.output()).isEqualTo(said);
    }

    /** The line that comes next, from whichever of the two goes on. */
    String nextLine(String host) {
        String last = said.get(said.size() - 1);
        return "tick " + (said.size() + 1) + last.replaceAll("^tick [0-9]+( nonce=\\S+) .*$", "$1") + " host=" + host;
    }

    /** Every file that the container, or its volume, has of its own: path to size and time of change. */
    Map<String, String> files(RunningContainer target) {
        Map<String, String> files = new TreeMap<>();
        for (Path top : List.of(target.upperDirectory(), targetPod.volume("data"))) {
            try (Stream<Path> walk = Files.walk(top)) {
                for (Path file : walk.toList()) {
                    files.put(
                            file.toString(),
                            Files.readAttributes(file, "unix:mode,uid,gid,size,ctime", LinkOption.NOFOLLOW_LINKS)
                                    .toString());
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
        return files;
    }

    /** A file that stands for CRIU in the agent's root as well as in the container's; returns its path there. */
    String program(String name, String script) throws IOException {
        Path program = Files.createDirectories(cluster.sandbox.share().resolve("programs"))
                .resolve(name);
        Files.writeString(program, "#!/usr/bin/busybox sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return "/repository/programs/" + name;
    }

    /** Changes a file of the repository for as long as a test lasts. */
    static final class Tampering implements AutoCloseable {
        private final Path file;
        private final byte[] original;

        Tampering(Path file) throws IOException {
            this.file = file;
            this.original = Files.readAllBytes(file);
        }

        Tampering flip(long position) throws IOException {
            byte[] changed = original.clone();
            changed[(int) position] ^= 0x10;
            Files.write(file, changed);
            return this;
        }

        Tampering truncate(int length) throws IOException {
            Files.write(file, Arrays.copyOf(original, length));
            return this;
        }

        Tampering remove() throws IOException {
            Files.delete(file);
            return this;
        }

        Tampering write(byte[] content) throws IOException {
            Files.write(file, content);
            return this;
        }

        int size() {
            return original.length;
        }

        @Override
        public void close() throws IOException {
            Files.write(file, original);
        }
    }

    @Override
    public void close() {
        cluster.close();
    }
}
