package domain.my.lpm.sandbox.agent;

import static domain.my.lpm.sandbox.agent.AgentMigrationTest.assertGoesOn;
import static domain.my.lpm.sandbox.agent.AgentMigrationTest.awaitNextTick;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.protocol.RenewHoldRequest;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.sandbox.Patience;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.Specimens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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
    private static final Duration SOON = Patience.of(Duration.ofSeconds(60));
    private static final int SHARE_MIB = 24;

    private Path share;
    private Settings settings;

    @BeforeEach
    void mountShare() throws Exception {
        Settings plain = Specimens.settings();
        share = Files.createTempDirectory(plain.work(), "small");
        mount("mount", "-t", "tmpfs", "-o", "size=" + SHARE_MIB + "m", "tmpfs", share.toString());
        settings = new Settings(plain.buildRoot(), plain.toolkit(), plain.work(), Optional.of(share));
    }

    @AfterEach
    void unmountShare() throws Exception {
        mount("umount", share.toString());
        Files.delete(share);
    }

    @Test
    void theSourceGoesOn() throws Exception {
        try (AgentPair pair = new AgentPair(settings)) {
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
        }
    }

    /** Nor does it resume what a later checkpoint holds. */
    @Test
    void whatCannotBeUndoneOnAShareThatIsReadOnlyIsUndoneWhenItIsNot() throws Exception {
        try (AgentPair pair = new AgentPair(settings)) {
            RunningPod from = pair.run(
                    pair.cluster.source, Specimens.script("small", TICKS).build());
            awaitNextTick(from.container("main"));
            Path images = pair.cluster.sandbox.share();
            StepListener readOnly = new StepListener() {
                private boolean done;

                @Override
                public void before(Step step) {
                    if (step == Step.COMPLETE_CHECKPOINT && !done) {
                        done = true;
                        remount("ro");
                    }
                }

                @Override
                public void after(Step step) {}

                private void remount(String how) {
                    try {
                        mount("mount", "-o", "remount," + how, share.toString());
                    } catch (IOException | InterruptedException failed) {
                        throw new IllegalStateException(failed);
                    }
                }
            };
            try (AgentPair.Served agent = pair.serve(pair.cluster.source, readOnly)) {
                String broken = pair.cluster.newId();
                assertThatThrownBy(() -> AgentPair.take(
                                agent, AgentPair.checkpoint(from, broken).build()))
                        .hasMessageContaining("UNAVAILABLE");
                assertGoesOn(from.container("main"));
                mount("mount", "-o", "remount,rw", share.toString());
                String held = pair.cluster.newId();
                AgentPair.take(agent, AgentPair.checkpoint(from, held).build());
                int last = from.container("main").output().size();

                Awaitility.await().atMost(SOON).until(() -> !holds(images, broken));

                assertThat(holds(images, held)).isTrue();
                agent.stub()
                        .renewHold(RenewHoldRequest.newBuilder()
                                .setSource(AgentPair.reference(from))
                                .setLeaseMillis(5000)
                                .build());
                assertThat(from.container("main").output()).hasSize(last);
            }
        }
    }

    private static boolean holds(Path images, String id) throws IOException {
        try (Stream<Path> left = Files.walk(images)) {
            return left.anyMatch(path -> path.toString().contains(id));
        }
    }

    private static void mount(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }
}
