package domain.my.lpm.controller.migration.phase;

import domain.my.lpm.api.RestoreMode;
import domain.my.lpm.controller.migration.Migration;
import java.util.Map;

/** How a copy comes to life: one for each restore mode. Each method does what can be done now, and says whether all is done. */
interface RestoreProcedure {
    /** Which mode. */
    RestoreMode mode();

    /** Pending: what can be prepared while the application runs. */
    boolean standBy(Migration migration);

    /**
     * CheckpointInProgress, at its end: begins what can be undone as long as nothing is committed, so that it is under way while the
     * phases are recorded. It is asked for again by {@link #restore}.
     */
    void begin(Migration migration);

    /** MigrationInProgress: brings the checkpoint to the target. */
    boolean transfer(Migration migration);

    /** RestoreInProgress, before the commit: whatever can fail without an instruction of the copy being run. */
    Restored restore(Migration migration);

    /** RestoreInProgress, after the commit: the first instruction of the copy. Never fails: it is repeated, or the copy is lost. */
    boolean run(Migration migration);

    /** The procedure of a migration that is accepted. */
    static RestoreProcedure of(Migration migration, Map<RestoreMode, RestoreProcedure> procedures) {
        RestoreProcedure procedure = procedures.get(migration.restoreMode());
        if (procedure == null) {
            throw new IllegalStateException("nothing restores by the mode " + migration.restoreMode());
        }
        return procedure;
    }

    /** How far the copy has come before the commit. */
    sealed interface Restored {
        /** Not done yet. */
        record NotYet() implements Restored {}

        /** It will go on where the source stood. */
        record Complete() implements Restored {}

        /** It cannot go on there and will begin anew, as the policy has it. */
        record Fresh(String why) implements Restored {}
    }
}
