package domain.my.lpm.api;

/** Keys of the annotations that pods carry for migration, all under the prefix {@code migration.}. */
public final class Annotations {
    /** How a migrated pod is restored; the value is a {@link RestoreMode}. Absent: {@link RestoreMode#SELF_RESTORE}. */
    public static final String RESTORE_MODE = "migration.restore-mode";

    /** The checkpoint that a pod continues from; the value is a {@link CheckpointReference}. Absent: a fresh start. */
    public static final String CHECKPOINT_PATH = "migration.checkpoint-path";

    /** The name of the pod that {@link #CHECKPOINT_PATH} was taken of. Absent: the name of the pod itself. */
    public static final String SOURCE_POD = "migration.source-pod";

    /**
     * Further options of {@code restore-launcher restore} where the pod's own launcher restores it, separated by white
     * space, such as {@code --tcp=established --on-failure=fresh}.
     */
    public static final String RESTORE_OPTIONS = "migration.restore-options";

    /** Written by the webhook: a fingerprint of the mode and settings by which the pod was rewritten. */
    public static final String INJECTED = "migration.injected";

    /** Written by the webhook: the fields of containers which the rewrite replaced, as JSON, so that it can be undone. */
    public static final String REPLACED = "migration.replaced";

    /**
     * Written by the webhook where the pod's own launchers restore it: the emptyDir volumes that travel, one on a line, as
     * {@code <container> <volume>=<mount path>}. A volume that several containers share is filled by the first of them.
     */
    public static final String VOLUMES = "migration.volumes";

    private Annotations() {}
}
