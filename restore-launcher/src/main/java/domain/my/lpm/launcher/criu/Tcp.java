package domain.my.lpm.launcher.criu;

/** What becomes of TCP connections that were established when the checkpoint was taken. */
public enum Tcp {
    /** All go on; the addresses must still be the pod's. */
    ESTABLISHED,
    /** Those within the pod go on; those to elsewhere are reset. */
    CLOSE,
    /** Those within the pod go on; a checkpoint that holds any to elsewhere is refused. */
    FAIL
}
