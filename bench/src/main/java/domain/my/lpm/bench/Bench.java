package domain.my.lpm.bench;

import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.Sandbox;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.Settings;
import domain.my.lpm.sandbox.migration.AgentKey;
import domain.my.lpm.sandbox.migration.TargetPod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Two nodes, and the way in which everything is measured on them. */
final class Bench implements AutoCloseable {
    /** Far longer than anything takes that is not stuck. */
    static final Duration SOON = Duration.ofMinutes(2);

    final Settings settings;
    final Sandbox sandbox;
    final AgentKey key = new AgentKey();
    final Node source;
    final Node target;
    final Results results = new Results();
    // The same order of variants in every run; what matters is that it differs between repetitions.
    private final Random random = new Random(1);
    private int names;
    private Keeper keeper = () -> {};

    Bench(Settings settings) {
        this.settings = settings;
        this.sandbox = Sandbox.create(settings);
        try {
            sandbox.images().entry(TargetPod.ENTRY_IMAGE);
            Workload.install(sandbox.images());
            source = sandbox.node("source");
            target = sandbox.node("target");
            key.install(source);
            key.install(target);
        } catch (RuntimeException failure) {
            sandbox.close();
            throw failure;
        }
    }

    /** A name that no other call gave. */
    String newName(String prefix) {
        return prefix + "-" + ++names;
    }

    void add(String figure, String variant, int mebibytes, int repetition, double value, String unit) {
        results.add(new Measurement(figure, variant, mebibytes, repetition, value, unit));
    }

    /** One way to do what others do too. */
    record Variant(String name, Once once) {}

    /** Measures by itself. */
    interface Once {
        void run(int repetition) throws IOException;
    }

    /** What is done whenever there are new results. */
    interface Keeper {
        void keep() throws IOException;
    }

    /** Keeps the results so far after every group of measurements. */
    void afterEach(Keeper afterEach) {
        keeper = afterEach;
    }

    /** Runs each variant once in every repetition, in another order each time. */
    void interleaved(String what, int repetitions, List<Variant> variants) throws IOException {
        for (int repetition = 1; repetition <= repetitions; repetition++) {
            List<Variant> order = new ArrayList<>(variants);
            Collections.shuffle(order, random);
            for (Variant variant : order) {
                say("%s, repetition %d of %d: %s", what, repetition, repetitions, variant.name());
                settle();
                try {
                    variant.once().run(repetition);
                } catch (SandboxException failure) {
                    // One failure is a result; it must not take the others' with it.
                    String reason = String.format(
                            Locale.ROOT,
                            "%s, repetition %d: %s failed: %s",
                            what,
                            repetition,
                            variant.name(),
                            failure.getMessage());
                    say("%s", reason);
                    results.skip(reason);
                }
            }
        }
        keeper.keep();
    }

    /** Nobody shall pay for writing what another wrote. */
    private void settle() {
        source.exec(SOON, List.of("sync", "-f", "/mnt/checkpoints")).orThrow();
    }

    @SuppressWarnings("AnnotateFormatMethod")
    static void say(String format, Object... arguments) {
        System.err.println("==> " + String.format(Locale.ROOT, format, arguments));
    }

    /**
     * How long a shell script on the source node takes to its end, the start of the shell not included.
     *
     * @return milliseconds
     * @throws SandboxException when it fails
     */
    double time(String script, String... arguments) {
        Waiting shell = waiting(source, script, arguments);
        long begin = System.nanoTime();
        shell.go();
        shell.awaitSuccess();
        return (System.nanoTime() - begin) / 1e6;
    }

    /** Starts a shell script that waits to be told to go on where it says {@code echo ready; read -r go}. */
    static Waiting waiting(Node node, String script, String... arguments) {
        List<String> command = new ArrayList<>(List.of("sh", "-ec", script, "sh"));
        command.addAll(List.of(arguments));
        return new Waiting(script, node.start(command)).awaitReady();
    }

    /** A shell that stands by, so that its start counts for nobody. */
    static final class Waiting {
        private final String script;
        private final Process process;

        private Waiting(String script, Process process) {
            this.script = script;
            this.process = process;
        }

        private Waiting awaitReady() {
            try {
                String line = process.inputReader().readLine();
                if (!"ready".equals(line)) {
                    throw new SandboxException("the script did not get ready: " + line + " " + errors());
                }
                return this;
            } catch (IOException error) {
                throw new UncheckedIOException("lost the script " + script, error);
            }
        }

        void go() {
            try {
                process.getOutputStream().write('\n');
                process.getOutputStream().flush();
            } catch (IOException error) {
                throw new UncheckedIOException("lost the script " + script, error);
            }
        }

        void awaitSuccess() {
            try {
                if (!process.waitFor(SOON.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.destroyForcibly();
                    throw new SandboxException("did not end within " + SOON.toSeconds() + " s: " + script);
                }
                if (process.exitValue() != 0) {
                    throw new SandboxException(
                            "ended with exit code " + process.exitValue() + ": " + script + "\n" + errors());
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new SandboxException("interrupted while a script ran", interrupted);
            }
        }

        void kill() {
            process.destroyForcibly();
        }

        private String errors() {
            try {
                return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            } catch (IOException closed) {
                return "";
            }
        }
    }

    /** Where the nodes see a file of the share. */
    String onNode(Path shared) {
        return "/mnt/checkpoints/" + sandbox.share().relativize(shared);
    }

    @Override
    public void close() {
        sandbox.close();
    }
}
