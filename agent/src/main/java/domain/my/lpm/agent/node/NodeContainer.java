package domain.my.lpm.agent.node;

import java.util.Map;

/**
 * A running container of a pod on this node.
 *
 * @param name its name in the pod
 * @param id the runtime's id of this start of it
 * @param pid its first process, as the agent sees it
 * @param identity which run of a process that is, see {@link domain.my.lpm.launcher.linux.Processes#identity}
 * @param mounts where it mounts each volume of the pod, by the volume's name; those with a sub-path, and those
 *     it cannot write to, left out
 */
public record NodeContainer(String name, String id, int pid, String identity, Map<String, String> mounts) {
    public NodeContainer {
        mounts = Map.copyOf(mounts);
    }
}
