package domain.my.lpm.api;

/** Keys and values of the labels that namespaces carry for migration. */
public final class Labels {
    /** On a namespace: whether its pods are prepared for migration when they are created. */
    public static final String INJECTION = "migration.injection";

    /** Value of {@link #INJECTION}: pods are prepared unless they opt out by {@link RestoreMode#NONE}. */
    public static final String INJECTION_ENABLED = "enabled";

    /** Value of {@link #INJECTION}: only pods that ask for it are prepared, as without the label. */
    public static final String INJECTION_DISABLED = "disabled";

    private Labels() {}
}
