package domain.my.lpm.checkpoint.image;

import java.util.List;

/**
 * A process in the dumped tree. Numbers are those of the dumped PID namespace.
 *
 * @param pid its id
 * @param parent the id of its parent, 0 for the root of the tree
 * @param group its process group
 * @param session its session
 * @param threads the ids of its threads, its own among them; empty for a zombie
 */
public record ProcessNode(int pid, int parent, int group, int session, List<Integer> threads) {
    public ProcessNode {
        threads = List.copyOf(threads);
    }
}
