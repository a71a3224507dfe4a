package domain.my.lpm.agent.checkpoint;

/** Is told how far a checkpoint is. */
public interface CheckpointListener {
    /** What has been done. */
    enum Progress {
        /** Nothing stands against it, as far as can be seen before. */
        CHECKED,
        /** A container is dumped. */
        DUMPED,
        /** From here on nothing runs. */
        HELD,
        /** A container is stored. */
        STORED
    }

    /**
     * Something was done.
     *
     * @param container empty for the whole pod
     * @param atMillis since the call began
     * @param bytes stored so far
     */
    void progress(Progress what, String container, long atMillis, long bytes);
}
