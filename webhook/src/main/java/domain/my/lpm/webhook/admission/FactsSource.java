package domain.my.lpm.webhook.admission;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.validation.MigrationFacts;
import java.io.IOException;

/** Where the facts about a migration come from. */
@FunctionalInterface
public interface FactsSource {
    /**
     * Looks up what {@code migration} is about.
     *
     * @throws IOException when something cannot be looked up, naming it, the reason and the remedy; what does not exist is a fact
     */
    MigrationFacts of(PodMigration migration) throws IOException;
}
