package domain.my.lpm.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.AgentException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShareTest {
    private final Path root;
    private final Share share;

    ShareTest(@TempDir Path root) {
        this.root = root;
        this.share = new Share(root, Duration.ofMillis(200));
    }

    private static void assertRefused(Throwable refused, Kind kind) {
        assertThat(refused)
                .isInstanceOfSatisfying(
                        AgentException.class,
                        refusal -> assertThat(refusal.kind()).isEqualTo(kind));
    }

    @Test
    void whatHangsHoldsNobodyUp() throws InterruptedException {
        CountDownLatch server = new CountDownLatch(1);
        CountDownLatch left = new CountDownLatch(1);

        assertThatThrownBy(() -> share.during("the manifest", () -> {
                    // Nothing interrupts a thread in a system call of NFS.
                    boolean back = false;
                    while (!back) {
                        try {
                            server.await();
                            back = true;
                        } catch (InterruptedException ignored) {
                            back = false;
                        }
                    }
                    left.countDown();
                    return true;
                }))
                .satisfies(refused -> assertRefused(refused, Kind.UNAVAILABLE))
                .hasMessage(
                        "the shared storage did not answer within 200 ms for the manifest; see whether its server is"
                                + " reachable from this node");
        server.countDown();
        left.await();
        assertThat(share.during("the manifest", () -> "there")).isEqualTo("there");
    }

    @Test
    void fullStorageIsToldFromBrokenStorage() {
        assertThatThrownBy(() -> share.during("it", () -> {
                    throw new IOException("No space left on device");
                }))
                .satisfies(refused -> assertRefused(refused, Kind.RESOURCE_EXHAUSTED))
                .hasMessage(
                        "there is no space left for it (No space left on device); free some, or give the storage more");
        assertThatThrownBy(() -> share.during("it", () -> {
                    throw new IOException("Stale file handle");
                }))
                .satisfies(refused -> assertRefused(refused, Kind.UNAVAILABLE))
                .hasMessageContaining("Stale file handle");
        assertThatThrownBy(() -> share.during("it", () -> {
                    throw new AgentException(Kind.NOT_FOUND, "gone");
                }))
                .satisfies(refused -> assertRefused(refused, Kind.NOT_FOUND));
    }

    @Test
    void roomIsAskedForBefore() throws IOException {
        share.require(1);
        try (Stream<Path> left = Files.list(root)) {
            assertThat(left).isEmpty();
        }
        assertThatThrownBy(() -> share.require(1L << 60))
                .satisfies(refused -> assertRefused(refused, Kind.RESOURCE_EXHAUSTED))
                .hasMessageContaining("and the checkpoint may have 1099511627776 MiB; free some, or give it more");
        assertThatThrownBy(() -> new Share(root.resolve("absent"), Duration.ofSeconds(5)).require(1))
                .satisfies(refused -> assertRefused(refused, Kind.UNAVAILABLE))
                .hasMessageContaining("NoSuchFileException");
    }
}
