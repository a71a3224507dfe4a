package domain.my.lpm.agent.restore;

import domain.my.lpm.agent.PodReference;
import domain.my.lpm.launcher.criu.Tcp;
import java.util.List;

/**
 * What a standby pod is to become.
 *
 * @param target the pod whose containers wait
 * @param sourceNamespace the namespace of the pod whose checkpoints will come
 * @param sourceName its name
 * @param containers those that wait; empty: all that run
 * @param tcp what becomes of established connections
 * @param lazy whether memory is brought in as it is touched
 * @param fresh whether a container that cannot be restored waits to be started anew, instead of ending
 * @param volumes emptyDir volumes whose content comes with the checkpoint
 */
public record StandbyOrder(
        PodReference target,
        String sourceNamespace,
        String sourceName,
        List<String> containers,
        Tcp tcp,
        boolean lazy,
        boolean fresh,
        List<String> volumes) {
    public StandbyOrder {
        containers = List.copyOf(containers);
        volumes = List.copyOf(volumes);
    }
}
