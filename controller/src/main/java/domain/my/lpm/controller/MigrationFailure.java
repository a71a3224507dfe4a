package domain.my.lpm.controller;

/** A migration cannot go on: before the commit it is rolled back, with this reason. */
public final class MigrationFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String reason;

    /**
     * @param reason of {@link domain.my.lpm.api.Reasons}
     * @param message names the thing, the reason and the remedy
     */
    public MigrationFailure(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** One word. */
    public String reason() {
        return reason;
    }

    /** The sentence. */
    public String sentence() {
        return String.valueOf(getMessage());
    }
}
