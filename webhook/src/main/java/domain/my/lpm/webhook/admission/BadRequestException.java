package domain.my.lpm.webhook.admission;

/** What was sent is no request that can be answered; the message says what was expected instead. */
public final class BadRequestException extends Exception {
    private static final long serialVersionUID = 1;

    /** The message names what is wrong and what was expected. */
    public BadRequestException(String message) {
        super(message);
    }
}
