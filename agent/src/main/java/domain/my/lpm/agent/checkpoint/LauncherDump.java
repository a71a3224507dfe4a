package domain.my.lpm.agent.checkpoint;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.Share;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The launcher dumps and stores by itself, in a process of its own. */
final class LauncherDump implements Dump {
    private static final Duration MORE = Duration.ofSeconds(2);

    private final Launchers launchers;
    private final Places places;
    private final StepListener steps;

    LauncherDump(Launchers launchers, Places places, StepListener steps) {
        this.launchers = launchers;
        this.places = places;
        this.steps = steps;
    }

    @Override
    public Taken take(Job job, Duration atMost) {
        steps.during(Step.RUN_CHECKPOINT_LAUNCHER, () -> run(job, atMost));
        return new Taken() {
            @Override
            public String criuVersion() {
                return "";
            }

            @Override
            public void store(Duration more) {}

            @Override
            public void discard() {}
        };
    }

    private void run(Job job, Duration atMost) {
        Process process = launchers.start(arguments(job, atMost));
        try {
            StringBuilder said = new StringBuilder();
            Thread reader = new Thread(
                    () -> {
                        try {
                            said.append(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
                        } catch (IOException ended) {
                            // It has said all.
                        }
                    },
                    "launcher-checkpoint");
            reader.setDaemon(true);
            reader.start();
            if (!process.waitFor(atMost.plus(MORE).toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new AgentException(
                        Kind.DEADLINE_EXCEEDED,
                        job.uri() + ": the launcher did not finish within " + atMost.toSeconds()
                                + " s; give it longer, or see whether the shared storage answers");
            }
            reader.join(1000);
            if (process.exitValue() != 0) {
                throw failure(job, said.toString().strip());
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new AgentException(
                    Kind.UNAVAILABLE, job.uri() + ": interrupted during the dump; repeat the call", interrupted);
        }
    }

    private static AgentException failure(Job job, String said) {
        String reason = said.lines()
                .filter(line -> line.startsWith("error: "))
                .reduce((first, last) -> last)
                .map(line -> line.substring("error: ".length()))
                .orElse(said);
        boolean full = Share.isFull(new IOException(said));
        return new AgentException(
                full ? Kind.RESOURCE_EXHAUSTED : Kind.FAILED_PRECONDITION,
                "the checkpoint of the container '" + job.container().name() + "' of pod "
                        + job.order().source() + " failed and it goes on: " + reason);
    }

    private List<String> arguments(Job job, Duration atMost) {
        CheckpointOrder order = job.order();
        List<String> arguments = new ArrayList<>(List.of(
                "checkpoint",
                "--pid",
                Integer.toString(launchers.pid(job.container().pid())),
                "--namespace",
                order.source().namespace(),
                "--pod",
                order.source().name(),
                "--container",
                job.container().name(),
                "--repository",
                places.repository().toString(),
                "--staging",
                places.staging().toString(),
                "--signing-key",
                places.signingKey().toString(),
                "--checkpoint",
                job.uri().toString(),
                "--form",
                order.form().name().toLowerCase(Locale.ROOT),
                "--tcp",
                order.tcp().name().toLowerCase(Locale.ROOT),
                "--deadline",
                Math.max(1, atMost.toSeconds()) + "s"));
        if (order.hold().isEmpty()) {
            arguments.add("--leave-running");
        }
        job.volumes().forEach((name, path) -> arguments.addAll(List.of("--volume", name + "=" + path)));
        return arguments;
    }

    /** Whether a launcher that a former agent started is still at work on a checkpoint. */
    static boolean isAtWork(String uri) {
        String[] names = new File("/proc").list((parent, name) -> name.matches("[0-9]+"));
        for (String name : names == null ? new String[0] : names) {
            try {
                String line = Files.readString(Path.of("/proc", name, "cmdline"), StandardCharsets.ISO_8859_1);
                List<String> words = Stream.of(line.split("\0")).toList();
                if (words.contains("checkpoint") && words.contains(uri)) {
                    return true;
                }
            } catch (IOException | UncheckedIOException ended) {
                // It is not the one.
            }
        }
        return false;
    }
}
