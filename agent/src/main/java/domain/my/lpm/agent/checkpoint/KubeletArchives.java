package domain.my.lpm.agent.checkpoint;

import domain.my.lpm.agent.hold.Hold.HeldContainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Stream;

/**
 * The archives that a kubelet has left on its node. Their names are those that it makes in CheckpointContainer of
 * pkg/kubelet/kubelet.go: {@code checkpoint-POD_NAMESPACE-CONTAINER-TIME.tar}, the time by RFC 3339 in whole seconds.
 */
final class KubeletArchives {
    /** The only place where a kubelet puts them. */
    static final Path PLACE = Path.of("/var/lib/kubelet/checkpoints");

    private static final String SUFFIX = ".tar";

    private final Path directory;

    /** Those of a node, whose root file system is seen there. */
    KubeletArchives(Path nodeRoot) {
        this.directory = nodeRoot.resolve(PLACE.toString().substring(1));
    }

    /** Removes what an agent that died has left of a checkpoint: of its containers, and not older than it. */
    void removeOf(CheckpointJournal.Entry entry, Instant since) {
        if (!Files.isDirectory(directory)) {
            return;
        }
        Instant first = since.truncatedTo(ChronoUnit.SECONDS);
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> left = files.filter(file -> entry.containers().stream()
                            .anyMatch(container -> isOf(file.getFileName().toString(), entry, container, first)))
                    .toList();
            for (Path file : left) {
                Files.deleteIfExists(file);
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "cannot remove the kubelet's archives of pod " + entry.pod() + " in " + directory, problem);
        }
    }

    private static boolean isOf(String file, CheckpointJournal.Entry entry, HeldContainer container, Instant first) {
        String prefix = "checkpoint-" + entry.name() + "_" + entry.namespace() + "-" + container.name() + "-";
        if (!file.startsWith(prefix) || !file.endsWith(SUFFIX)) {
            return false;
        }
        try {
            String time = file.substring(prefix.length(), file.length() - SUFFIX.length());
            return !OffsetDateTime.parse(time).toInstant().isBefore(first);
        } catch (DateTimeParseException another) {
            // That of a container whose name begins as this one's.
            return false;
        }
    }
}
