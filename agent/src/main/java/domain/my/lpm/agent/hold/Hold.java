package domain.my.lpm.agent.hold;

import domain.my.lpm.agent.PodReference;
import java.time.Instant;
import java.util.List;

/**
 * A pod that stands still, or is about to.
 *
 * @param pod which
 * @param migration namespace and name of the PodMigration on whose behalf
 * @param migrationUid its uid: another one of the same name is not it
 * @param checkpointId the checkpoint by which it is stopped
 * @param containers all that are stopped
 * @param until when the lease runs out
 * @param fenced whether the copy has taken over: then the pod never runs again
 */
public record Hold(
        PodReference pod,
        String migration,
        String migrationUid,
        String checkpointId,
        List<HeldContainer> containers,
        Instant until,
        boolean fenced) {
    /** Copies the list. */
    public Hold {
        containers = List.copyOf(containers);
    }

    Hold renewed(Instant newEnd) {
        return new Hold(pod, migration, migrationUid, checkpointId, containers, newEnd, fenced);
    }

    Hold asFenced() {
        return new Hold(pod, migration, migrationUid, checkpointId, containers, until, true);
    }

    /**
     * One container.
     *
     * @param name its name in the pod
     * @param pid its first process, as the agent sees it
     * @param identity which run of a process that was, so that a later one of the same id is not taken for it
     */
    public record HeldContainer(String name, int pid, String identity) {}
}
