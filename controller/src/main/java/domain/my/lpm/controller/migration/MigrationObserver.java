package domain.my.lpm.controller.migration;

import domain.my.lpm.api.migration.MigrationPhase;
import java.time.Duration;

/** Is told what figures are made of. */
public interface MigrationObserver {
    /** Observes nothing. */
    MigrationObserver NONE = new MigrationObserver() {};

    /** A migration has left a phase. */
    default void left(MigrationPhase phase, Duration after) {}

    /** A migration is over. */
    default void ended(MigrationPhase phase, String reason) {}

    /** An application goes on after it stood still. */
    default void downtime(Duration downtime) {}

    /** So much was stored of a container. */
    default void stored(long bytes) {}
}
