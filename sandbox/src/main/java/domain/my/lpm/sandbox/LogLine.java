package domain.my.lpm.sandbox;

import java.time.Instant;

/**
 * A line that a container printed.
 *
 * @param time when conmon read its end
 * @param text the line without its end
 */
public record LogLine(Instant time, String text) {}
