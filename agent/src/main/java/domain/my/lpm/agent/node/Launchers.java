package domain.my.lpm.agent.node;

import java.nio.file.Path;
import java.util.List;

/**
 * How launchers run on this node. A launcher outlives the agent that started it.
 *
 * <p>Paths and process ids are the launcher's: it may see another root and another PID namespace than the agent.
 */
public interface Launchers {
    /**
     * Starts {@code restore-launcher} with these arguments. Its standard output and error are this process' to read.
     *
     * @throws java.io.UncheckedIOException if it cannot be started
     */
    Process start(List<String> arguments);

    /**
     * Starts another program of the toolkit.
     *
     * @throws java.io.UncheckedIOException if it cannot be started
     */
    Process startProgram(List<String> command);

    /** Where the agent finds what the launcher names so; {@code path} is absolute. */
    Path seen(Path path);

    /** The id by which the launcher knows a process that the agent knows by {@code pid}. */
    int pid(int pid);

    /** The node's root file system, as the agent sees it. */
    Path nodeRoot();
}
