package domain.my.lpm.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConditionsTest {
    private static final Instant NOON = Instant.parse("2026-01-31T12:00:00.9Z");

    @Test
    void keepsItsTimeUntilTheStatusFlips() {
        List<Condition> first = Conditions.with(List.of(), "Ready", true, "Restored", "up", 1L, NOON);
        List<Condition> same =
                Conditions.with(first, "Ready", true, "StillRestored", "still up", 2L, NOON.plusSeconds(60));
        List<Condition> flipped = Conditions.with(same, "Ready", false, "Lost", "gone", 2L, NOON.plusSeconds(90));

        assertThat(first).extracting(Condition::getLastTransitionTime).containsExactly("2026-01-31T12:00:00Z");
        assertThat(same).singleElement().satisfies(condition -> {
            assertThat(condition.getLastTransitionTime()).isEqualTo("2026-01-31T12:00:00Z");
            assertThat(condition.getReason()).isEqualTo("StillRestored");
            assertThat(condition.getObservedGeneration()).isEqualTo(2L);
        });
        assertThat(flipped).extracting(Condition::getLastTransitionTime).containsExactly("2026-01-31T12:01:30Z");
        assertThat(Conditions.isTrue(same, "Ready")).isTrue();
        assertThat(Conditions.isTrue(flipped, "Ready")).isFalse();
        assertThat(Conditions.isTrue(flipped, "Committed")).isFalse();
    }

    @Test
    void keepsTheOthersAndTheirOrder() {
        List<Condition> two = Conditions.with(
                Conditions.with(List.of(), "Accepted", true, "Valid", "", 1L, NOON),
                "Ready",
                false,
                "Waiting",
                "",
                1L,
                NOON);

        assertThat(Conditions.with(two, "Accepted", false, "Blocked", "", 1L, NOON))
                .extracting(Condition::getType, Condition::getStatus)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("Accepted", "False"),
                        org.assertj.core.groups.Tuple.tuple("Ready", "False"));
    }
}
