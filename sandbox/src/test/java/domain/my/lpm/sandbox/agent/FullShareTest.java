package domain.my.lpm.sandbox.agent;

import static domain.my.lpm.sandbox.agent.AgentMigrationTest.assertGoesOn;
import static domain.my.lpm.sandbox.agent.AgentMigrationTest.awaitNextTick;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.Specimens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A share without room: refused before anything is stopped, or undone when it fills up. */
@Tag("real")
class FullShareTest {
    private static final String TICKS = """
            n=0
            while true; do
                n=$((n + 1))
                echo "tick $n nonce=x"
                usleep 20000
            done
            """;
    private static final int SHARE_MIB = 24;

    @Test
    void theSourceGoesOn() throws Exception {
        Settings plain = Specimens.settings();
        Path share = Files.createTempDirectory(plain.work(), "small");
        mount("mount", "-t", "tmpfs", "-o", "size=" + SHARE_MIB + "m", "tmpfs", share.toString());
        try (AgentPair pair =
                new AgentPair(new Settings(plain.buildRoot(), plain.toolkit(), plain.work(), Optional.of(share)))) {
            RunningPod from = pair.run(
                    pair.cluster.source,
                    Specimens.script("large", "dd if=/dev/urandom of=/large bs=1M count=16 2>/dev/null\n" + TICKS)
                            .build());
            awaitNextTick(from.container("main"));
            try (AgentPair.Served agent = pair.serve(pair.cluster.source)) {
                Path filler = pair.cluster.sandbox.share().resolve("filler");
                Files.write(filler, new byte[(SHARE_MIB - 4) << 20]);
                assertThatThrownBy(() -> AgentPair.take(
                                agent,
                                AgentPair.checkpoint(from, pair.cluster.newId()).build()))
                        .hasMessageContaining("RESOURCE_EXHAUSTED")
                        .hasMessageContaining("the shared storage has ")
                        .hasMessageContaining(" MiB; free some, or give it more");
                assertGoesOn(from.container("main"));

                // Room for the memory, as it seems, but not for the files that the container has changed.
                Files.write(filler, new byte[3 << 20]);
                assertThatThrownBy(() -> AgentPair.take(
                                agent,
                                AgentPair.checkpoint(from, pair.cluster.newId()).build()))
                        .hasMessageContaining("RESOURCE_EXHAUSTED")
                        .hasMessageContaining("No space left on device");
                assertGoesOn(from.container("main"));
                try (Stream<Path> left = Files.walk(pair.cluster.sandbox.share())) {
                    assertThat(left.map(Path::toString).filter(path -> path.contains(from.uid())))
                            .isEmpty();
                }
            }
        } finally {
            mount("umount", share.toString());
            Files.delete(share);
        }
    }

    private static void mount(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }
}
