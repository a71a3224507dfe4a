package domain.my.lpm.webhook.server;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * How the server serves.
 *
 * @param address where it listens; port 0: any that is free
 * @param threads how many requests are worked on at once, at least 1; further ones wait
 * @param bodyLimit bytes of a request's body, at least 1; larger ones are answered with 413
 * @param requestTimeout how long a request may take, from its first byte to the last of the answer; its connection is closed
 *     then. Shorter than {@code timeoutSeconds} in the webhook's configuration, so that the API server hears of it
 * @param drain how long the server goes on after it was told to stop, not ready, until nobody sends requests to it any more;
 *     zero where nobody does by then
 * @param stopTimeout how long requests that run at the end of {@code drain} may take to finish
 */
public record ServerOptions(
        InetSocketAddress address,
        int threads,
        int bodyLimit,
        Duration requestTimeout,
        Duration drain,
        Duration stopTimeout) {
    /**
     * @throws IllegalArgumentException when an option is out of its range, naming it
     */
    public ServerOptions {
        require(threads >= 1, "threads must be at least 1");
        require(bodyLimit >= 1, "the body limit must be at least 1 byte");
        require(requestTimeout.compareTo(Duration.ZERO) > 0, "the request timeout must be longer than nothing");
        require(!drain.isNegative(), "the drain must not be negative");
        require(!stopTimeout.isNegative(), "the stop timeout must not be negative");
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
