package domain.my.lpm.launcher.entry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class EntrySourceTest {
    @Test
    void firstProcessStaysSmallEnoughToBeReadAtOnce() throws IOException {
        assertThat(Files.readAllLines(Path.of("src/main/c/entry.c"))).hasSizeBetween(50, 150);
    }
}
