package domain.my.lpm.agent.kubelet;

import domain.my.lpm.agent.PodReference;
import java.nio.file.Path;
import java.time.Duration;

/** The kubelet's call for a checkpoint. */
public interface KubeletApi {
    /**
     * Takes a checkpoint of a container.
     *
     * @param atMost how long it may take
     * @return the archive, a path on the node
     * @throws KubeletException if it is refused
     */
    Path checkpoint(PodReference pod, String container, Duration atMost);
}
