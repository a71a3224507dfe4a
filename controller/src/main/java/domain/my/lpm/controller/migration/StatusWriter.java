package domain.my.lpm.controller.migration;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.controller.ConflictException;

/** Writes statuses. */
@FunctionalInterface
public interface StatusWriter {
    /**
     * Writes the status of {@code changed} if the object has not changed since the version that {@code changed} has.
     *
     * @return the object as stored
     * @throws ConflictException when it has
     */
    PodMigration write(PodMigration changed);
}
