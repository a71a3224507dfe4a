package domain.my.lpm.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.hold.Hold.HeldContainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeletArchivesTest {
    private static final CheckpointJournal.Entry ENTRY = CheckpointJournal.Entry.of(
            new PodReference("shop", "web", "8f14e45f-ceea-467f-a0e6-7d3c1d2b9f10"),
            "hop-1",
            List.of(new HeldContainer("main", 10, "process 10")));
    private static final Instant SINCE = Instant.parse("2026-01-02T10:00:00.700Z");

    private final Path node;

    KubeletArchivesTest(@TempDir Path node) {
        this.node = node;
    }

    @Test
    void removesWhatTheCheckpointHasLeftAndNothingElse() throws IOException {
        Path directory = Files.createDirectories(node.resolve("var/lib/kubelet/checkpoints"));
        List<String> others = List.of(
                "checkpoint-web_shop-main-2026-01-02T09:59:59Z.tar",
                "checkpoint-web_shop-main-side-2026-01-02T10:00:01Z.tar",
                "checkpoint-web_other-main-2026-01-02T10:00:01Z.tar",
                "notes.txt");
        for (String name : others) {
            Files.createFile(directory.resolve(name));
        }
        // In whole seconds, and of any time zone.
        Files.createFile(directory.resolve("checkpoint-web_shop-main-2026-01-02T10:00:00Z.tar"));
        Files.createFile(directory.resolve("checkpoint-web_shop-main-2026-01-02T12:00:03+02:00.tar"));

        new KubeletArchives(node).removeOf(ENTRY, SINCE);

        try (var left = Files.list(directory)) {
            assertThat(left.map(file -> file.getFileName().toString())).containsExactlyInAnyOrderElementsOf(others);
        }
    }

    @Test
    void aNodeWithoutAnyHasNothingToRemove() {
        new KubeletArchives(node).removeOf(ENTRY, SINCE);

        assertThat(node).isEmptyDirectory();
    }
}
