package domain.my.lpm.sandbox.fault;

import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.sandbox.Leftovers;
import domain.my.lpm.sandbox.fault.Announcements.Side;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import jnr.constants.platform.Signal;

/** A controller or agent in a JVM of its own, which can be killed, stopped and cut off at its steps. */
final class Participant implements AutoCloseable {
    /** Hears of every step, while the participant waits. It goes on when this returns, unless it was killed or stopped. */
    interface Script {
        void at(Participant participant, Side side, String step);
    }

    private final Role role;
    private final List<String> command;
    private final Path log;
    private final List<Wire> wires;
    private final IntConsumer served;
    private volatile Script script = (participant, side, step) -> {};
    private volatile Process process;
    private volatile CountDownLatch ready = new CountDownLatch(1);
    private boolean cut;

    /**
     * Starts it.
     *
     * @param main its class, in the class path of this JVM
     * @param log to which its standard error is appended
     * @param wires all that it reaches others by, and they it
     * @param served is told the port it serves at, whenever it was started
     */
    Participant(Role role, Class<?> main, List<String> arguments, Path log, List<Wire> wires, IntConsumer served) {
        this.role = role;
        this.log = log;
        this.wires = wires;
        this.served = served;
        this.command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
        command.addAll(arguments);
        this.process = launch();
    }

    Role role() {
        return role;
    }

    int pid() {
        return Math.toIntExact(process.pid());
    }

    /** From now on {@code next} hears of its steps. */
    void follow(Script next) {
        script = next;
    }

    private Process launch() {
        try {
            ready = new CountDownLatch(1);
            Process started = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            Thread listener = new Thread(() -> listen(started), role + "-steps");
            listener.setDaemon(true);
            listener.start();
            return started;
        } catch (IOException error) {
            throw new UncheckedIOException("cannot start the " + role, error);
        }
    }

    private void listen(Process started) {
        try (BufferedReader lines = started.inputReader(StandardCharsets.UTF_8);
                OutputStream answers = started.getOutputStream()) {
            for (String line; (line = lines.readLine()) != null; ) {
                String[] words = line.split(" ");
                if (words[0].equals(Announcements.PORT)) {
                    served.accept(Integer.parseInt(words[1]));
                    ready.countDown();
                } else if (words[0].equals(Announcements.STEP)) {
                    script.at(this, Side.valueOf(words[1]), words[2]);
                    answers.write('\n');
                    answers.flush();
                }
            }
        } catch (IOException ended) {
            // It was killed.
        }
    }

    /** Waits until it serves. */
    void awaitReady(Duration atMost) {
        try {
            if (!ready.await(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("the " + role + " did not come up: " + said());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** As {@code kill -9} does. */
    void kill() {
        Process killed = process;
        killed.destroyForcibly();
        try {
            killed.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Kills it and starts it anew. */
    void restart() {
        kill();
        process = launch();
    }

    /** It does nothing until {@link #thaw}, and answers nobody; its connections stay. */
    void freeze() {
        Processes.signal(pid(), Signal.SIGSTOP);
    }

    /** Ends {@link #freeze}. */
    void thaw() {
        Processes.signal(pid(), Signal.SIGCONT);
    }

    /** It works, but reaches nobody, and nobody reaches it, until {@link #mend}. */
    synchronized void cut() {
        cut = true;
        wires.forEach(Wire::cut);
    }

    /** Ends {@link #cut}. */
    synchronized void mend() {
        if (cut) {
            cut = false;
            wires.forEach(Wire::mend);
        }
    }

    /** The end of what it said on its standard error. */
    String said() {
        List<String> lines = Leftovers.read(log).lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    }

    @Override
    public void close() {
        kill();
    }
}
