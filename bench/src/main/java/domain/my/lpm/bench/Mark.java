package domain.my.lpm.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A figure and the most that it may be.
 *
 * @param name what is held against it
 * @param limit the greatest value that meets it
 * @param unit of the limit, {@code ×} for a ratio
 * @param measured the median, or null when this run did not measure it
 * @param spread the least and the greatest measured; null when this run did not measure it
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
record Mark(
        String name,
        double limit,
        String unit,
        @Nullable Double measured,
        @Nullable String spread) {
    static Mark of(String name, double limit, String unit, Optional<Summary> summary) {
        return new Mark(
                name,
                limit,
                unit,
                summary.map(Summary::median).orElse(null),
                summary.map(all -> String.format(Locale.ROOT, "%.2f to %.2f", all.minimum(), all.maximum()))
                        .orElse(null));
    }

    /** met, missed or not measured. */
    public String verdict() {
        if (measured == null) {
            return "not measured";
        }
        return measured <= limit ? "met" : "missed";
    }
}
