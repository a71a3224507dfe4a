package domain.my.lpm.webhook.admission;

import domain.my.lpm.api.Labels;

/**
 * What the label {@link Labels#INJECTION} of a pod's namespace says. A review does not carry it; the API server chooses a path by
 * it.
 */
public enum Injection {
    /** {@link Labels#INJECTION_ENABLED}. */
    ENABLED("/mutate-pods/injection-enabled"),
    /** There is no label, or it says {@link Labels#INJECTION_DISABLED}. */
    DISABLED("/mutate-pods"),
    /** The label has another value; it counts as disabled. */
    UNKNOWN("/mutate-pods/injection-unknown");

    private final String path;

    Injection(String path) {
        this.path = path;
    }

    /** Where the API server sends pods of such namespaces. It allows no query in the path of a webhook. */
    public String path() {
        return path;
    }
}
