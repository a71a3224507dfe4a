package domain.my.lpm.agent.checkpoint;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.Share;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.node.Places;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.launcher.checkpoint.Checkpoint;
import java.io.BufferedReader;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
        return steps.during(Step.RUN_CHECKPOINT_LAUNCHER, () -> {
            Running running = new Running(job, launchers.start(arguments(job, atMost)));
            running.awaitStored(atMost.plus(MORE));
            return running;
        });
    }

    /** A launcher that tells line by line how far it is. */
    private static final class Running implements Taken {
        private final Job job;
        private final Process process;
        private final CompletableFuture<Boolean> stored = new CompletableFuture<>();
        private final CompletableFuture<String> said = new CompletableFuture<>();
        private volatile long frozen = System.nanoTime();
        private volatile long dumped = frozen;

        Running(Job job, Process process) {
            this.job = job;
            this.process = process;
            read("launcher-errors", () -> {
                try (var errors = process.getErrorStream()) {
                    said.complete(new String(errors.readAllBytes(), StandardCharsets.UTF_8).strip());
                } catch (IOException ended) {
                    said.complete("");
                }
            });
            read("launcher-checkpoint", this::follow);
        }

        private static void read(String name, Runnable reader) {
            Thread thread = new Thread(reader, name);
            thread.setDaemon(true);
            thread.start();
        }

        private void follow() {
            try (BufferedReader lines = process.inputReader()) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.equals(Checkpoint.Progress.DUMPING)) {
                        frozen = System.nanoTime();
                    } else if (line.equals(Checkpoint.Progress.DUMPED)) {
                        dumped = System.nanoTime();
                    } else if (line.equals(job.uri().toString())) {
                        stored.complete(true);
                    }
                }
            } catch (IOException ended) {
                // It has said all.
            } finally {
                stored.complete(false);
            }
        }

        void awaitStored(Duration atMost) {
            try {
                if (!stored.get(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw failure(job, said.get(1, TimeUnit.SECONDS));
                }
            } catch (TimeoutException slow) {
                process.destroyForcibly();
                throw new AgentException(
                        Kind.DEADLINE_EXCEEDED,
                        job.uri() + ": the launcher did not finish within " + atMost.toSeconds()
                                + " s; give it longer, or see whether the shared storage answers",
                        slow);
            } catch (ExecutionException impossible) {
                throw new IllegalStateException(impossible);
            } catch (InterruptedException interrupted) {
                process.destroyForcibly();
                throw interrupted(interrupted);
            }
        }

        private AgentException interrupted(InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return new AgentException(
                    Kind.UNAVAILABLE, job.uri() + ": interrupted during the dump; repeat the call", interrupted);
        }

        @Override
        public String criuVersion() {
            return "";
        }

        @Override
        public long frozen() {
            return frozen;
        }

        @Override
        public long dumped() {
            return dumped;
        }

        @Override
        public void store(Duration more) {}

        @Override
        public void discard() {}
    }

    private static AgentException failure(Job job, String said) {
        boolean full = Share.isFull(new IOException(said));
        return new AgentException(
                full ? Kind.RESOURCE_EXHAUSTED : Kind.FAILED_PRECONDITION,
                "the checkpoint of the container '" + job.container().name() + "' of pod "
                        + job.order().source() + " failed and it goes on: " + reason(said));
    }

    private static String reason(String said) {
        return said.lines()
                .filter(line -> line.startsWith("error: "))
                .reduce((first, last) -> last)
                .map(line -> line.substring("error: ".length()))
                .orElse(said);
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
                "--durability",
                switch (order.durability()) {
                    case BEFORE_COMPLETE -> "before-complete";
                    case LATER -> "later";
                },
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
