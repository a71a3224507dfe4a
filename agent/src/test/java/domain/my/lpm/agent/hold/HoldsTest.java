package domain.my.lpm.agent.hold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.hold.Commits.Verdict;
import domain.my.lpm.agent.hold.Hold.HeldContainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HoldsTest {
    private static final PodReference POD = new PodReference("shop", "web", "8f14e45f-ceea-467f-a0e6-7d3c1d2b9f10");
    private static final PodReference OTHER = new PodReference("shop", "db", "1c383cd3-0b7c-498a-9b5f-5f1b2f5c7f5b");
    private static final HeldContainer MAIN = new HeldContainer("main", 10, "process 10 started at 1 of boot b");
    private static final HeldContainer SIDE = new HeldContainer("side", 11, "process 11 started at 2 of boot b");
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final String MIGRATION = "shop/web-away";
    private static final String MIGRATION_UID = "u-1";

    private final Path directory;
    private final SettableClock clock = new SettableClock();
    private final Source source = new Source();
    private Verdict verdict = Verdict.FORBIDDEN;
    private boolean over;
    private Holds holds;

    HoldsTest(@TempDir Path directory) {
        this.directory = directory.resolve("holds");
        this.holds = restarted();
    }

    private Holds restarted() {
        Commits commits = new Commits() {
            @Override
            public Verdict forbid(Hold hold) {
                return verdict;
            }

            @Override
            public boolean isOver(Hold hold) {
                return over;
            }

            @Override
            public boolean mayHold(Hold hold) {
                return !over;
            }
        };
        return new Holds(new HoldRecords(directory), source, commits, clock);
    }

    private Hold begin() {
        return holds.begin(POD, MIGRATION, MIGRATION_UID, "hop-1", List.of(MAIN, SIDE), LEASE);
    }

    @Test
    void whatIsRecordedOutlivesTheAgent() {
        Hold begun = begin();

        assertThat(restarted().all()).containsExactly(begun);
        assertThat(begun.until()).isEqualTo(clock.instant().plus(LEASE));
    }

    @Test
    void resumeLetsEveryContainerGoOnAndForgets() {
        begin();

        assertThat(holds.resume(POD)).isTrue();

        assertThat(source.resumed).containsExactly(MAIN, SIDE);
        assertThat(holds.all()).isEmpty();
        assertThat(holds.resume(POD)).as("repeated").isFalse();
    }

    @Test
    void aContainerThatCannotBeResumedKeepsNoOtherStill() {
        begin();
        source.refuses.add(MAIN);

        assertThatThrownBy(() -> holds.resume(POD)).hasMessage("no main");

        assertThat(source.resumed).containsExactly(SIDE);
        source.refuses.clear();
        assertThat(holds.resume(POD)).as("tried again").isTrue();
        assertThat(source.resumed).containsExactly(SIDE, MAIN, SIDE);
    }

    @Test
    void afterTheFenceNothingRunsAgain() {
        begin();

        holds.fence(POD);

        assertThat(source.fenced).containsExactly(MAIN, SIDE);
        holds = restarted();
        assertThatThrownBy(() -> holds.resume(POD))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("pod " + POD + " has been fenced, as its copy has taken over; delete the pod, nothing of it"
                        + " runs any more");
        assertThatThrownBy(() -> holds.renew(POD, LEASE)).hasMessageContaining("has been fenced");
        assertThatThrownBy(this::begin).hasMessageContaining("has been fenced");
        clock.advance(LEASE.multipliedBy(2));
        holds.endLapsed();
        assertThat(source.resumed).isEmpty();
        holds.forgetEnded();
        assertThat(holds.all()).as("the migration may still ask").hasSize(1);
        over = true;
        holds.forgetEnded();
        assertThat(holds.all()).isEmpty();
    }

    /** A container that is killed while its pod is to live is started anew, from the beginning. */
    @Test
    void whatItsKubeletDoesNotEndYetIsNotKilled() {
        begin();
        source.ending = false;

        assertThat(holds.fence(POD)).isZero();

        assertThat(source.fenced).isEmpty();
        assertThatThrownBy(() -> holds.resume(POD)).hasMessageContaining("has been fenced");
        holds.endLapsed();
        assertThat(source.fenced).isEmpty();
        source.ending = true;
        holds.endLapsed();
        assertThat(source.fenced).containsExactly(MAIN, SIDE);
    }

    @Test
    void aLeaseThatLapsedAfterTheCommitKillsNothingThatItsKubeletWouldStartAnew() {
        begin();
        source.ending = false;
        verdict = Verdict.COMMITTED;
        clock.advance(LEASE);

        holds.endLapsed();

        assertThat(source.fenced).isEmpty();
        assertThat(source.resumed).isEmpty();
        assertThat(holds.all()).allMatch(Hold::fenced);
    }

    @Test
    void aHoldThatWasNotFencedIsNotForgotten() {
        begin();
        over = true;
        holds.forgetEnded();
        assertThat(holds.all()).hasSize(1);
    }

    @Test
    void aFenceThatWasCutShortIsCarriedOutAtTheNextStart() {
        begin();
        source.refuses.add(SIDE);
        assertThatThrownBy(() -> holds.fence(POD)).hasMessage("no side");
        assertThat(source.fenced).containsExactly(MAIN);
        source.refuses.clear();

        holds = restarted();
        holds.takeUp();

        assertThat(source.fenced).contains(SIDE);
        assertThatThrownBy(() -> holds.resume(POD)).hasMessageContaining("has been fenced");
    }

    @Test
    void whatIsNotHeldIsNotFenced() {
        assertThatThrownBy(() -> holds.fence(POD))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("pod " + POD + " is not held, so that it may have run on since its checkpoint and cannot be"
                        + " fenced without loss; look which of the two is to live, and delete the other");
        assertThat(source.fenced).isEmpty();
    }

    @Test
    void aLeaseThatIsRenewedDoesNotRunOut() {
        begin();
        clock.advance(LEASE.minusMillis(1));
        holds.renew(POD, LEASE);
        clock.advance(LEASE.minusMillis(1));

        holds.endLapsed();

        assertThat(source.resumed).isEmpty();
        assertThat(holds.all()).hasSize(1);
    }

    @Test
    void aLeaseThatRanOutResumesTheSource() {
        begin();
        clock.advance(LEASE);

        holds.endLapsed();

        assertThat(source.resumed).containsExactly(MAIN, SIDE);
        assertThatThrownBy(() -> holds.renew(POD, LEASE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("pod " + POD + " is not held: its lease has run out and it has gone on");
        assertThatThrownBy(() -> holds.fence(POD)).hasMessageContaining("is not held");
    }

    @Test
    void aLeaseThatRanOutAfterTheCommitFencesTheSource() {
        begin();
        verdict = Verdict.COMMITTED;
        clock.advance(LEASE);

        holds.endLapsed();

        assertThat(source.resumed).isEmpty();
        assertThat(source.fenced).containsExactly(MAIN, SIDE);
        assertThat(holds.all()).singleElement().matches(Hold::fenced);
    }

    @Test
    void whileTheApiIsSilentTheSourceStandsStill() {
        begin();
        verdict = Verdict.UNKNOWN;
        clock.advance(LEASE.multipliedBy(100));

        holds.endLapsed();

        assertThat(source.resumed).isEmpty();
        assertThat(source.fenced).isEmpty();
        verdict = Verdict.FORBIDDEN;
        holds.endLapsed();
        assertThat(source.resumed).containsExactly(MAIN, SIDE);
    }

    @Test
    void onePodThatCannotBeResumedDelaysNoOther() {
        begin();
        HeldContainer other = new HeldContainer("db", 20, "process 20 started at 3 of boot b");
        holds.begin(OTHER, "shop/db-away", "u-3", "hop-1", List.of(other), LEASE);
        source.refuses.add(MAIN);
        source.refuses.add(SIDE);
        clock.advance(LEASE);

        holds.endLapsed();

        assertThat(source.resumed).containsExactly(other);
        assertThat(holds.all()).extracting(Hold::pod).containsExactly(POD);
    }

    @Test
    void twoMigrationsDoNotHoldOnePod() {
        begin();

        assertThatThrownBy(() -> holds.begin(POD, "shop/another", "u-2", "hop-1", List.of(MAIN), LEASE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("pod " + POD + " is held for the migration shop/web-away by the checkpoint hop-1; let that"
                        + " migration end, or delete it");
        assertThat(begin().containers()).as("repeated by the same").containsExactly(MAIN, SIDE);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 4999, 600_001})
    void aLeaseOutOfItsRangeIsRefused(long millis) {
        assertThatThrownBy(() ->
                        holds.begin(POD, MIGRATION, MIGRATION_UID, "hop-1", List.of(MAIN), Duration.ofMillis(millis)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a lease of " + millis + " ms is not between 5000 and 600000 ms; ask for one that is");
        assertThat(holds.all()).isEmpty();
    }

    @Test
    void aRecordThatIsGarbageIsNamedAndNothingIsGuessed() throws IOException {
        begin();
        Path record = directory.resolve(POD.uid() + ".json");
        Files.writeString(record, "{\"fenced\":");

        assertThatThrownBy(() -> holds.resume(POD))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(
                        "the record " + record + " is no hold of a pod; look whether that pod's copy runs");
        assertThat(source.resumed).isEmpty();
    }

    @Test
    void whatACrashLeftHalfWrittenIsNoRecord() throws IOException {
        begin();
        Files.writeString(directory.resolve(OTHER.uid() + ".partial"), "{");

        assertThat(restarted().all()).extracting(Hold::pod).containsExactly(POD);
        try (var files = Files.list(directory)) {
            assertThat(files).hasSize(1);
        }
    }

    /** Whatever is called, and wherever the agent is killed in it: a source whose copy lives never runs again. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void noOrderOfCallsAndCrashesRunsASourceTwice(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 100; round++) {
            boolean committed = false;
            source.resumed.clear();
            source.fenced.clear();
            new HoldRecords(directory).remove(POD);
            begin();
            for (int step = 0; step < 12; step++) {
                // A commit that the agent has forbidden fails, as its precondition does in the API.
                if (!committed && verdict != Verdict.FORBIDDEN && random.nextInt(4) == 0) {
                    committed = true;
                }
                verdict = committed
                        ? random.nextBoolean() ? Verdict.COMMITTED : Verdict.UNKNOWN
                        : random.nextInt(3) == 0 ? Verdict.FORBIDDEN : Verdict.UNKNOWN;
                source.killAfter = random.nextInt(4);
                boolean mayFence = committed;
                int resumedBefore = source.resumed.size();
                try {
                    switch (random.nextInt(5)) {
                        case 0 -> holds.endLapsed();
                        case 1 -> holds.renew(POD, LEASE);
                        case 2 -> {
                            if (mayFence) {
                                holds.fence(POD);
                            }
                        }
                        case 3 -> holds.takeUp();
                        default -> clock.advance(Duration.ofSeconds(random.nextInt(40)));
                    }
                } catch (Killed | IllegalStateException expected) {
                    holds = restarted();
                    source.killAfter = Integer.MAX_VALUE;
                    holds.takeUp();
                }
                if (committed) {
                    assertThat(source.resumed)
                            .as("seed %d, round %d", seed, round)
                            .hasSize(resumedBefore);
                }
                if (source.resumed.size() > 0) {
                    // It has gone on: the commit is forbidden for good.
                    break;
                }
            }
            source.killAfter = Integer.MAX_VALUE;
        }
    }

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    private static final class Source implements HeldProcesses {
        final List<HeldContainer> resumed = new ArrayList<>();
        final List<HeldContainer> fenced = new ArrayList<>();
        final Set<HeldContainer> refuses = new HashSet<>();
        int killAfter = Integer.MAX_VALUE;
        boolean ending = true;

        @Override
        public boolean isEnding(HeldContainer container) {
            return ending;
        }

        @Override
        public void resume(HeldContainer container) {
            act(container, resumed);
        }

        @Override
        public int fence(HeldContainer container) {
            act(container, fenced);
            return 1;
        }

        private void act(HeldContainer container, List<HeldContainer> done) {
            if (killAfter-- <= 0) {
                throw new Killed();
            }
            if (refuses.contains(container)) {
                throw new IllegalStateException("no " + container.name());
            }
            done.add(container);
        }
    }

    private static final class SettableClock implements InstantSource {
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        void advance(Duration duration) {
            now = now.plus(duration);
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
