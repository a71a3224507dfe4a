package domain.my.lpm.launcher.criu;

/** What becomes of TCP connections that were established when the checkpoint was taken. */
public enum Tcp {
    /** They go on; the addresses must still be the pod's. */
    ESTABLISHED,
    /** They are closed, as if the peer had gone. */
    CLOSE,
    /** A checkpoint that holds any is refused. */
    FAIL
}
