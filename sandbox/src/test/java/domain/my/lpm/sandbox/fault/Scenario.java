package domain.my.lpm.sandbox.fault;

import java.util.Set;

/** What is going on while something fails. */
enum Scenario {
    /** A prepared pod moves; its checkpoint is taken by a launcher. */
    MOVE("a prepared pod moves", Trial.MOVED),
    /** A pod that nobody prepared moves; its checkpoint is taken by its kubelet. */
    KUBELET("a pod that nobody prepared moves", Trial.MOVED),
    /** A pod moves whose copy is restored by the container runtime, from an image: its start is its first instruction. */
    RUNTIME("the container runtime restores the copy", Trial.MOVED),
    /** The migration is deleted as soon as its checkpoint is there. */
    CANCEL("a migration is deleted when its checkpoint is there", Trial.STAYED),
    /** The controller is gone from the instant at which the checkpoint is there until its lease has run out. */
    LAPSE("the controller is gone until the lease on the source has run out", Trial.STAYED),
    /** The checkpoint cannot be completed, as the share is full. */
    NO_ROOM("there is no room for a checkpoint", Trial.STAYED);

    private static final Set<String> AFTER_THE_COMMIT =
            Set.of("RECORD_COMMIT", "CREATE_TARGET_POD", "RECORD_TARGET_POD", "RECORD_RUNNING");

    private final String words;
    private final String clean;

    Scenario(String words, String clean) {
        this.words = words;
        this.clean = clean;
    }

    /** How it ends when nothing else fails. */
    String clean() {
        return clean;
    }

    /** Whether faults are made at a moment even though it comes in an earlier scenario, too. */
    boolean isAnotherHere(Moment moment) {
        // Nothing of the copy is there before the commit.
        return this == RUNTIME && moment.role() == Role.CONTROLLER && AFTER_THE_COMMIT.contains(moment.step());
    }

    @Override
    public String toString() {
        return words;
    }
}
