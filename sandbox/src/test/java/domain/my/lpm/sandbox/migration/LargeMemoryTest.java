package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Travel.Hop;
import domain.my.lpm.sandbox.migration.Travel.Landing;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every byte of a large memory arrives, in every form and manner, within the memory that the pod may use. */
@Tag("real")
class LargeMemoryTest {
    private static final String IMAGE = "sandbox/filler:1";

    /**
     * Fills as many MiB as its argument says with what follows from a seed that it draws, so that no page is like another
     * one and none can be guessed; at each USR1 it reads all of it and prints a checksum (FNV-1a over words).
     */
    private static final String FILLER = """
            #include <signal.h>
            #include <stdint.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <sys/random.h>
            #include <time.h>

            static volatile sig_atomic_t asked = 1;

            static void ask(int number)
            {
                (void)number;
                asked = 1;
            }

            int main(int count, char **arguments)
            {
                size_t words = strtoull(arguments[count - 1], NULL, 10) << 17;
                uint64_t seed, *memory = malloc(words * 8);
                if (!memory || getrandom(&seed, sizeof seed, 0) != sizeof seed)
                    return 1;
                uint64_t x = seed | 1;
                for (size_t i = 0; i < words; i++) {
                    x ^= x << 13, x ^= x >> 7, x ^= x << 17; // xorshift64
                    memory[i] = x;
                }
                signal(SIGUSR1, ask);
                setvbuf(stdout, NULL, _IOLBF, 0);
                printf("seed %016llx\\n", (unsigned long long)seed);
                for (int n = 0;;) {
                    if (asked) {
                        asked = 0;
                        uint64_t sum = 0xcbf29ce484222325;
                        for (size_t i = 0; i < words; i++)
                            sum = (sum ^ memory[i]) * 0x100000001b3;
                        printf("sum %d %016llx\\n", ++n, (unsigned long long)sum);
                    }
                    nanosleep(&(struct timespec){0, 10000000}, NULL);
                }
            }
            """;

    private static Cluster cluster;

    @BeforeAll
    static void open() {
        cluster = new Cluster();
        cluster.sandbox.images().staticBinary(IMAGE, FILLER);
    }

    @AfterAll
    static void close() {
        cluster.close();
    }

    private static Pod filler(String name, int mebibytes, int limit) {
        return Specimens.merged(
                new PodBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .withNewSpec()
                        .addNewContainer()
                        .withName("main")
                        .withImage(IMAGE)
                        .withCommand("/program")
                        .withArgs(Integer.toString(mebibytes))
                        .endContainer()
                        .endSpec()
                        .build(),
                "spec: {containers: [{resources: {limits: {memory: " + limit + "Mi}}}]}");
    }

    @ParameterizedTest
    @CsvSource({
        "1024, 1229, extracted, eager",
        "1024, 1229, extracted, lazy",
        "64, 96, compressed, eager",
        "64, 96, compressed, lazy",
        "64, 96, both, eager",
        "64, 96, both, lazy"
    })
    void arrivesWhole(int mebibytes, int limit, String form, String manner) {
        boolean lazy = manner.equals("lazy");
        Pod pod = filler("filler", mebibytes, limit);
        try (RunningPod running = cluster.source.run(pod)) {
            RunningContainer source = running.container("main");
            String sum = source.awaitLine(line -> line.startsWith("sum 1 "), Cluster.SOON);
            Hop hop = Hop.PLAIN.dumpedWith("--form", form);
            try (Landing landing = Travel.hop(
                    cluster,
                    source,
                    cluster.target,
                    Travel.named(pod, "filler-2"),
                    lazy ? hop.restoredWith("--lazy") : hop)) {
                assertThat(landing.status().state()).as(landing.said()).isEqualTo(State.RESTORED);
                assertThat(landing.status().lazy()).isEqualTo(lazy);
                assertThat(landing.status().pages()).isBetween(mebibytes * 256L, mebibytes * 256L + 1024);
                assertThat(landing.exitCode()).as(landing.said()).isZero();

                // Nothing but memory knows these: the copy has printed no seed, and counts the sums from where it was.
                landing.container().signal("USR1");
                assertThat(landing.container().awaitLine(line -> true, Cluster.SOON))
                        .isEqualTo(sum.replace("sum 1 ", "sum 2 "));
                assertThat(landing.container().isRunning()).isTrue();
                assertThat(landing.container().oomKilled()).isFalse();
                assertThat(source.output()).hasSize(2);
                assertThat(SourceAgent.end(source, "fence").exitCode()).isZero();
            }
        }
    }
}
