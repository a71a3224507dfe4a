package domain.my.lpm.launcher.criu;

import domain.my.lpm.launcher.namespace.ContainerEndedException;
import domain.my.lpm.launcher.namespace.ContainerRoot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One run of {@code criu dump}, from inside a container or from outside of it. */
public final class CriuDump {
    private static final String LOG = "dump.log";
    /** How often the container is looked at. */
    private static final long LOOK_NANOSECONDS = 50_000_000;

    private CriuDump() {}

    /**
     * How a dump is done.
     *
     * @param program path of CRIU in the toolkit
     * @param externalMounts the mount points whose content stays where it is; each is its own key
     * @param networkNamespace the inode of the network namespace, which stays, too
     * @param hold whether the processes stay stopped
     * @param tcp what becomes of established connections
     * @param ghostLimit up to which size, in bytes, deleted files that are still open travel in the dump
     * @param deadline for the whole dump
     */
    public record Options(
            String program,
            List<String> externalMounts,
            long networkNamespace,
            boolean hold,
            Tcp tcp,
            long ghostLimit,
            Duration deadline) {}

    /**
     * Dumps a tree below the container's first process, from inside.
     *
     * @param pid the tree's root in the container's PID namespace
     * @param images an existing directory, as the container root sees it
     * @throws CriuException when CRIU fails or is not done in time; the processes go on then
     * @throws ContainerEndedException when the container ended
     */
    public static void inside(ContainerRoot root, int pid, Path images, Options options) {
        try (Gate gate = Gate.install(root, false)) {
            root.shell()
                    .run(ShellQuote.join(command(pid, images, options)) + " 3<&- 8>&- 9>&- </dev/null"
                            + Gate.reportExit());
            long deadline = System.nanoTime() + options.deadline().toNanos();
            Optional<Gate.Event> event = Optional.empty();
            while (event.isEmpty() && System.nanoTime() < deadline) {
                event = gate.next(Math.min(deadline, System.nanoTime() + LOOK_NANOSECONDS));
                if (event.isEmpty() && root.shell().hasEnded()) {
                    throw new ContainerEndedException();
                }
            }
            if (event.isEmpty()) {
                root.shell().kill();
                throw tooSlow(options);
            }
            if (!(event.get() instanceof Gate.Ended ended && ended.exitCode() == 0)) {
                throw failure(
                        root.seen(images.resolve(LOG).toString()), event.get().toString());
            }
        } catch (InterruptedException interrupted) {
            root.shell().kill();
            Thread.currentThread().interrupt();
            throw new CriuException("interrupted during the dump, which was given up", interrupted);
        }
    }

    /**
     * Dumps a whole container from outside.
     *
     * @param pid the container's first process, as this JVM sees it
     * @param images an existing directory
     * @throws CriuException when CRIU fails or is not done in time; the processes go on then
     */
    public static void outside(int pid, Path images, Options options) {
        try {
            Process process = new ProcessBuilder(command(pid, images, options))
                    .redirectErrorStream(true)
                    .redirectOutput(images.resolve("criu.out").toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(options.deadline().toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
                throw tooSlow(options);
            }
            if (process.exitValue() != 0) {
                throw failure(images.resolve(LOG), "exit status " + process.exitValue());
            }
        } catch (IOException absent) {
            throw new CriuException(
                    "CRIU is absent: '" + options.program()
                            + "' cannot be started; use a toolkit image that contains it",
                    absent);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CriuException("interrupted during the dump, which was given up", interrupted);
        }
    }

    private static CriuException tooSlow(Options options) {
        return new CriuException("CRIU did not finish its dump within "
                + options.deadline().toSeconds() + " s and was killed; give it a longer deadline");
    }

    private static CriuException failure(Path log, String how) {
        return new CriuException(
                "CRIU's dump failed: " + CriuLog.firstError(log).orElse(how));
    }

    private static List<String> command(int pid, Path images, Options options) {
        List<String> words = new ArrayList<>(List.of(
                options.program(),
                "dump",
                "--tree",
                Integer.toString(pid),
                "--images-dir",
                images.toString(),
                "--log-file",
                LOG,
                "-v2",
                "--manage-cgroups=ignore",
                "--file-locks",
                "--ghost-limit",
                Long.toString(options.ghostLimit()),
                options.hold() ? "--leave-stopped" : "--leave-running",
                "--external",
                "net[" + options.networkNamespace() + "]:extRootNetNS"));
        switch (options.tcp()) {
            // Without the second option, a client whose connection has not been accepted yet would fail the dump.
            case ESTABLISHED -> words.addAll(List.of("--tcp-established", "--skip-in-flight"));
            case CLOSE -> words.addAll(List.of("--tcp-close", "--skip-in-flight"));
            case FAIL -> {
                // CRIU refuses by itself when neither option is given.
            }
        }
        for (String mount : options.externalMounts()) {
            words.add("--external");
            words.add("mnt[" + mount + "]:" + mount);
        }
        return words;
    }
}
