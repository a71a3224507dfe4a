package domain.my.lpm.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Running a program of the machine to its end. */
final class Command {
    private Command() {}

    /** Runs {@code command}, which messages call {@code shown}; an empty environment means this JVM's. */
    static Result run(Duration atMost, List<String> command, List<String> shown, Map<String, String> environment) {
        ProcessBuilder builder = new ProcessBuilder(command);
        if (!environment.isEmpty()) {
            builder.environment().clear();
            builder.environment().putAll(environment);
        }
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            CompletableFuture<String> output = read(process.getInputStream());
            CompletableFuture<String> error = read(process.getErrorStream());
            if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new SandboxException("'" + String.join(" ", shown) + "' did not end within " + atMost.toSeconds()
                        + " s and was killed");
            }
            return new Result(shown, process.exitValue(), output.join(), error.join());
        } catch (IOException error) {
            throw new UncheckedIOException("cannot run " + command.get(0), error);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while '" + String.join(" ", shown) + "' ran", interrupted);
        }
    }

    static Result run(Duration atMost, List<String> command) {
        return run(atMost, command, command, Map.of());
    }

    static List<String> concat(List<String> first, List<String> second) {
        List<String> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    private static CompletableFuture<String> read(InputStream stream) {
        CompletableFuture<String> content = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try (stream) {
                        content.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
                    } catch (IOException closed) {
                        content.completeExceptionally(closed);
                    }
                },
                "output");
        thread.setDaemon(true);
        thread.start();
        return content;
    }
}
