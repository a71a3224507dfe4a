package domain.my.lpm.agent.step;

/** Every act of the agent at an edge: what it changes outside of its own memory. */
public enum Step {
    /** The intent to take a checkpoint is written to the node's disk. */
    RECORD_CHECKPOINT,
    /** The hold is written to the node's disk, before anything is stopped. */
    RECORD_HOLD,
    /** CRIU's configuration on the node is replaced for one call of the kubelet. */
    CONFIGURE_CRIU,
    /** The kubelet is asked for a checkpoint of a container. */
    CALL_KUBELET,
    /** CRIU's configuration is put back. */
    PUT_BACK_CRIU_CONFIGURATION,
    /** The launcher dumps a container and stores it. */
    RUN_CHECKPOINT_LAUNCHER,
    /** An archive of the kubelet's is stored in the repository. */
    STORE_ARCHIVE,
    /** A volume is stored in the repository. */
    STORE_VOLUME,
    /** The pod's checkpoint is marked complete in the repository. */
    COMPLETE_CHECKPOINT,
    /** What a failed checkpoint has left in the repository is removed. */
    REMOVE_CHECKPOINT,
    /** A launcher is started in a container that waits. */
    START_LAUNCHER,
    /** A launcher is told its checkpoint. */
    RELEASE,
    /** A launcher is told to let its copy run. */
    SAY_RUN,
    /** A launcher is told to start its application anew. */
    SAY_FRESH,
    /** A launcher is told to undo what it has restored. */
    SAY_STOP,
    /** The application of a container that was started again after its restore is told to begin anew. */
    START_ANEW,
    /** A held container goes on. */
    RESUME,
    /** A fence is written to the node's disk and carried out. */
    FENCE,
    /** The commit of a migration is made impossible in the API. */
    FORBID_COMMIT,
    /** What the node is able to do is written to the API. */
    WRITE_NODE,
    /** A checkpoint image is put into the node's storage. */
    IMPORT_IMAGE,
    /** The extracted form of a checkpoint is written. */
    EXTRACT_IMAGES,
    /** A checkpoint is deleted from the repository. */
    DELETE_CHECKPOINT
}
