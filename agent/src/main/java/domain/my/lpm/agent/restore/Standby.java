package domain.my.lpm.agent.restore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.node.NodeContainer;
import domain.my.lpm.checkpoint.repository.Durability;
import domain.my.lpm.checkpoint.repository.Durable;
import domain.my.lpm.launcher.linux.Linux;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.namespace.ContainerShell;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.launcher.status.StatusFile;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One launcher in one container, with its place on the node's disk. All that is known of it is there, so that an agent which
 * was restarted finds it: what it was started with, its status, and two pipes, which it alone keeps open: whether it lives is
 * whether anybody reads them.
 */
final class Standby {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final String RELEASE = "release";
    private static final String COMMIT = "commit";
    private static final String STATUS = "status.json";
    private static final String RECORD = "record.json";

    private final Path directory;
    private final Path there;
    private volatile @Nullable Seen seen;

    /** What a status file said. Each status is a file of its own, put in the place of the one before. */
    private record Seen(@Nullable Object file, FileTime written, Status status) {}

    /**
     * A launcher's place.
     *
     * @param directory as the agent sees it
     * @param there as the launcher sees it
     */
    Standby(Path directory, Path there) {
        this.directory = directory;
        this.there = there;
    }

    /**
     * What is recorded of a launcher.
     *
     * @param target the pod
     * @param container the container's name
     * @param pid the container's first process, as the agent sees it
     * @param identity of that process
     * @param arguments of the launcher
     * @param uri what it was released with; null before
     * @param digest the manifest's; null before
     */
    record Record(
            PodReference target,
            String container,
            int pid,
            String identity,
            List<String> arguments,
            @Nullable String uri,
            @Nullable String digest) {
        Record released(Release release) {
            return new Record(
                    target, container, pid, identity, arguments, release.uri().toString(), release.digest());
        }

        /** The same in a container that was started again. */
        Record in(NodeContainer again) {
            return new Record(target, container, again.pid(), again.identity(), arguments, uri, digest);
        }

        boolean isReleasedWith(Release release) {
            return release.uri().toString().equals(uri) && release.digest().equals(digest);
        }
    }

    /** The options by which a launcher finds this place. */
    List<String> options() {
        return List.of(
                "--release",
                there.resolve(RELEASE).toString(),
                "--commit",
                there.resolve(COMMIT).toString(),
                "--status",
                there.resolve(STATUS).toString());
    }

    /** Makes the place anew, for a launcher that is about to be started. */
    void make(Record record) {
        try {
            Durable.delete(directory);
            Durable.createDirectories(directory);
            for (String pipe : List.of(RELEASE, COMMIT)) {
                Processes.makePipe(directory.resolve(pipe).toString());
            }
            write(record, Durability.BEFORE_COMPLETE);
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot keep the launcher's files in " + directory, problem);
        }
    }

    /**
     * Records what it is released with. That need not outlive the node: the launcher and its container do not either. The
     * application stands still meanwhile and does not wait for the disk.
     */
    void released(Record record) {
        write(record, Durability.LATER);
    }

    /** Records the process that its container has now. */
    void restarted(Record record) {
        write(record, Durability.LATER);
    }

    private void write(Record record, Durability durability) {
        try {
            Durable.replace(directory.resolve(RECORD), JSON.writeValueAsBytes(record), durability);
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot record the launcher in " + directory, problem);
        }
    }

    /** What is recorded; empty where no launcher was started, or the node went down with it. */
    Optional<Record> record() {
        Path file = directory.resolve(RECORD);
        try {
            if (!Files.exists(file) || Files.size(file) == 0) {
                return Optional.empty();
            }
            return Optional.of(JSON.readValue(Files.readAllBytes(file), Record.class));
        } catch (JsonProcessingException garbage) {
            throw new UncheckedIOException(
                    new IOException("the record " + file + " of a launcher is garbage; delete its pod", garbage));
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot read the record " + file, problem);
        }
    }

    /** The launcher's status; empty before its first one. */
    Optional<Status> status() {
        Path file = directory.resolve(STATUS);
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            Seen before = seen;
            if (before == null
                    || !Objects.equals(before.file(), now.fileKey())
                    || !before.written().equals(now.lastModifiedTime())) {
                before = new Seen(now.fileKey(), now.lastModifiedTime(), StatusFile.read(file));
                seen = before;
            }
            return Optional.of(before.status());
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot read the launcher's status " + file, problem);
        }
    }

    /** Where the launcher stands; preparing before its first status. */
    State state() {
        return status().map(Status::state).orElse(State.PREPARING);
    }

    /** Whether the launcher has opened its pipes and lives. */
    boolean isListening() {
        return Files.exists(directory.resolve(COMMIT))
                && Linux.writePipe(directory.resolve(COMMIT).toString(), new byte[0]);
    }

    /** Tells the launcher its checkpoint; returns whether it lives. */
    boolean release(Release release) {
        return write(RELEASE, release.uri().toString());
    }

    /** Says {@code run}, {@code fresh} or {@code stop}; returns whether the launcher lives. */
    boolean say(String word) {
        return write(COMMIT, word);
    }

    private boolean write(String pipe, String line) {
        return Linux.writePipe(directory.resolve(pipe).toString(), (line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Kills the launcher, which did not listen; what it has restored is killed with it. */
    void kill() {
        String mark = there.resolve(COMMIT).toString();
        String[] names = new File("/proc").list((parent, name) -> name.matches("[0-9]+"));
        for (String name : names == null ? new String[0] : names) {
            try {
                String line = Files.readString(Path.of("/proc", name, "cmdline"), StandardCharsets.ISO_8859_1);
                if (Stream.of(line.split("\0")).anyMatch(mark::equals)) {
                    ContainerShell.killTrees(List.of(Integer.valueOf(name)));
                }
            } catch (IOException ended) {
                // It needs no killing.
            }
        }
    }

    /** Removes the place. */
    void delete() {
        try {
            Durable.delete(directory);
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot remove " + directory, problem);
        }
    }
}
