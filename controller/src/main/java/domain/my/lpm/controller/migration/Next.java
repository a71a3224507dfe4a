package domain.my.lpm.controller.migration;

import java.time.Duration;

/** What follows a look at a migration. */
public sealed interface Next {
    /** The status has changed: the handler of its phase is to look at once. */
    record Again() implements Next {}

    /**
     * Nothing can be done before something happens that wakes us.
     *
     * @param atMost when to look again if nothing does
     */
    record Wait(Duration atMost) implements Next {}

    /** Nothing is left to be done. */
    record End() implements Next {}
}
