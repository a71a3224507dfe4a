package domain.my.lpm.agent.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.hold.Hold.HeldContainer;
import domain.my.lpm.checkpoint.repository.Durable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints that are being taken, or are not on stable storage yet, on the node's disk: what is there when the agent starts
 * was cut short.
 */
final class CheckpointJournal {
    private static final String SUFFIX = ".json";
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final Path directory;

    CheckpointJournal(Path directory) {
        this.directory = directory;
        try {
            Durable.createDirectories(directory);
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "cannot keep records in " + directory + "; give the agent a directory of the node's disk", problem);
        }
    }

    /**
     * A checkpoint that is being taken.
     *
     * @param namespace the pod's
     * @param name the pod's
     * @param uid the pod's
     * @param id the checkpoint's
     * @param containers all that are stopped by it
     * @param unwritten why it could not be brought to stable storage; null unless that was tried
     */
    record Entry(
            String namespace,
            String name,
            String uid,
            String id,
            List<HeldContainer> containers,
            @Nullable String unwritten) {
        static Entry of(PodReference pod, String id, List<HeldContainer> containers) {
            return new Entry(pod.namespace(), pod.name(), pod.uid(), id, containers, null);
        }

        Entry unwritten(String why) {
            return new Entry(namespace, name, uid, id, containers, why);
        }

        PodReference pod() {
            return new PodReference(namespace, name, uid);
        }
    }

    void put(Entry entry) {
        try {
            Durable.replace(file(entry), JSON.writeValueAsBytes(entry));
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot record the checkpoint of pod " + entry.pod(), problem);
        }
    }

    void remove(Entry entry) {
        try {
            Files.deleteIfExists(file(entry));
            Durable.sync(directory);
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot remove the record of the checkpoint of pod " + entry.pod(), problem);
        }
    }

    /** When it was recorded; now where it is not any more. */
    Instant since(Entry entry) {
        try {
            return Files.getLastModifiedTime(file(entry)).toInstant();
        } catch (NoSuchFileException removed) {
            return Instant.now();
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot read the record of the checkpoint of pod " + entry.pod(), problem);
        }
    }

    List<Entry> all() {
        try (Stream<Path> files = Files.list(directory)) {
            List<Entry> entries = new ArrayList<>();
            for (Path file : files.filter(path -> path.toString().endsWith(SUFFIX))
                    .sorted()
                    .toList()) {
                entries.add(JSON.readValue(Files.readAllBytes(file), Entry.class));
            }
            return entries;
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot read the records in " + directory, problem);
        }
    }

    private Path file(Entry entry) {
        return directory.resolve(entry.uid() + "_" + entry.id() + SUFFIX);
    }
}
