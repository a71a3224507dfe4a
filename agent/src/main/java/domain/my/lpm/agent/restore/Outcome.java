package domain.my.lpm.agent.restore;

import java.util.Map;

/**
 * What became of a container.
 *
 * @param container its name
 * @param kind what
 * @param message why, where it is not complete or running; else empty
 * @param timingsMillis what each step took, in milliseconds
 * @param statusJson the launcher's whole status
 */
public record Outcome(
        String container, Kind kind, String message, Map<String, Double> timingsMillis, String statusJson) {
    public Outcome {
        timingsMillis = Map.copyOf(timingsMillis);
    }

    /** As in the protocol. */
    public enum Kind {
        /** Complete, and still before its first instruction. */
        COMPLETE,
        /** It goes on where the source stood. */
        RUNNING,
        /** It waits to be started anew. */
        UNRESTORABLE,
        /** It was started anew. */
        FRESH,
        /** Nothing of it runs. */
        FAILED
    }
}
