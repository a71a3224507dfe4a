package domain.my.lpm.sandbox;

import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jnr.constants.platform.Signal;

/** A checkpoint that the runtime takes, see {@link RuntimeArchive}, with CRIU configured for it, and the hold that follows. */
public final class RuntimeCheckpoint {
    private static final Duration SETTLE = Duration.ofSeconds(2);
    /** CRIU's configuration for every dump that runc asks for. */
    private static final String CONFIGURATION = "etc/criu/runc.conf";

    private final RunningContainer container;
    private final Tcp tcp;
    private final Path archive;

    private RuntimeCheckpoint(RunningContainer container, Tcp tcp, Path archive) {
        this.container = container;
        this.tcp = tcp;
        this.archive = archive;
    }

    /** What becomes of TCP connections that are established. */
    public enum Tcp {
        /** They are dumped. */
        ESTABLISHED,
        /** They are dumped as closed. */
        CLOSE,
        /** The checkpoint fails. */
        FAIL
    }

    /**
     * How a checkpoint is taken.
     *
     * @param hold whether no process runs any more after the instant of the dump
     * @param tcp what becomes of established connections
     * @param ghostLimit up to which size, in bytes, files that are deleted but open are dumped
     */
    public record Options(boolean hold, Tcp tcp, long ghostLimit) {
        /** Held, connections fail the checkpoint, CRIU's own limit of 1 MiB. */
        public static final Options HOLD = new Options(true, Tcp.FAIL, 1 << 20);

        /** As the kubelet does it where nobody has configured CRIU. */
        public static final Options LEAVE_RUNNING = new Options(false, Tcp.FAIL, 1 << 20);

        private String configuration() {
            List<String> lines = new ArrayList<>();
            if (hold) {
                lines.add("leave-stopped");
            }
            switch (tcp) {
                case ESTABLISHED -> lines.add("tcp-established");
                case CLOSE -> lines.add("tcp-close");
                case FAIL -> {}
            }
            lines.add("ghost-limit " + ghostLimit);
            return String.join("\n", lines) + "\n";
        }
    }

    /**
     * Takes a checkpoint.
     *
     * @throws SandboxException when CRIU refuses; the container runs on then, and the message has CRIU's first error
     */
    public static RuntimeCheckpoint take(RunningContainer container, Options options) {
        Path configuration = container.node().root().resolve(CONFIGURATION);
        try {
            Optional<String> previous =
                    Files.exists(configuration) ? Optional.of(Files.readString(configuration)) : Optional.empty();
            Files.writeString(configuration, options.configuration());
            RuntimeCheckpoint checkpoint;
            try {
                checkpoint = new RuntimeCheckpoint(container, options.tcp(), RuntimeArchive.take(container));
            } finally {
                if (previous.isPresent()) {
                    Files.writeString(configuration, previous.get());
                } else {
                    Files.delete(configuration);
                }
            }
            if (options.hold() && !RunningContainer.await(SETTLE, checkpoint::isHeld)) {
                throw new SandboxException("the checkpoint of '" + container.name() + "' did not hold it: "
                        + container.processes() + "; was " + CONFIGURATION + " read?");
            }
            return checkpoint;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot take a checkpoint of '" + container.name() + "'", error);
        }
    }

    /** The archive, an uncompressed tar file of mode 0600 on the node's disk, as the machine sees it. */
    public Path archive() {
        return archive;
    }

    /** Whether every process of the container is stopped. */
    public boolean isHeld() {
        List<ContainerProcess> processes = container.processes();
        return !processes.isEmpty()
                && processes.stream().allMatch(process -> process.state() == 'T' || process.state() == 'Z');
    }

    /**
     * Ends the hold: each process goes on from the instruction at which it was stopped. Where connections were dumped, it
     * is the node's agent that does so, because CRIU has left them in repair mode behind a locked network, which a signal
     * alone does not undo.
     */
    public void resume() {
        if (tcp == Tcp.ESTABLISHED) {
            container
                    .node()
                    .agent(List.of("resume", "--pid", Integer.toString(container.pid())))
                    .orThrow();
        } else {
            signalEach(Signal.SIGCONT);
        }
    }

    /** Kills every process while it is stopped, so that none runs another instruction of its program. */
    public void fence() {
        signalEach(Signal.SIGKILL);
    }

    private void signalEach(Signal signal) {
        container.processes().forEach(process -> Processes.signal(process.pid(), signal));
    }
}
