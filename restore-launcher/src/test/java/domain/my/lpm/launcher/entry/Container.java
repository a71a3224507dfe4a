package domain.my.lpm.launcher.entry;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** A PID and mount namespace whose first process is the entry under test; closing it kills everything inside. */
final class Container implements AutoCloseable {
    static final String ENTRY = Objects.requireNonNull(
            System.getProperty("lpm.entry"), "set -Dlpm.entry to the binary that src/main/c/Makefile builds");
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Process unshare;
    private final Path output;
    private final Path errors;

    private Container(Process unshare, Path output, Path errors) {
        this.unshare = unshare;
        this.output = output;
        this.errors = errors;
    }

    /** Starts {@code entry run} with these arguments. */
    static Container run(Path directory, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(ENTRY, "run"));
        command.addAll(List.of(arguments));
        return start(directory, command);
    }

    /** Starts a program that must become the entry by exec. */
    static Container start(Path directory, List<String> firstProcess) throws IOException {
        // What runs in the background ignores signals that an application must hear.
        List<String> command = new ArrayList<>(List.of(
                "env", "--default-signal", "unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc"));
        command.addAll(firstProcess);
        Path output = Files.createTempFile(directory, "output", "");
        Path errors = Files.createTempFile(directory, "errors", "");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile());
        builder.environment().put("LC_ALL", "C");
        return new Container(builder.start(), output, errors);
    }

    /** Waits until the first process bears that name, and returns its id as this JVM sees it. */
    int awaitName(String name) throws Exception {
        await("the first process to be called " + name, () -> comm().equals(name));
        return pid();
    }

    /** The children of the first process, as this JVM sees them. */
    List<Integer> children() {
        return Processes.children(pid());
    }

    /** Runs a command in the container's namespaces and returns its exit code. */
    int execute(String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("nsenter", "--target", Integer.toString(pid()), "--pid", "--mount", "--"));
        command.addAll(List.of(arguments));
        return finish(new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
                .start());
    }

    /** Starts a shell script whose parent is then the first process, as a restored application's is; returns its id. */
    int orphan(String script) throws Exception {
        List<Integer> before = children();
        assertThat(execute("sh", "-c", "sh -c '" + script + "' &")).isZero();
        await("the orphan", () -> children().size() > before.size());
        List<Integer> orphans = new ArrayList<>(children());
        orphans.removeAll(before);
        assertThat(orphans).hasSize(1);
        return orphans.get(0);
    }

    void awaitOutput(String text) throws Exception {
        await("the output '" + text + "'", () -> output().contains(text));
    }

    int exitCode() throws Exception {
        return finish(unshare);
    }

    String output() throws IOException {
        return Files.readString(output);
    }

    String errors() throws IOException {
        return Files.readString(errors);
    }

    static void await(String what, Callable<Boolean> condition) throws Exception {
        Instant deadline = Instant.now().plus(PATIENCE);
        while (!condition.call()) {
            assertThat(Instant.now()).as("waiting for " + what).isBefore(deadline);
            Thread.sleep(5);
        }
    }

    static int finish(Process process) throws InterruptedException {
        boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        assertThat(ended).as("the process ends").isTrue();
        return process.exitValue();
    }

    private int pid() {
        return Processes.children((int) unshare.pid()).get(0);
    }

    private String comm() throws IOException {
        List<Integer> first = Processes.children((int) unshare.pid());
        return first.isEmpty() ? "" : Processes.status(first.get(0)).getOrDefault("Name", "");
    }

    @Override
    public void close() throws InterruptedException {
        unshare.destroyForcibly();
        unshare.waitFor();
    }
}
