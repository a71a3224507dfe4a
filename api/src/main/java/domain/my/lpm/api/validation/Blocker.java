package domain.my.lpm.api.validation;

import domain.my.lpm.api.Reasons;

/**
 * One thing that stands in the way of a migration.
 *
 * @param reason one of {@link Reasons}
 * @param message names the thing, the reason and the remedy
 */
public record Blocker(String reason, String message) {
    /** Whether it may pass without anybody changing the migration: a node or an agent comes back by itself. */
    public boolean mayPass() {
        return reason.equals(Reasons.TARGET_NODE_NOT_READY) || reason.equals(Reasons.AGENT_UNREACHABLE);
    }
}
