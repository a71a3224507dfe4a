package domain.my.lpm.webhook.rewrite;

/** What becomes of a pod. */
public enum Decision {
    /** At least one container gets the entry, or the controller's scheduling gate is taken from a pod that has it all. */
    INJECT,
    /** Neither the pod nor its namespace asks for migration: unchanged. */
    NOT_ASKED,
    /** The pod opted out by {@link domain.my.lpm.api.RestoreMode#NONE}: unchanged. */
    OPTED_OUT,
    /** {@link domain.my.lpm.api.RestoreMode#CRI_O}: the runtime restores it, so the pod must stay as it is. */
    LEFT_TO_RUNTIME,
    /** The pod already is what the rewrite would make of it: unchanged. */
    ALREADY_INJECTED,
    /** The pod asks, but cannot be injected; the warnings say why. Unchanged. */
    CANNOT
}
