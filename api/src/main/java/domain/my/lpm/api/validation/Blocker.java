package domain.my.lpm.api.validation;

/**
 * One thing that stands in the way of a migration.
 *
 * @param reason one of {@link domain.my.lpm.api.Reasons}
 * @param message names the thing, the reason and the remedy
 */
public record Blocker(String reason, String message) {}
