package domain.my.lpm.api;

/** Finalizers: each keeps an object until its controller has undone what only it knows of. */
public final class Finalizers {
    /** On a PodMigration: until a migration that was cut short is rolled back, or a committed one has ended its source. */
    public static final String MIGRATION = "lpm.my.domain/migration";

    /** On a PodCheckpoint or ContainerCheckpoint: until its content is deleted or released, by the deletion policy. */
    public static final String CHECKPOINT = "lpm.my.domain/checkpoint";

    /** On a content: until the data on storage is deleted, where the deletion policy is Delete. */
    public static final String CONTENT = "lpm.my.domain/content";

    private Finalizers() {}
}
