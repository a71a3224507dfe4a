package domain.my.lpm.agent.hold;

/** The commits of migrations, which are recorded in the API. */
public interface Commits {
    /** Who is to live. */
    enum Verdict {
        /** The commit is recorded: the source must never run again. */
        COMMITTED,
        /** There is no such migration, or it cannot be committed any more: the source may go on. */
        FORBIDDEN,
        /** The API could not be asked: nothing may be decided. */
        UNKNOWN
    }

    /**
     * Sees to it that the migration of a hold is not committed later, unless it has been already: a source that goes on
     * while its copy is declared the one to live would be the second one. Both are written under the same precondition, the
     * version of the PodMigration, so that one of them alone succeeds.
     */
    Verdict forbid(Hold hold);

    /**
     * Whether the migration of a hold has ended and will ask for nothing any more: it is gone, or in a phase that is final.
     * False while the API cannot be asked.
     */
    boolean isOver(Hold hold);

    /**
     * Whether a source may still be stopped for the migration of a hold: it is there and neither rolled back nor over. True
     * while the API cannot be asked, as the lease ends a hold that nobody wants.
     */
    boolean mayHold(Hold hold);
}
