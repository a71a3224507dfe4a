package domain.my.lpm.launcher.namespace;

import domain.my.lpm.launcher.linux.Processes;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jnr.constants.platform.Signal;

/**
 * A small shell inside the container which starts CRIU there. It has to exist because the parent of CRIU becomes the
 * parent of the restored process, and only a parent within the container's PID namespace passes it on to the
 * container's first process when it ends.
 *
 * <p>Descriptors of the shell: 5 the network namespace, 7 the container's standard input, 8 its standard output, 9 its
 * standard error.
 */
public final class ContainerShell implements AutoCloseable {
    private static final String LOOP = """
            exec 3<&0 0</dev/null 8>&1 9>&2 >%s/shell.log 2>&1
            while read -r line <&3; do eval "$line"; done
            """.formatted(ContainerRoot.WORK);

    private final Process process;
    private final BufferedWriter commands;
    private final int firstProcess;

    private ContainerShell(Process process, int firstProcess) {
        this.process = process;
        this.commands = process.outputWriter(StandardCharsets.UTF_8);
        this.firstProcess = firstProcess;
    }

    /** To be called on a thread that lives in the container; {@code firstProcess} is the id in its PID namespace. */
    static ContainerShell start(int firstProcess) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("/usr/bin/busybox", "sh", "-c", LOOP);
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/sbin:/usr/bin");
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(new File("/proc/" + firstProcess + "/fd/1")));
        builder.redirectError(ProcessBuilder.Redirect.appendTo(new File("/proc/" + firstProcess + "/fd/2")));
        return new ContainerShell(builder.start(), firstProcess);
    }

    /** Gives the shell a view of the processes of its own namespace, and the descriptors that CRIU inherits. */
    void enterProcesses() {
        run("mount -t proc proc /proc && exec 5</proc/self/ns/net 7</proc/%d/fd/0".formatted(firstProcess));
    }

    /** Hands the shell one line to run; returns at once. */
    public void run(String line) {
        try {
            commands.write(line);
            commands.newLine();
            commands.flush();
        } catch (IOException error) {
            throw new UncheckedIOException("the helper process in the container has ended", error);
        }
    }

    /** The shell's process id, as this JVM sees it. */
    public long pid() {
        return process.pid();
    }

    /** Whether the shell still runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /**
     * Lets the shell end of itself: its children are left to the container's first process.
     *
     * @return whether it ended within the time
     */
    public boolean leave(Duration atMost) {
        try {
            commands.close();
        } catch (IOException ended) {
            return true;
        }
        try {
            return process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Kills the shell and everything below it, what CRIU has begun to restore included. */
    public void kill() {
        // A tree that is being killed can still grow: repeat until only the shell is left.
        for (int attempt = 0; attempt < 100; attempt++) {
            List<Integer> tree = Processes.tree((int) process.pid());
            List<Integer> below = tree.subList(1, tree.size()).stream()
                    .filter(pid ->
                            Processes.state(pid).filter(state -> state != 'Z').isPresent())
                    .toList();
            if (below.isEmpty()) {
                break;
            }
            below.forEach(pid -> Processes.signal(pid, Signal.SIGKILL));
        }
        Processes.signal((int) process.pid(), Signal.SIGKILL);
    }

    @Override
    public void close() {
        if (!leave(Duration.ofSeconds(1))) {
            kill();
        }
    }
}
