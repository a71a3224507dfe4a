package domain.my.lpm.controller.model;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.api.migration.RestoreFailurePolicy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tries every order of events, breadth first: what may never be must not be in any state, and from every state the migration comes
 * to a truthful end once nothing fails any more. More states than by default: {@code -Dlpm.model.states=10000}.
 */
class HandOverModelTest {
    private static final int PROGRESS = 10_000;
    private static final int ROUNDS_TO_THE_END = 60;

    @ParameterizedTest
    @EnumSource(RestoreFailurePolicy.class)
    void noOrderOfEventsLetsBothRunOrNobody(RestoreFailurePolicy policy) {
        int limit = Integer.getInteger("lpm.model.states", 500);
        Set<String> known = new HashSet<>();
        Deque<List<String>> open = new ArrayDeque<>();
        open.add(List.of());
        known.add(new Model(policy).fingerprint());
        int states = 0;
        while (!open.isEmpty() && states < limit) {
            List<String> path = open.remove();
            states++;
            if (states % PROGRESS == 0) {
                System.out.printf(
                        "%s: %d states looked at, %d more known, paths of %d events%n",
                        policy, states, open.size(), path.size());
            }
            Model model = replay(policy, path);
            List<String> events = model.events();
            requireEnd(model, path);
            for (String event : events) {
                List<String> longer = new ArrayList<>(path);
                longer.add(event);
                Model next = replay(policy, longer);
                assertThat(next.violation()).as("after %s: %s", longer, next).isEmpty();
                if (known.add(next.fingerprint())) {
                    open.add(longer);
                }
            }
        }
        System.out.printf(
                "%s: %d states looked at, %d more known, the longest path has %d events%n",
                policy, states, open.size(), open.isEmpty() ? 0 : open.getLast().size());
        assertThat(states).isGreaterThan(100);
    }

    private static Model replay(RestoreFailurePolicy policy, List<String> path) {
        Model model = new Model(policy);
        path.forEach(model::happen);
        return model;
    }

    private static void requireEnd(Model model, List<String> path) {
        for (int round = 0; round < ROUNDS_TO_THE_END && !model.isOver(); round++) {
            model.happen("look");
            while (model.events().contains("answer 0")) {
                model.happen("answer 0");
            }
        }
        if (model.isHeld()) {
            // A checkpoint that was broken off may be taken when all is over: its hold ends with its lease.
            model.happen(Model.LAPSE);
        }
        assertThat(model.isOver()).as("over after %s: %s", path, model).isTrue();
        assertThat(model.violation())
                .as("on the way to the end after %s: %s", path, model)
                .isEmpty();
        assertThat(model.complaint()).as("at the end after %s", path).isEmpty();
    }
}
