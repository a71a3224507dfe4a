package domain.my.lpm.api;

/** Reasons of conditions, events and phases: one word in UpperCamelCase each. */
public final class Reasons {
    /** Waiting for earlier migrations, because of a limit. */
    public static final String QUEUED = "Queued";

    public static final String ACCEPTED = "Accepted";
    public static final String POD_NOT_FOUND = "PodNotFound";
    public static final String POD_NOT_RUNNING = "PodNotRunning";

    /** A controller such as a ReplicaSet keeps the number of such pods: it would undo a migration. */
    public static final String POD_OWNED = "PodOwned";

    public static final String POD_BEING_DELETED = "PodBeingDeleted";

    /** The pod says that it is never to be touched. */
    public static final String POD_OPTED_OUT = "PodOptedOut";

    /** The pod's namespace is one whose pods are never touched. */
    public static final String SYSTEM_NAMESPACE = "SystemNamespace";

    /** The pod lives in namespaces of its node: network, processes or IPC. */
    public static final String POD_USES_HOST_NAMESPACES = "PodUsesHostNamespaces";

    /** A copy of the pod could not be prepared to restore itself. */
    public static final String POD_CANNOT_SELF_RESTORE = "PodCannotSelfRestore";

    /** Another pod has the name now. */
    public static final String POD_REPLACED = "PodReplaced";

    public static final String POD_ALREADY_MIGRATING = "PodAlreadyMigrating";
    public static final String CONTAINER_RESTARTED = "ContainerRestarted";
    public static final String TARGET_NODE_NOT_FOUND = "TargetNodeNotFound";
    public static final String TARGET_NODE_NOT_READY = "TargetNodeNotReady";

    /** The target node is cordoned. */
    public static final String TARGET_NODE_UNSCHEDULABLE = "TargetNodeUnschedulable";

    public static final String TARGET_NODE_TAINTED = "TargetNodeTainted";

    /** The pod's own node selector or required node affinity excludes the target node. */
    public static final String TARGET_NODE_DOES_NOT_FIT = "TargetNodeDoesNotFit";

    public static final String TARGET_NODE_IS_SOURCE = "TargetNodeIsSource";

    /** An object of another owner has the name that the copy or a checkpoint needs. */
    public static final String NAME_TAKEN = "NameTaken";

    public static final String ARCHITECTURE_DIFFERS = "ArchitectureDiffers";
    public static final String CPU_FEATURES_MISSING = "CpuFeaturesMissing";
    public static final String CRIU_MISSING = "CriuMissing";
    public static final String CRIU_TOO_OLD = "CriuTooOld";
    public static final String VOLUME_CANNOT_FOLLOW = "VolumeCannotFollow";
    public static final String RESTORE_MODE_UNAVAILABLE = "RestoreModeUnavailable";
    public static final String CHECKPOINT_UNAVAILABLE = "CheckpointUnavailable";
    public static final String HOLD_UNAVAILABLE = "HoldUnavailable";
    public static final String AGENT_UNREACHABLE = "AgentUnreachable";
    public static final String STORAGE_FULL = "StorageFull";
    public static final String STORAGE_READ_ONLY = "StorageReadOnly";
    public static final String STORAGE_UNREACHABLE = "StorageUnreachable";
    public static final String STANDBY_READY = "StandbyReady";
    public static final String STANDBY_FAILED = "StandbyFailed";
    public static final String CHECKPOINTED = "Checkpointed";
    public static final String CHECKPOINT_FAILED = "CheckpointFailed";

    /** Processes of the source ran after the checkpoint, although they were to be held. */
    public static final String HOLD_BROKEN = "HoldBroken";

    /** Nobody renewed the lease on the hold: the agent of the source let it go on, and forbade the commit. */
    public static final String HOLD_LAPSED = "HoldLapsed";

    /** The memory is copied while the source stands still, although another strategy was asked for. */
    public static final String STOPPED_AND_COPIED = "StoppedAndCopied";

    public static final String RESTORED = "Restored";
    public static final String RESTORE_FAILED = "RestoreFailed";

    /** The copy began anew; what memory held is lost. */
    public static final String STARTED_FRESH = "StartedFresh";

    public static final String COMMITTED = "Committed";
    public static final String SOURCE_FENCED = "SourceFenced";
    public static final String EXACTLY_ONCE = "ExactlyOnce";
    public static final String AT_LEAST_ONCE = "AtLeastOnce";
    public static final String DEADLINE_EXCEEDED = "DeadlineExceeded";

    /** The PodMigration was deleted before the commit. */
    public static final String CANCELLED = "Cancelled";

    public static final String ROLLBACK_FAILED = "RollbackFailed";
    public static final String SOURCE_LOST = "SourceLost";
    public static final String TARGET_LOST = "TargetLost";

    private Reasons() {}
}
