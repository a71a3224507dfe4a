package domain.my.lpm.launcher.checkpoint;

import domain.my.lpm.launcher.criu.NetworkLock;
import domain.my.lpm.launcher.linux.Linux;
import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.linux.SystemCallException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import jnr.constants.platform.Signal;

/**
 * The processes of a container that a checkpoint covers: a nested tree below the entry where there is one (what was
 * restored, or started nested), else the whole container.
 *
 * @param first the container's first process, as this JVM sees it
 * @param root the first process of the tree, as this JVM sees it
 */
public record ApplicationTree(int first, int root) {
    /** How long killed processes may take to vanish, in seconds. */
    private static final long PATIENCE_SECONDS = 10;

    /**
     * Finds the tree of a container.
     *
     * @throws IllegalArgumentException if there is no such process
     */
    public static ApplicationTree of(int first) {
        int depth = Processes.namespaceIds(first).size();
        if (depth == 0) {
            throw new IllegalArgumentException(
                    "there is no process " + first + "; name the first process of a running container");
        }
        for (int child : Processes.children(first)) {
            if (Processes.namespaceIds(child).size() > depth) {
                return new ApplicationTree(first, child);
            }
        }
        return new ApplicationTree(first, first);
    }

    /** Whether the tree has a PID namespace of its own inside the container's. */
    public boolean isNested() {
        return first != root;
    }

    /** All processes that are not zombies, parents first. */
    public List<Integer> processes() {
        return Processes.tree(root).stream()
                .filter(pid ->
                        Processes.state(pid).filter(state -> state != 'Z').isPresent())
                .toList();
    }

    /** Those which no signal has stopped. */
    public List<Integer> running() {
        return processes().stream()
                .filter(pid ->
                        Processes.state(pid).filter(state -> state != 'T').isPresent())
                .toList();
    }

    /**
     * Those which no signal has stopped, once a busy machine has had time to stop them: CRIU ends when it has sent SIGSTOP,
     * which a process may be yet to come to, although it runs no instruction of its program any more.
     */
    public List<Integer> runningAfterStop() {
        long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000;
        List<Integer> running = running();
        while (!running.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
            running = running();
        }
        return running;
    }

    /**
     * Ends a hold: every process goes on from the instruction at which it was stopped, every TCP connection with the byte
     * at which it stood. May be repeated, also after it was cut short; processes that run are left alone.
     *
     * @throws domain.my.lpm.launcher.criu.CriuException if the network stays locked; no process runs then
     * @throws SystemCallException if a connection cannot be taken up again; no process runs then
     */
    public void resume() {
        List<Integer> processes = new ArrayList<>(processes());
        // A process that finds its connections still as CRIU left them would take them for broken.
        try (NetworkLock lock = NetworkLock.of(first)) {
            lock.remove();
        }
        takeUpConnections(processes);
        // Children first: a parent that waits for stopped children must not look at them before they run.
        Collections.reverse(processes);
        processes.forEach(pid -> Processes.signal(pid, Signal.SIGCONT));
    }

    private static void takeUpConnections(List<Integer> processes) {
        Set<String> seen = new HashSet<>();
        for (int pid : processes) {
            List<Integer> sockets = Processes.descriptors(pid).stream()
                    .filter(descriptor -> isUnseenSocket(pid, descriptor, seen))
                    .toList();
            if (!sockets.isEmpty()) {
                int process = Linux.openProcess(pid);
                try {
                    sockets.forEach(descriptor -> takeUpConnection(process, descriptor));
                } finally {
                    Linux.closeDescriptor(process);
                }
            }
        }
    }

    private static boolean isUnseenSocket(int pid, int descriptor, Set<String> seen) {
        try {
            String target = Processes.link(pid, "fd/" + descriptor);
            return target.startsWith("socket:") && seen.add(target);
        } catch (IOException closed) {
            return false;
        }
    }

    private static void takeUpConnection(int process, int descriptor) {
        int socket = Linux.copyDescriptor(process, descriptor);
        try {
            if (Linux.isInRepair(socket)) {
                Linux.endRepair(socket);
            }
        } finally {
            Linux.closeDescriptor(socket);
        }
    }

    /**
     * Kills every process while it is stopped, so that none runs another instruction, and lets the pod's network work for
     * what starts there next.
     *
     * @throws IllegalStateException if one of them is not stopped; none is killed then
     */
    public void fence() {
        requireStopped();
        try (NetworkLock lock = NetworkLock.of(first)) {
            kill(processes());
            lock.remove();
        }
    }

    /**
     * Looks whether all of it stands still.
     *
     * @throws IllegalStateException if one of the processes is not stopped
     */
    public void requireStopped() {
        List<Integer> running = running();
        if (!running.isEmpty()) {
            throw new IllegalStateException("processes " + running + " of the source are running, so that it cannot be"
                    + " fenced without loss; hold it by a checkpoint first, or delete its pod");
        }
    }

    /** Whether SIGTERM waits for one of the processes to go on: then the container's runtime has been told to end it. */
    public boolean isToldToEnd() {
        return Stream.concat(Stream.of(first), processes().stream()).anyMatch(Processes::isTerminationPending);
    }

    private static void kill(List<Integer> processes) {
        processes.forEach(pid -> Processes.signal(pid, Signal.SIGKILL));
        long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000;
        for (int pid : processes) {
            while (Processes.state(pid).filter(state -> state != 'Z').isPresent()) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("process " + pid + " of the source survived SIGKILL for "
                            + PATIENCE_SECONDS + " s; look at its state on the node");
                }
                Thread.onSpinWait();
            }
        }
    }
}
