package domain.my.lpm.agent.hold;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import domain.my.lpm.agent.PodReference;
import domain.my.lpm.checkpoint.repository.Durable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The holds of a node on its own disk, a file of JSON for each pod, so that an agent that was killed finds them again. A
 * change is on the disk when the call returns; a crash leaves the old record or the new one.
 */
public final class HoldRecords {
    private static final String SUFFIX = ".json";
    private static final String PARTIAL = ".partial";
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final Path directory;

    /**
     * Opens the records, and removes what a crash has left half written.
     *
     * @param directory on a disk of the node, not on shared storage; made if it is not there
     * @throws UncheckedIOException if it cannot be used
     */
    public HoldRecords(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(directory);
            for (Path file : files(PARTIAL)) {
                Files.delete(file);
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "cannot keep holds in " + directory + "; give the agent a directory of the node's disk", problem);
        }
    }

    /** On the disk an instant is its milliseconds since 1970. */
    private record Stored(
            String namespace,
            String name,
            String uid,
            String migration,
            String migrationUid,
            String checkpointId,
            List<Hold.HeldContainer> containers,
            long untilMillis,
            boolean fenced) {
        static Stored of(Hold hold) {
            PodReference pod = hold.pod();
            return new Stored(
                    pod.namespace(),
                    pod.name(),
                    pod.uid(),
                    hold.migration(),
                    hold.migrationUid(),
                    hold.checkpointId(),
                    hold.containers(),
                    hold.until().toEpochMilli(),
                    hold.fenced());
        }

        Hold hold() {
            return new Hold(
                    new PodReference(namespace, name, uid),
                    migration,
                    migrationUid,
                    checkpointId,
                    containers,
                    Instant.ofEpochMilli(untilMillis),
                    fenced);
        }
    }

    /** Writes a record, over one of the same pod. */
    public void put(Hold hold) {
        Path file = file(hold.pod().uid());
        try {
            Durable.replace(file, JSON.writeValueAsBytes(Stored.of(hold)));
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot record the hold of pod " + hold.pod() + " in " + file, problem);
        }
    }

    /** Removes a record; nothing where there is none. */
    public void remove(PodReference pod) {
        try {
            Files.deleteIfExists(file(pod.uid()));
            Durable.sync(directory);
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot remove the record of the hold of pod " + pod, problem);
        }
    }

    /**
     * The hold of a pod.
     *
     * @throws UncheckedIOException if there is a record which cannot be read
     */
    public Optional<Hold> of(PodReference pod) {
        Path file = file(pod.uid());
        return Files.exists(file) ? Optional.of(read(file)) : Optional.empty();
    }

    /** All holds, by pod uid. */
    public List<Hold> all() {
        try {
            return files(SUFFIX).stream().map(HoldRecords::read).toList();
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot list the holds in " + directory, problem);
        }
    }

    private static Hold read(Path file) {
        try {
            return JSON.readValue(Files.readAllBytes(file), Stored.class).hold();
        } catch (JsonProcessingException | IllegalArgumentException garbage) {
            // Nothing may be guessed: a fenced pod that runs again would be the second one.
            throw new UncheckedIOException(new IOException(
                    "the record " + file
                            + " is no hold of a pod; look whether that pod's copy runs, then fence or resume"
                            + " its processes by restore-launcher and remove the file",
                    garbage));
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot read the record " + file, problem);
        }
    }

    private Path file(String uid) {
        return directory.resolve(uid + SUFFIX);
    }

    private List<Path> files(String suffix) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return new ArrayList<>(
                    files.filter(file -> file.getFileName().toString().endsWith(suffix))
                            .sorted()
                            .toList());
        }
    }
}
