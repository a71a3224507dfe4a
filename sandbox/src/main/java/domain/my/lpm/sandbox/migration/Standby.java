package domain.my.lpm.sandbox.migration;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.launcher.status.StatusFile;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A launcher that has entered a target container and waits for its release. Closing it withdraws the release. */
public final class Standby implements AutoCloseable {
    private final Process launcher;
    private final Path statusFile;
    private final StringBuilder said = new StringBuilder();
    private final Thread reader;

    private Standby(Process launcher, Path statusFile) {
        this.launcher = launcher;
        this.statusFile = statusFile;
        this.reader = new Thread(this::listen, "launcher-output");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts the launcher on the target's node, as its agent does.
     *
     * @param owner whose checkpoint will come
     * @param options further options of {@code restore-launcher restore}
     */
    public static Standby start(RunningContainer target, Owner owner, List<String> options) {
        return start(target, owner, options, List.of());
    }

    /**
     * Starts the launcher as {@link #start(RunningContainer, Owner, List)} does, but by another program.
     *
     * @param by a command that runs its further arguments, for example {@code setpriv} with options
     */
    public static Standby start(RunningContainer target, Owner owner, List<String> options, List<String> by) {
        Node node = target.node();
        String status = "/work/" + UUID.randomUUID() + ".json";
        List<String> arguments = new ArrayList<>(List.of("restore", "--standby"));
        arguments.addAll(SourceAgent.place(target, owner));
        arguments.addAll(List.of(
                "--trusted-keys",
                AgentKey.TRUSTED_KEYS,
                "--claimant",
                target.pod().uid() + "/" + target.id(),
                "--status",
                status));
        arguments.addAll(options);
        return new Standby(node.startAgent(arguments, by), node.root().resolve("agent" + status));
    }

    private void listen() {
        try {
            byte[] buffer = new byte[4096];
            for (int count; (count = launcher.getErrorStream().read(buffer)) >= 0; ) {
                synchronized (said) {
                    said.append(new String(buffer, 0, count, StandardCharsets.UTF_8));
                }
            }
        } catch (IOException ended) {
            // Nothing more will be said.
        }
    }

    /** Waits until the launcher is ready for its release; returns at once when it has ended instead. */
    public Standby awaitReady(Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (launcher.isAlive() && !(Files.exists(statusFile) && status().state() == State.STANDBY)) {
            if (System.nanoTime() > deadline) {
                throw new SandboxException("the launcher was not ready within " + atMost + ": " + said());
            }
            pause();
        }
        return this;
    }

    /** Lets the launcher restore that checkpoint. */
    public Standby release(CheckpointUri uri) {
        return release(uri.toString());
    }

    /** Lets the launcher start the application anew. */
    public Standby releaseFresh() {
        return release("");
    }

    /** Tells the launcher that no release will come. */
    public Standby withdraw() {
        try {
            launcher.getOutputStream().close();
            return this;
        } catch (IOException ended) {
            return this;
        }
    }

    private Standby release(String line) {
        try {
            launcher.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
            launcher.getOutputStream().flush();
            return this;
        } catch (IOException ended) {
            return this;
        }
    }

    /** Waits until the outcome is known. */
    public Status awaitOutcome(Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!(Files.exists(statusFile) && status().outcome() != null)) {
            if (!launcher.isAlive() && !(Files.exists(statusFile) && status().outcome() != null)) {
                throw new SandboxException("the launcher ended without an outcome: " + said());
            }
            if (System.nanoTime() > deadline) {
                throw new SandboxException("the launcher knew no outcome within " + atMost + ": " + said());
            }
            pause();
        }
        return status();
    }

    /** Waits for the launcher's end and returns its exit code. */
    public int awaitExit(Duration atMost) {
        try {
            if (!launcher.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new SandboxException("the launcher did not end within " + atMost + ": " + said());
            }
            reader.join(1000);
            return launcher.exitValue();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while waiting for the launcher", interrupted);
        }
    }

    /** What the launcher has written to its standard error so far. */
    public String said() {
        synchronized (said) {
            return said.toString().strip();
        }
    }

    /** The launcher's status. */
    public Status status() {
        try {
            return StatusFile.read(statusFile);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the launcher's status", error);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while waiting for the launcher", interrupted);
        }
    }

    @Override
    public void close() {
        launcher.destroyForcibly();
        try {
            launcher.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
