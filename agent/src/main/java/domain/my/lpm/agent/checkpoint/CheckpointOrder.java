package domain.my.lpm.agent.checkpoint;

import domain.my.lpm.agent.PodReference;
import domain.my.lpm.checkpoint.repository.Durability;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.launcher.criu.Tcp;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A checkpoint to take.
 *
 * @param source of which pod
 * @param id unique among the pod's checkpoints
 * @param containers in this order; empty: all that run
 * @param taker who takes it; empty: whoever fits
 * @param form how it is stored
 * @param tcp what becomes of established connections
 * @param hold whether, and for whom, the pod stays stopped after it
 * @param volumes emptyDir volumes whose content is stored
 * @param durability when it is on stable storage; {@link Durability#LATER} only with a hold
 * @param deadline for all of it
 */
public record CheckpointOrder(
        PodReference source,
        String id,
        List<String> containers,
        Optional<Taker> taker,
        Form form,
        Tcp tcp,
        Optional<HoldTerms> hold,
        List<String> volumes,
        Durability durability,
        Duration deadline) {
    public CheckpointOrder {
        if (durability == Durability.LATER && hold.isEmpty()) {
            throw new IllegalArgumentException("only a checkpoint that holds its source may be on stable storage later;"
                    + " ask for hold, or leave out durable_later");
        }
        containers = List.copyOf(containers);
        volumes = List.copyOf(volumes);
    }

    /**
     * On whose behalf a pod is held.
     *
     * @param migration namespace and name of the PodMigration
     * @param migrationUid its uid
     * @param lease after which the pod goes on without renewal
     */
    public record HoldTerms(String migration, String migrationUid, Duration lease) {}

    /** Who takes a checkpoint. */
    public enum Taker {
        /** The kubelet and its runtime. */
        KUBELET,
        /** The launcher. */
        LAUNCHER
    }
}
