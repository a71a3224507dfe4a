package domain.my.lpm.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What is still there of a sandbox. */
public final class Leftovers {
    private Leftovers() {}

    /** The sandbox's directory, and the processes that live in its mount namespaces or were started for it. */
    public static List<String> of(String sandbox) {
        List<String> left = new ArrayList<>();
        if (Files.exists(Path.of(sandbox))) {
            left.add(sandbox);
        }
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            processes
                    .filter(process -> process.getFileName().toString().matches("\\d+"))
                    .filter(process -> Stream.of("mountinfo", "cmdline")
                            .anyMatch(file -> read(process.resolve(file)).contains(sandbox)))
                    .forEach(process -> left.add("process " + process.getFileName()));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return left;
    }

    /** A file below {@code /proc}; empty when its process has ended. */
    public static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException ended) {
            return "";
        }
    }
}
