package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import domain.my.lpm.api.Formats;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.time.Instant;

/** When a migration entered a phase. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PhaseTransition(
        @JsonPropertyDescription("The phase.") @Required MigrationPhase phase,

        @JsonPropertyDescription("When it was entered: RFC 3339, UTC, such as 2026-01-31T12:00:00.123Z.")
        @Required
        @Pattern(Formats.TIME)
        @Size(max = Formats.TIME_LENGTH)
        String time) {

    /** The phase entered at {@code time}. */
    public static PhaseTransition at(MigrationPhase phase, Instant time) {
        return new PhaseTransition(phase, time.toString());
    }

    /**
     * When the phase was entered.
     *
     * @throws java.time.format.DateTimeParseException when the time is none, which the schema excludes
     */
    public Instant instant() {
        return Instant.parse(time);
    }
}
