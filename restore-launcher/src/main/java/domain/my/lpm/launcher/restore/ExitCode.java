package domain.my.lpm.launcher.restore;

import domain.my.lpm.launcher.status.State;

/** The exit codes by which the launcher tells the three outcomes apart. */
public final class ExitCode {
    /** The dumped processes run on. */
    public static final int RESTORED = 0;
    /** The application was started anew. */
    public static final int FRESH = 10;
    /** Nothing runs; the container ends with this code, too. */
    public static final int FAILED = 20;

    private ExitCode() {}

    /** The code of a final state. */
    public static int of(State state) {
        return switch (state) {
            case RESTORED -> RESTORED;
            case FRESH -> FRESH;
            case PREPARING, STANDBY, STAGING, RESTORING, COMPLETE, UNRESTORABLE, FAILED -> FAILED;
        };
    }
}
