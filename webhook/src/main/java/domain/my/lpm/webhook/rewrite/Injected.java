package domain.my.lpm.webhook.rewrite;

import java.util.Set;

/** The names and paths that the rewrite gives to what it adds. */
public final class Injected {
    /** The init container that installs the entry or the toolkit. */
    public static final String INSTALLER = "lpm-install";

    /** The volume that carries the entry, and with {@link Privileges#POD} the toolkit. */
    public static final String VOLUME = "lpm";

    /** The volume of the repository, only with {@link Privileges#POD}. */
    public static final String REPOSITORY_VOLUME = "lpm-repository";

    /** The volume with what the launcher has to know of its pod, only with {@link Privileges#POD}. */
    public static final String POD_VOLUME = "lpm-pod";

    /** Where {@link #VOLUME} is mounted. */
    public static final String DIRECTORY = "/lpm";

    /** The entry, PID 1 of an injected container. */
    public static final String ENTRY = DIRECTORY + "/entry";

    /** The root of the toolkit, only with {@link Privileges#POD}. */
    public static final String TOOLKIT = DIRECTORY + "/toolkit";

    /** Where {@link #REPOSITORY_VOLUME} is mounted. */
    public static final String REPOSITORY = DIRECTORY + "/repository";

    /** {@link #POD_VOLUME} is mounted here under the container's name, by which the launcher learns it. */
    public static final String POD_DIRECTORY = "/lpm-pod";

    /** The program that the entry starts in a standby container with {@link Privileges#POD}. */
    public static final String LAUNCHER = TOOLKIT + "/usr/lib/lpm/launch";

    /** The same for a lazy restore. */
    public static final String LAZY_LAUNCHER = LAUNCHER + "-lazy";

    static final Set<String> VOLUMES = Set.of(VOLUME, REPOSITORY_VOLUME, POD_VOLUME);

    private Injected() {}
}
