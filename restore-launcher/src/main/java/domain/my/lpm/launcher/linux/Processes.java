package domain.my.lpm.launcher.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jnr.constants.platform.Signal;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/** POSIX process control, and what {@code /proc} tells of processes (proc(5)). Process ids are those this process sees. */
public final class Processes {
    private static final POSIX POSIX_CALLS = POSIXFactory.getNativePOSIX();
    private static final Path PROC = Path.of("/proc");

    private Processes() {}

    /** The process id of this JVM. */
    public static int self() {
        return POSIX_CALLS.getpid();
    }

    /** Sends a signal; a process that no longer exists is not an error. */
    public static void signal(int pid, Signal signal) {
        POSIX_CALLS.kill(pid, signal.intValue());
    }

    /** Whether a process, alive or a zombie, has this id. */
    public static boolean exists(int pid) {
        return Files.exists(PROC.resolve(Integer.toString(pid)));
    }

    /** The lines of {@code /proc/PID/status} by name; empty when the process has ended. */
    public static Map<String, String> status(int pid) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line : read(pid, "status").lines().toList()) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        }
        return fields;
    }

    /** The state letter, for example {@code T} (stopped) or {@code Z} (zombie); empty when the process has ended. */
    public static Optional<Character> state(int pid) {
        return Optional.ofNullable(status(pid).get("State")).map(state -> state.charAt(0));
    }

    /** The ids of a process from this PID namespace inwards: the last is the one it has in its own. */
    public static List<Integer> namespaceIds(int pid) {
        String ids = status(pid).getOrDefault("NSpid", "");
        return ids.isEmpty()
                ? List.of()
                : Stream.of(ids.split("\\s+")).map(Integer::valueOf).toList();
    }

    /** The processes whose parent is {@code pid}. */
    public static List<Integer> children(int pid) {
        List<Integer> children = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(PROC.resolve(pid + "/task"))) {
            for (Path task : tasks.toList()) {
                String line = Files.readString(task.resolve("children")).strip();
                if (!line.isEmpty()) {
                    Stream.of(line.split(" ")).map(Integer::valueOf).forEach(children::add);
                }
            }
        } catch (IOException | UncheckedIOException gone) {
            return children;
        }
        return children;
    }

    /** {@code pid} and every process below it, parents first. */
    public static List<Integer> tree(int pid) {
        List<Integer> tree = new ArrayList<>(List.of(pid));
        for (int next = 0; next < tree.size(); next++) {
            tree.addAll(children(tree.get(next)));
        }
        return tree;
    }

    /** Where a process stands in each control group hierarchy: controller list (empty for version 2) to path. */
    public static Map<String, String> controlGroups(int pid) {
        return read(pid, "cgroup")
                .lines()
                .map(line -> line.split(":", 3))
                .collect(Collectors.toMap(part -> part[1], part -> part[2], (a, b) -> a, LinkedHashMap::new));
    }

    /** The target of a link below {@code /proc/PID}, for example {@code ns/net} or {@code fd/1}. */
    public static String link(int pid, String name) throws IOException {
        return Files.readSymbolicLink(PROC.resolve(pid + "/" + name)).toString();
    }

    private static String read(int pid, String name) {
        try {
            return new String(Files.readAllBytes(PROC.resolve(pid + "/" + name)), StandardCharsets.UTF_8);
        } catch (NoSuchFileException gone) {
            return "";
        } catch (IOException error) {
            // A process that ends while it is read answers ESRCH.
            return "";
        }
    }
}
