package domain.my.lpm.controller.step;

/** Every act of the controller that changes something outside of it, in the order of a migration. */
public enum Step {
    /** Status: the migration waits in the queue. */
    RECORD_QUEUED,
    /** Status: accepted, with source pod, restore mode, and the names of copy and checkpoint. */
    RECORD_ACCEPTED,
    /** API: the copy is created, to stand by. */
    CREATE_TARGET_POD,
    /** Status: uid of the copy, and its node once it has one. */
    RECORD_TARGET_POD,
    /** Agent of the target: a launcher stands by in each container of the copy. */
    PREPARE,
    /** Status: CheckpointInProgress. */
    RECORD_CHECKPOINTING,
    /** API: the PodCheckpoint is created. */
    CREATE_POD_CHECKPOINT,
    /** Agent of the source: the checkpoint is taken; from here the source is held. */
    CHECKPOINT,
    /** Agent of the source: the checkpoint is on stable storage; it is described after that. */
    SYNC_CHECKPOINT,
    /** Agent of the source: the lease on the hold is renewed. */
    RENEW_HOLD,
    /** Status: CheckpointCompleted. */
    RECORD_CHECKPOINTED,
    /** Status: MigrationInProgress. */
    RECORD_TRANSFERRING,
    /** Agent of the target: a container's checkpoint becomes an image, for the cri-o mode. */
    CONVERT,
    /** Status: RestoreInProgress. */
    RECORD_RESTORING,
    /** Agent of the target: the copy is completed, still before its first instruction. */
    RESTORE,
    /** Status: the commit. From here on the copy is the pod. */
    RECORD_COMMIT,
    /** Agent of the target: the first instruction of the copy. */
    RUN,
    /** Status: the copy runs, and how long the application stood still. */
    RECORD_RUNNING,
    /** API: the source pod is deleted. */
    DELETE_SOURCE_POD,
    /** Agent of the source: what stands still of the source is killed. */
    FENCE,
    /** Status: Succeeded. */
    RECORD_SUCCEEDED,
    /** Status: RollingBack. */
    RECORD_ROLLING_BACK,
    /** Agent of the target: what was restored of the copy is undone. */
    WITHDRAW,
    /** API: the copy is deleted. */
    DELETE_TARGET_POD,
    /** Agent of the source: the source goes on. */
    RESUME,
    /** Status: RolledBack. */
    RECORD_ROLLED_BACK,
    /** Status: Failed. */
    RECORD_FAILED,
    /** API: the migration is deleted, its time after the end being over. */
    DELETE_MIGRATION,
    /** Status: the PodCheckpoint or ContainerCheckpoint is Running. */
    RECORD_CHECKPOINT_RUNNING,
    /** API: the ContainerCheckpoint of a PodCheckpoint is created. */
    CREATE_CONTAINER_CHECKPOINT,
    /** API: the content of a checkpoint is created. */
    CREATE_CONTENT,
    /** Status: the checkpoint has ended, with its data described or with a reason. */
    RECORD_CHECKPOINT_END,
    /** API: the content of a deleted checkpoint is deleted or released. */
    RELEASE_CONTENT,
    /** Any agent: the data of a checkpoint is removed from storage. */
    DELETE_CHECKPOINT
}
