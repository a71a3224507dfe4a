package domain.my.lpm.api;

/** Scheduling gates: each keeps a pod from every node until it is taken away (KEP-3521). */
public final class SchedulingGates {
    /**
     * On the copy of a pod as the controller creates it; the webhook takes it away from what it has prepared. A copy that no
     * webhook has seen would begin anew beside its source: with the gate the API server refuses it where it names a node, and
     * no scheduler binds it where it names none.
     */
    public static final String UNPREPARED = "lpm.my.domain/unprepared";

    private SchedulingGates() {}
}
