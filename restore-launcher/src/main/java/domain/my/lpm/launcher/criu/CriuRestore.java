package domain.my.lpm.launcher.criu;

import domain.my.lpm.launcher.namespace.ContainerRoot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * One run of {@code criu restore} inside a container. Prepared ahead of time, so that {@link #run} costs the start of
 * CRIU alone. The restored processes run their first instruction only after the check given to {@link #run} has passed.
 */
public final class CriuRestore implements AutoCloseable {
    private static final String LOG = ContainerRoot.WORK + "/restore.log";

    private final ContainerRoot root;
    private final Gate gate;

    private CriuRestore(ContainerRoot root, Gate gate) {
        this.root = root;
        this.gate = gate;
    }

    /** Prepares the pipes and scripts in the container. */
    public static CriuRestore prepare(ContainerRoot root) {
        return new CriuRestore(root, Gate.install(root));
    }

    /**
     * How a restore is done.
     *
     * @param program path of CRIU in the toolkit
     * @param externalMounts key in the dump to path in the root
     * @param stdio the dumped targets of descriptors 0, 1 and 2, for example {@code pipe:[123]} or {@code /dev/null}
     * @param externalNetwork whether the dump left the network namespace out
     * @param lazy whether memory pages are brought in as they are touched
     * @param tcp what becomes of established connections
     * @param deadline from the start of CRIU until the processes may run
     * @param extraOptions passed to CRIU as they are
     */
    public record Options(
            String program,
            Map<String, String> externalMounts,
            List<String> stdio,
            boolean externalNetwork,
            boolean lazy,
            Tcp tcp,
            Duration deadline,
            List<String> extraOptions) {}

    /** What becomes of TCP connections that were established when the checkpoint was taken. */
    public enum Tcp {
        /** They go on; the addresses must still be the pod's. */
        ESTABLISHED,
        /** They are closed, as if the peer had gone. */
        CLOSE,
        /** A checkpoint that holds any is refused. */
        FAIL
    }

    /**
     * Runs CRIU.
     *
     * @param options how
     * @param beforeFirstInstruction called with the id of the restored root in the container's PID namespace, while the
     *     processes stand complete but still; an exception thrown there undoes the restore and is passed on
     * @throws CriuException when CRIU fails, crashes or does not finish in time; nothing restored is left then
     */
    public void run(Options options, IntConsumer beforeFirstInstruction) {
        long deadline = System.nanoTime() + options.deadline().toNanos();
        root.shell().run(command(options));
        try {
            boolean restored = false;
            while (true) {
                Optional<Gate.Event> event = gate.next(deadline);
                if (event.isEmpty()) {
                    throw failure("CRIU did not finish within "
                            + options.deadline().toSeconds() + " s and was killed; give it a longer deadline");
                }
                if (event.get() instanceof Gate.Restored pid) {
                    beforeFirstInstruction.accept(pid.pid());
                    gate.answer(true);
                    restored = true;
                } else if (event.get() instanceof Gate.Ended ended) {
                    if (ended.exitCode() == 0 && restored) {
                        return;
                    }
                    throw failure("CRIU ended with " + exit(ended.exitCode()));
                }
            }
        } catch (IOException error) {
            root.shell().kill();
            throw new CriuException("lost touch with CRIU: " + error.getMessage(), error);
        } catch (InterruptedException interrupted) {
            root.shell().kill();
            Thread.currentThread().interrupt();
            throw new CriuException("interrupted during the restore, which was undone", interrupted);
        } catch (RuntimeException refused) {
            root.shell().kill();
            throw refused;
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

    private static String command(Options options) {
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
                Gate.SCRIPT));
        if (options.externalNetwork()) {
            words.addAll(List.of("--inherit-fd", "fd[5]:extRootNetNS"));
        }
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
        words.addAll(options.extraOptions());
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
                            ContainerRoot.WORK + "/lazy-pages.pid")))
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
