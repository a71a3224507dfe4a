package domain.my.lpm.launcher.criu;

import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.namespace.ContainerEndedException;
import domain.my.lpm.launcher.namespace.ContainerRoot;
import domain.my.lpm.launcher.namespace.ContainerShell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One run of {@code criu restore} inside a container. Prepared ahead of time, so that {@link #run} costs the start of
 * CRIU alone. The restored processes run their first instruction only after the check given to {@link #run} has passed.
 */
public final class CriuRestore implements AutoCloseable {
    private static final String LOG = ContainerRoot.WORK + "/restore.log";
    /** How often CRIU is looked at once it has no parent here that would report its end. */
    private static final long LOOK_NANOSECONDS = 50_000_000;

    private final ContainerRoot root;
    private final Gate gate;
    private final boolean waits;
    private List<Integer> handedOver = List.of();

    private CriuRestore(ContainerRoot root, boolean waits) {
        this.root = root;
        this.gate = Gate.install(root, waits);
        this.waits = waits;
    }

    /**
     * Prepares the pipes and scripts in the container, and lets CRIU look at the kernel.
     *
     * @param program path of CRIU in the toolkit
     * @param waits whether what is restored may have to wait for long before it may run
     */
    public static CriuRestore prepare(ContainerRoot root, String program, boolean waits) {
        CriuRestore prepared = new CriuRestore(root, waits);
        // CRIU keeps what it has found out about the kernel in /run, and would otherwise begin its restore by that.
        root.shell()
                .run(ShellQuote.join(List.of(program, "check", "--feature", "mem_dirty_track")) + " 3<&- </dev/null");
        return prepared;
    }

    /**
     * How a restore is done.
     *
     * @param program path of CRIU in the toolkit
     * @param externalMounts key in the dump to path in the root
     * @param stdio the dumped targets of descriptors 0, 1 and 2, for example {@code pipe:[123]} or {@code /dev/null}
     * @param lazy whether memory pages are brought in as they are touched
     * @param tcp what becomes of established connections
     * @param deadline from the start of CRIU until the processes run, without the time for which they wait complete
     */
    public record Options(
            String program,
            Map<String, String> externalMounts,
            List<String> stdio,
            boolean lazy,
            Tcp tcp,
            Duration deadline) {}

    /** Told how far a restore is. An exception thrown by any of these undoes it and is passed on. */
    public interface Steps {
        /** CRIU is at work; called now and then. */
        void stillWanted();

        /** The processes stand complete but still; {@code pid} is their root in the container's PID namespace. */
        void complete(int pid);

        /** Whether they may run; may wait for a moment, and is asked again until they may. */
        boolean mayRun();

        /** They are about to run. */
        void beforeFirstInstruction(int pid);
    }

    /**
     * Runs CRIU.
     *
     * @param options how
     * @param steps told how far it is
     * @throws CriuException when CRIU fails, crashes or does not finish in time; nothing restored is left then
     * @throws ContainerEndedException when the container ended
     */
    public void run(Options options, Steps steps) {
        long deadline = System.nanoTime() + options.deadline().toNanos();
        root.shell().run(command(options, waits));
        List<Integer> orphans = List.of();
        Optional<Integer> running = Optional.empty();
        try {
            while (true) {
                Optional<Gate.Event> event = gate.next(Math.min(deadline, System.nanoTime() + LOOK_NANOSECONDS));
                if (event.isEmpty()) {
                    steps.stillWanted();
                    if (System.nanoTime() >= deadline) {
                        throw failure("CRIU did not finish within "
                                + options.deadline().toSeconds() + " s and was killed; give it a longer deadline");
                    }
                    if (orphans.isEmpty() && root.shell().hasEnded()) {
                        throw new ContainerEndedException();
                    }
                    if (running.filter(this::isThere).isPresent() && !Processes.exists(orphans.get(0))) {
                        return;
                    }
                    if (!orphans.isEmpty() && !Processes.exists(orphans.get(0))) {
                        throw failure("CRIU ended before the restored processes ran");
                    }
                } else if (event.get() instanceof Gate.Restored restored) {
                    steps.complete(restored.pid());
                    long complete = System.nanoTime();
                    while (!steps.mayRun()) {
                        requireWaiting();
                    }
                    deadline += System.nanoTime() - complete;
                    // From here on CRIU and the restored processes are children of the container's first process.
                    orphans = root.shell().abandon();
                    handedOver = orphans;
                    // Next to each other: a death between the two would end the container.
                    steps.beforeFirstInstruction(restored.pid());
                    gate.answer(true);
                    // From here on they run, whatever becomes of CRIU: what it does after that is to report it.
                    running = Optional.of(restored.pid());
                } else if (event.get() instanceof Gate.Resumed
                        || running.filter(this::isThere).isPresent()) {
                    return;
                } else if (event.get() instanceof Gate.Ended ended) {
                    throw failure("CRIU ended with " + exit(ended.exitCode()));
                }
            }
        } catch (IOException error) {
            undo(orphans);
            throw new CriuException("lost touch with CRIU: " + error.getMessage(), error);
        } catch (InterruptedException interrupted) {
            undo(orphans);
            Thread.currentThread().interrupt();
            throw new CriuException("interrupted during the restore, which was undone", interrupted);
        } catch (RuntimeException refused) {
            undo(orphans);
            throw refused;
        }
    }

    private boolean isThere(int pidInContainer) {
        return Processes.withNamespaceId(pidInContainer, root.firstProcess()).isPresent();
    }

    /** What waits at the gate is there only as long as CRIU and the container are. */
    private void requireWaiting() throws InterruptedException {
        if (gate.next(System.nanoTime()).orElse(null) instanceof Gate.Ended ended) {
            throw failure("CRIU ended with " + exit(ended.exitCode()) + " while the restored processes waited");
        }
        if (root.shell().hasEnded()) {
            throw new ContainerEndedException();
        }
    }

    private void undo(List<Integer> orphans) {
        ContainerShell.killTrees(orphans);
        root.shell().kill();
        lazyPages().ifPresent(daemon -> ContainerShell.killTrees(List.of(daemon)));
    }

    /** Kills what a lazy restore has brought to life. */
    public void killRestored() {
        undo(handedOver);
    }

    /** Waits until a lazy restore has brought in its last page, or its application has ended. */
    public void awaitLazyPages() throws InterruptedException {
        Optional<Integer> daemon = lazyPages();
        while (daemon.isPresent() && Processes.exists(daemon.get())) {
            Thread.sleep(LOOK_NANOSECONDS / 1_000_000);
        }
    }

    /** The process that serves pages, as this JVM sees it; CRIU writes its id in the container's PID namespace. */
    private Optional<Integer> lazyPages() {
        Path file = root.seen(ContainerShell.LAZY_PAGES_PID);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            int inside = Integer.parseInt(Files.readString(file).strip());
            return Processes.withNamespaceId(inside, root.firstProcess());
        } catch (IOException | NumberFormatException unreadable) {
            return Optional.empty();
        }
    }

    private CriuException failure(String what) {
        Optional<String> reason = CriuLog.firstError(log());
        return new CriuException(reason.map(error -> what + ": " + error).orElse(what));
    }

    private static String exit(int code) {
        return code > 128 ? "signal " + (code - 128) : "exit status " + code;
    }

    /** CRIU's log of this run, as this JVM sees it. */
    public Path log() {
        return root.seen(LOG);
    }

    /** Does what {@link #run} does before CRIU starts, and drops it: for a rehearsal. */
    public static void rehearse() {
        Options options = new Options(
                "criu",
                Map.of("/etc/hosts", "/old/etc/hosts"),
                List.of("/dev/null", "pipe:[1]", "pipe:[2]"),
                false,
                Tcp.CLOSE,
                Duration.ZERO);
        command(options, true);
    }

    private static String command(Options options, boolean waits) {
        List<String> words = new ArrayList<>(List.of(
                options.program(),
                "restore",
                "--images-dir",
                ContainerRoot.IMAGES,
                "--work-dir",
                ContainerRoot.WORK,
                "--log-file",
                LOG,
                "-v2",
                "--root",
                ContainerRoot.ROOT_FILE_SYSTEM,
                "--restore-detached",
                "--restore-sibling",
                "--manage-cgroups=ignore",
                "--file-locks",
                "--action-script",
                Gate.SCRIPT,
                "--inherit-fd",
                "fd[5]:extRootNetNS"));
        inheritedStdio(options.stdio()).forEach((target, descriptor) -> {
            words.add("--inherit-fd");
            words.add("fd[" + descriptor + "]:" + target);
        });
        options.externalMounts().forEach((key, path) -> {
            words.add("--external");
            words.add("mnt[" + key + "]:" + path);
        });
        switch (options.tcp()) {
            case ESTABLISHED -> words.add("--tcp-established");
            case CLOSE -> words.add("--tcp-close");
            case FAIL -> {
                // CRIU refuses by itself when neither option is given.
            }
        }
        if (waits) {
            // Not even CRIU's end lets run what may have to wait.
            words.add("--leave-stopped");
        }
        StringBuilder line = new StringBuilder();
        if (options.lazy()) {
            words.add("--lazy-pages");
            line.append(ShellQuote.join(List.of(
                            options.program(),
                            "lazy-pages",
                            "--images-dir",
                            ContainerRoot.IMAGES,
                            "--work-dir",
                            ContainerRoot.WORK,
                            "--log-file",
                            ContainerRoot.WORK + "/lazy-pages.log",
                            "-v1",
                            "--daemon",
                            "--pidfile",
                            ContainerShell.LAZY_PAGES_PID)))
                    .append(" 5<&- 7<&- 8>&- 9>&- 3<&- && ");
        }
        return line.append(ShellQuote.join(words))
                .append(" 3<&-")
                .append(Gate.reportExit())
                .toString();
    }

    /** The dump's pipes of standard input, output and error, each once, to the shell's descriptor that takes its place. */
    private static Map<String, Integer> inheritedStdio(List<String> stdio) {
        Map<String, Integer> inherited = new LinkedHashMap<>();
        for (int index = 0; index < Math.min(3, stdio.size()); index++) {
            if (stdio.get(index).startsWith("pipe:[")) {
                inherited.putIfAbsent(stdio.get(index), index + 7);
            }
        }
        return inherited;
    }

    @Override
    public void close() {
        gate.close();
    }
}
