package domain.my.lpm.api;

/** Types of the conditions in the statuses. */
public final class ConditionTypes {
    /** PodMigration: nothing stands in its way. False: its message names everything that does. */
    public static final String ACCEPTED = "Accepted";

    /** PodMigration: the copy stands by, waiting to be released. */
    public static final String STANDBY_READY = "StandbyReady";

    /** PodMigration: the checkpoint is complete on storage. */
    public static final String CHECKPOINTED = "Checkpointed";

    /** PodMigration: the copy goes on where the source stood. False with {@link Reasons#STARTED_FRESH}: it began anew. */
    public static final String RESTORED = "Restored";

    /** PodMigration: the copy is the pod from now on. */
    public static final String COMMITTED = "Committed";

    /** PodMigration: no process of the source is left. */
    public static final String SOURCE_FENCED = "SourceFenced";

    /** PodMigration: how often an instruction ran, by its reason ExactlyOnce (True) or AtLeastOnce (False). */
    public static final String HAND_OVER = "HandOver";

    /** PodMigration: never True; False: its strategy cannot be followed, and the message says what is done instead. */
    public static final String STRATEGY_FOLLOWED = "StrategyFollowed";

    /** Checkpoint: it can be restored. MigrationNode: its agent answers. */
    public static final String READY = "Ready";

    /** MigrationNode: the shared storage can be read and written and has room. */
    public static final String STORAGE_READY = "StorageReady";

    /** Content: the data on storage is there and complete. */
    public static final String AVAILABLE = "Available";

    private ConditionTypes() {}
}
