package domain.my.lpm.api;

/** The API group of the custom resources. */
public final class ApiGroup {
    /** Name of the group. */
    public static final String NAME = "lpm.my.domain";

    /** The version that is served and stored. */
    public static final String VERSION = "v1";

    /** Category of all kinds: {@code kubectl get lpm} lists them. */
    public static final String CATEGORY = "lpm";

    private ApiGroup() {}
}
