package domain.my.lpm.launcher.restore;

/** Machine architectures by the names which Kubernetes and OCI images use. */
public final class Architecture {
    private Architecture() {}

    /** The architecture of this machine, for example {@code amd64}. */
    public static String ofThisMachine() {
        String name = System.getProperty("os.arch");
        return name.equals("aarch64") ? "arm64" : name;
    }
}
