package domain.my.lpm.launcher.namespace;

/** The container came to its end while the launcher was at work in it. */
public final class ContainerEndedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Says so. */
    public ContainerEndedException() {
        super("the container ended while the launcher was at work in it; nothing of it runs, see its exit code and,"
                + " if it is wanted, start it again");
    }
}
