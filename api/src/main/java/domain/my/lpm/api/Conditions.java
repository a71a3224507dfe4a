package domain.my.lpm.api;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Conditions after the API conventions of Kubernetes: one of each type, its time that of the last flip. */
public final class Conditions {
    private Conditions() {}

    /**
     * {@code conditions} with the one of {@code type} set. Its lastTransitionTime, in whole seconds, becomes {@code now} only
     * when its status was another before. The order stays; the argument is left as it is.
     *
     * @param reason one word in UpperCamelCase
     * @param message what users read; may be empty
     * @param generation the metadata.generation that was looked at; absent for objects without a specification
     */
    public static List<Condition> with(
            List<Condition> conditions,
            String type,
            boolean status,
            String reason,
            String message,
            @Nullable Long generation,
            Instant now) {
        String value = status ? "True" : "False";
        Optional<Condition> before = find(conditions, type);
        String time = before.filter(condition -> value.equals(condition.getStatus()))
                .map(Condition::getLastTransitionTime)
                .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS).toString());
        Condition after = new ConditionBuilder()
                .withType(type)
                .withStatus(value)
                .withReason(reason)
                .withMessage(message)
                .withObservedGeneration(generation)
                .withLastTransitionTime(time)
                .build();
        List<Condition> changed = new ArrayList<>(conditions);
        before.ifPresentOrElse(
                condition -> changed.set(conditions.indexOf(condition), after), () -> changed.add(after));
        return changed;
    }

    /** The condition of {@code type}, if there is one. */
    public static Optional<Condition> find(List<Condition> conditions, String type) {
        return conditions.stream()
                .filter(condition -> type.equals(condition.getType()))
                .findFirst();
    }

    /** Whether there is a condition of {@code type} and its status is True. */
    public static boolean isTrue(List<Condition> conditions, String type) {
        return find(conditions, type)
                .filter(condition -> "True".equals(condition.getStatus()))
                .isPresent();
    }
}
