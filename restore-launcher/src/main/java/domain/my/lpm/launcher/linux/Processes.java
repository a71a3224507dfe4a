package domain.my.lpm.launcher.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jnr.constants.platform.Signal;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/** POSIX process control, and what {@code /proc} tells of processes (proc(5)). Process ids are those this process sees. */
public final class Processes {
    private static final POSIX POSIX_CALLS = POSIXFactory.getNativePOSIX();
    private static final int WNOHANG = 1;
    private static final int PRIO_PROCESS = 0;
    private static final int LOWEST_PRIORITY = 19;
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

    /**
     * Starts a process from the calling thread, in whatever namespaces and root directory that thread has. Its standard
     * descriptors are this process' own, it has no others; the caller has to {@link #awaitEnd} it.
     *
     * @param command the program's path and its arguments
     * @param environment {@code NAME=value} each
     * @return the process id, as this process sees it
     * @throws UncheckedIOException if it cannot be started
     */
    public static int spawn(List<String> command, List<String> environment) {
        // What this process has open must not reach a restored one.
        Linux.closeDescriptorsOnExec();
        int pid = Math.toIntExact(POSIX_CALLS.posix_spawnp(command.get(0), List.of(), List.of(), command, environment));
        if (pid <= 0) {
            throw new UncheckedIOException(new IOException(
                    "cannot start " + command.get(0) + ": error " + POSIX_CALLS.errno() + "; see errno(3)"));
        }
        return pid;
    }

    /**
     * Waits until a process that {@link #spawn} started has ended, and forgets it.
     *
     * @return whether it ended within the time
     */
    public static boolean awaitEnd(int pid, Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        int[] waitStatus = new int[1];
        while (POSIX_CALLS.waitpid(pid, waitStatus, WNOHANG) == 0) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(200_000);
        }
        return true;
    }

    /** Lets every other thread that wants a processor have it before the calling one. */
    public static void yieldToOthers() {
        // Thread 0 is the calling one; setpriority(2). A refusal costs time alone.
        POSIX_CALLS.setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
    }

    /** Makes a named pipe for the owner alone. */
    public static void makePipe(String path) {
        if (POSIX_CALLS.mkfifo(path, 0600) != 0) {
            throw new UncheckedIOException(new IOException(
                    "cannot make the pipe " + path + ": error " + POSIX_CALLS.errno() + "; see errno(3)"));
        }
    }

    /**
     * Loads and starts what {@link #spawn} needs. The native binding starts a thread at its first use, which the kernel
     * refuses to a thread that has entered a PID namespace: to be called before.
     */
    public static void prepareToSpawn() {
        awaitEnd(spawn(List.of("/usr/bin/busybox", "true"), List.of()), Duration.ofSeconds(10));
    }

    /** Names a process as no other one is ever named, on whatever machine: its id, its start and the machine's boot. */
    public static String identity(int pid) {
        String stat = read(pid, "stat");
        // proc(5): the start time is field 22; the name, in parentheses, is field 2 and may hold blanks.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
        String start = fields.length > 19 ? fields[19] : "?";
        try {
            return "process " + pid + " started at " + start + " of boot "
                    + Files.readString(PROC.resolve("sys/kernel/random/boot_id"))
                            .strip();
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the id of the machine's boot", error);
        }
    }

    /** Whether a process, alive or a zombie, has this id. */
    public static boolean exists(int pid) {
        return Files.exists(PROC.resolve(Integer.toString(pid)));
    }

    /** {@code /proc/PID/status} as it is; empty when the process has ended. */
    public static String statusText(int pid) {
        return read(pid, "status");
    }

    /** Whether SIGTERM has been sent to a process that has not taken it yet, as one that is stopped. */
    public static boolean isTerminationPending(int pid) {
        Map<String, String> status = status(pid);
        long pending = 0;
        for (String field : List.of("SigPnd", "ShdPnd")) {
            pending |= Long.parseUnsignedLong(status.getOrDefault(field, "0"), 16);
        }
        return (pending & (1L << (Signal.SIGTERM.intValue() - 1))) != 0;
    }

    /** The lines of {@code /proc/PID/status} by name; empty when the process has ended. */
    public static Map<String, String> status(int pid) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line : statusText(pid).lines().toList()) {
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

    /**
     * Finds a process by the id it has in the PID namespace of another one.
     *
     * @param inside the id there
     * @param root the first process of that namespace, as this process sees it
     * @return the id as this process sees it; empty when there is none below {@code root}
     */
    public static Optional<Integer> withNamespaceId(int inside, int root) {
        int depth = namespaceIds(root).size();
        for (int pid : tree(root)) {
            List<Integer> ids = namespaceIds(pid);
            if (ids.size() >= depth && ids.get(depth - 1) == inside) {
                return Optional.of(pid);
            }
        }
        return Optional.empty();
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

    /** The open descriptors of a process; none when it has ended. */
    public static List<Integer> descriptors(int pid) {
        try (Stream<Path> descriptors = Files.list(PROC.resolve(pid + "/fd"))) {
            return descriptors
                    .map(path -> Integer.valueOf(path.getFileName().toString()))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException gone) {
            return List.of();
        }
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
