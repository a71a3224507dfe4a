package domain.my.lpm.launcher.namespace;

import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import jnr.constants.platform.Signal;

/**
 * A small shell inside the container which starts CRIU there. It has to exist because the parent of CRIU becomes the
 * parent of the restored process, and only a parent within the container's PID namespace passes it on to the
 * container's first process when it ends.
 *
 * <p>Descriptors of the shell: 5 the network namespace, 7 the container's standard input, 8 its standard output, 9 its
 * standard error. It ends when this JVM does.
 */
public final class ContainerShell implements AutoCloseable {
    /** Where the process that serves a lazy restore's pages keeps its id. */
    public static final String LAZY_PAGES_PID = ContainerRoot.WORK + "/lazy-pages.pid";

    private static final String COMMANDS = ContainerRoot.WORK + "/commands";

    private static final String LIFELINE = ContainerRoot.WORK + "/lifeline";
    private static final String GUARDIAN = ContainerRoot.WORK + "/guardian";
    private static final String DISMISSED = "dismissed";

    /**
     * A process beside the shell that outlives a killed JVM by just enough to kill the shell, CRIU and what it restores:
     * processes that wait for their first instruction must not wait for ever. The kernel closes the other end of its pipe.
     * Both ends are opened first, as an open of one waits for the other.
     */
    private static final String GUARD = """
            exec 0</dev/null >/dev/null 2>&1 3<>%1$s 4<%1$s 3>&-
            read -r word <&4 && exit
            below() (
                latest_first=
                for child in $(cat /proc/$1/task/*/children); do latest_first="$child $latest_first"; done
                for child in $latest_first; do
                    below $child
                    echo $child
                done
            )
            # What CRIU traces runs when CRIU dies first: it is stopped, and what it restored goes before it.
            for attempt in 1 2 3 4 5; do
                kill -STOP $1 $(below $1)
                kill -KILL $(below $1)
                usleep 10000
            done
            kill -KILL $1
            if [ -e "$2" ]; then kill -KILL $(cat "$2"); fi
            """.formatted(LIFELINE);

    private static final String LOOP = """
            exec 0</dev/null 4<>%1$s 3<%1$s 4>&- 7</proc/%2$d/fd/0 8>>/proc/%2$d/fd/1 9>>/proc/%2$d/fd/2 >%3$s/shell.log 2>&1
            while read -r line <&3; do eval "$line"; done
            """;

    private final int pid;
    private final RandomAccessFile commands;
    private final RandomAccessFile lifeline;
    private boolean ended;

    private ContainerShell(int pid, RandomAccessFile commands, RandomAccessFile lifeline) {
        this.pid = pid;
        this.commands = commands;
        this.lifeline = lifeline;
    }

    /** To be called on a thread that lives in the container; {@code firstProcess} is the id in its PID namespace. */
    static ContainerShell start(int firstProcess) throws IOException {
        Processes.makePipe(COMMANDS);
        // Opened for both directions, an open of a pipe waits for nobody.
        RandomAccessFile commands = new RandomAccessFile(COMMANDS, "rw");
        Processes.makePipe(LIFELINE);
        RandomAccessFile lifeline = new RandomAccessFile(LIFELINE, "rw");
        Files.writeString(Path.of(GUARDIAN), GUARD);
        String loop = LOOP.formatted(COMMANDS, firstProcess, ContainerRoot.WORK);
        // Not by ProcessBuilder: it starts a thread, which the kernel refuses to a thread whose children live in
        // another PID
        // namespace than itself.
        int pid = Processes.spawn(List.of("/usr/bin/busybox", "sh", "-c", loop), List.of("PATH=/usr/sbin:/usr/bin"));
        return new ContainerShell(pid, commands, lifeline);
    }

    /** Gives the shell a view of the processes of its own namespace, and the network namespace; starts the guardian. */
    void enterProcesses() {
        run("mount -t proc proc /proc && exec 5</proc/self/ns/net; (/usr/bin/busybox sh " + GUARDIAN + " $$ "
                + LAZY_PAGES_PID + " 3<&- 5<&- 7<&- 8>&- 9>&- &)");
    }

    /** From here on the death of this JVM ends nothing in the container. */
    private void dismissGuardian() {
        try {
            lifeline.write((DISMISSED + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot dismiss the guardian in the container", error);
        }
    }

    /** Hands the shell one line to run; returns at once. */
    public void run(String line) {
        try {
            commands.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new UncheckedIOException("the helper process in the container has ended", error);
        }
    }

    /** The shell's process id, as this JVM sees it. */
    public int pid() {
        return pid;
    }

    /**
     * Whether the shell is no more, as when its container ended. Its remains, which are this process' child, are removed
     * then: until that is done, the kernel lets the container's first process not end.
     */
    public boolean hasEnded() {
        if (!ended) {
            ended = Processes.awaitEnd(pid, Duration.ZERO);
        }
        return ended;
    }

    /** Kills the shell and everything below it, what CRIU has begun to restore included. */
    public void kill() {
        if (!ended) {
            dismissGuardian();
            killTrees(List.of(pid));
            awaitEnd();
        }
    }

    /**
     * Kills the shell alone. Its children, CRIU and what it restores, become those of the container's first process.
     *
     * @return the children, as this JVM sees them; CRIU, which was started first, is the first
     */
    public List<Integer> abandon() {
        dismissGuardian();
        List<Integer> orphans = Processes.children(pid);
        Processes.signal(pid, Signal.SIGKILL);
        awaitEnd();
        return orphans;
    }

    private void awaitEnd() {
        ended = Processes.awaitEnd(pid, Duration.ofSeconds(10));
    }

    /**
     * Kills processes and all below them. What CRIU traces runs when CRIU dies first: all are stopped before the first is
     * killed, and the latest, which is what CRIU has restored, goes first.
     */
    public static void killTrees(List<Integer> roots) {
        // A tree that is being killed can still grow: repeat until nothing is left.
        for (int attempt = 0; attempt < 100; attempt++) {
            List<Integer> alive = new ArrayList<>(roots.stream()
                    .flatMap(root -> Processes.tree(root).stream())
                    .filter(pid ->
                            Processes.state(pid).filter(state -> state != 'Z').isPresent())
                    .toList());
            if (alive.isEmpty()) {
                return;
            }
            alive.forEach(pid -> Processes.signal(pid, Signal.SIGSTOP));
            Collections.reverse(alive);
            alive.forEach(pid -> Processes.signal(pid, Signal.SIGKILL));
        }
    }

    @Override
    public void close() {
        kill();
        try (lifeline) {
            commands.close();
        } catch (IOException error) {
            throw new UncheckedIOException("cannot close the pipe to the container's helper process", error);
        }
    }
}
