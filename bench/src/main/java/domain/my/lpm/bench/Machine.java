package domain.my.lpm.bench;

import domain.my.lpm.sandbox.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the figures were measured on.
 *
 * @param kernel its release
 * @param processor the model, as the kernel names it
 * @param processors how many this JVM may use
 * @param memoryMebibytes all of it
 * @param loadAverage over 1, 5 and 15 minutes, when the run began
 * @param versions of the programs that take part
 */
record Machine(
        String kernel,
        String processor,
        int processors,
        long memoryMebibytes,
        String loadAverage,
        Map<String, String> versions) {
    static Machine of(Node node) {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("criu", version(node, "criu", "--version"));
        versions.put("runc", version(node, "runc", "--version"));
        versions.put("zstd", version(node, "zstd", "--version"));
        versions.put("java of the benchmark", System.getProperty("java.vm.version"));
        versions.put(
                "java of the launcher",
                node.exec(List.of("chroot", "/agent", "/usr/lib/lpm/jre/bin/java", "--version")).lines().stream()
                        .findFirst()
                        .orElse("?"));
        return new Machine(
                System.getProperty("os.version") + " " + System.getProperty("os.arch"),
                field(Path.of("/proc/cpuinfo"), "model name"),
                Runtime.getRuntime().availableProcessors(),
                memory("MemTotal"),
                load(),
                versions);
    }

    /** The load average now. */
    static String load() {
        return text(Path.of("/proc/loadavg")).strip().replaceAll("^(\\S+ \\S+ \\S+).*", "$1");
    }

    /** A line of /proc/meminfo, in MiB. */
    static long memory(String field) {
        return Long.parseLong(field(Path.of("/proc/meminfo"), field).replaceAll("\\D", "")) / 1024;
    }

    private static String version(Node node, String... command) {
        return node.exec(List.of(command)).lines().stream()
                .filter(line -> line.matches(".*\\d+\\.\\d+.*"))
                .findFirst()
                .orElse("?")
                .replaceAll("^.*?(\\d+\\.\\d[\\w.+~-]*).*$", "$1");
    }

    private static String field(Path file, String name) {
        return text(file)
                .lines()
                .filter(line -> line.startsWith(name))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse("?");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read " + file, error);
        }
    }
}
