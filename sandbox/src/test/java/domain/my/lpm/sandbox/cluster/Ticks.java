package domain.my.lpm.sandbox.cluster;

import static domain.my.lpm.sandbox.cluster.Migrations.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.sandbox.RunningContainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;

/** What containers print that count: lines of {@code tick <n> nonce=<nonce> …}, both of which stand in memory alone. */
final class Ticks {
    private Ticks() {}

    /** What is in the memory of what printed these lines. */
    static String nonce(List<String> lines) {
        assertThat(lines).isNotEmpty();
        return lines.get(0).split(" ")[2];
    }

    /** Every tick is there once, in its order, from the first on; and one memory printed them all. */
    static void assertUnbroken(List<String> lines) {
        String nonce = nonce(lines);
        for (int index = 0; index < lines.size(); index++) {
            assertThat(Arrays.asList(lines.get(index).split(" ")))
                    .as("%s", lines)
                    .startsWith("tick", Integer.toString(index + 1), nonce);
        }
    }

    /** Waits until a container has printed ten lines more than now. */
    static void awaitMore(RunningContainer container) {
        int now = container.output().size();
        Awaitility.await().atMost(SOON).until(() -> container.output().size() >= now + 10);
    }

    /** Every line {@code <word> <n>} is in a file once, in its order, from the first on, whoever was stopped first. */
    static void assertWritten(Path file, String word) throws IOException {
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).isNotEmpty();
        for (int index = 0; index < lines.size(); index++) {
            assertThat(lines.get(index)).as("%s", lines).isEqualTo(word + " " + (index + 1));
        }
    }
}
