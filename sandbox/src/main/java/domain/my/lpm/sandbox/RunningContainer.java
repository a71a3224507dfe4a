package domain.my.lpm.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import domain.my.lpm.launcher.linux.Processes;
import io.fabric8.kubernetes.api.model.Container;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** One start of a container, by runc below conmon. */
public final class RunningContainer {
    private static final String STORAGE = "/var/lib/containers/storage";
    private static final Duration POLL = Duration.ofMillis(10);

    private final Node node;
    private final RunningPod pod;
    private final Container container;
    private final Image image;
    private final String id;
    private final String log;
    private final String name;
    private final int pid;
    private final Instant created;
    private boolean removed;

    private RunningContainer(
            RunningPod pod, Container container, Image image, String id, String name, String log, int pid) {
        this.node = pod.node();
        this.pod = pod;
        this.container = container;
        this.image = image;
        this.id = id;
        this.name = name;
        this.log = log;
        this.pid = pid;
        this.created = Instant.now();
    }

    static RunningContainer start(RunningPod pod, Container container, int attempt, String podDirectory) {
        String id = (UUID.randomUUID() + "" + UUID.randomUUID()).replace("-", "");
        Optional<ImageRestore> restore = ImageRestore.prepare(
                pod.node(), container.getImage(), STORAGE + "/overlay-containers/" + id + "/restore");
        try {
            return start(pod, container, attempt, podDirectory, id, restore);
        } finally {
            restore.ifPresent(ImageRestore::discard);
        }
    }

    private static RunningContainer start(
            RunningPod pod,
            Container container,
            int attempt,
            String podDirectory,
            String id,
            Optional<ImageRestore> restore) {
        Node node = pod.node();
        Image image = node.images().get(restore.map(ImageRestore::baseImage).orElse(container.getImage()));
        ContainerSpec spec = new ContainerSpec(pod.pod(), container, image);
        String log = pod.logDirectory() + "/" + container.getName() + "/" + attempt + ".log";
        String userdata = STORAGE + "/overlay-containers/" + id + "/userdata";
        String storage = STORAGE + "/overlay/" + id;
        String terminationLog = podDirectory + "/containers/" + container.getName() + "/" + id.substring(0, 8);
        ContainerSpec.Paths paths = new ContainerSpec.Paths(
                storage + "/merged", "/run/pods/" + pod.uid(), podDirectory, userdata, terminationLog, log);
        boolean unified = Files.exists(node.root().resolve("sys/fs/cgroup/cgroup.controllers"));
        boolean swapIsCounted = unified
                ? Files.exists(node.root().resolve("sys/fs/cgroup/init/memory.swap.max"))
                : Files.exists(node.root().resolve("sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"));
        String json =
                spec.json(id, attempt, paths, "/kubepods/pod" + pod.uid() + "/crio-" + id, unified, swapIsCounted);
        restore.ifPresent(from -> from.requireMounts(json));
        try {
            Path root = node.root();
            Files.createDirectories(root.resolve(userdata.substring(1)));
            Files.writeString(root.resolve(userdata.substring(1) + "/config.json"), json);
            Files.createFile(root.resolve(userdata.substring(1) + "/.containerenv"));
            Files.createDirectories(root.resolve(log.substring(1)).getParent());
            Path termination = root.resolve(terminationLog.substring(1));
            Files.createDirectories(termination.getParent());
            Files.createFile(termination);
            Files.setPosixFilePermissions(termination, PosixFilePermissions.fromString("rw-rw-rw-"));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot prepare the container '" + container.getName() + "'", error);
        }
        String layers = String.join(
                ":",
                image.lowerDirectories().stream().map(node.images()::onNode).toList());
        Result result = node.exec(List.of(
                "sh",
                "-c",
                Scripts.text("container"),
                "sh",
                id,
                spec.name(attempt),
                layers,
                storage,
                userdata,
                log,
                Boolean.TRUE.equals(container.getTty()) ? "-t" : "",
                restore.map(ImageRestore::directory).orElse("")));
        int pid = reported(result, container.getName());
        RunningContainer running =
                new RunningContainer(pod, container, image, id, spec.name(attempt), log, Math.max(pid, 0));
        if (result.exitCode() != 0) {
            running.remove();
            throw failure(result, container.getName(), restore.isPresent() ? "was not restored" : "did not start");
        }
        return running;
    }

    private static int reported(Result result, String container) {
        String line = result.lines().stream().findFirst().orElse("");
        if (line.isEmpty()) {
            return -1;
        }
        try {
            return new ObjectMapper().readTree(line).path("pid").asInt(-1);
        } catch (JsonProcessingException error) {
            throw new SandboxException(
                    "conmon's report on the container '" + container + "' is no JSON: " + line, error);
        }
    }

    private static SandboxException failure(Result result, String container, String what) {
        return new SandboxException(
                "the container '" + container + "' " + what + ": " + (result.output() + " " + result.error()).strip());
    }

    /** 64 hexadecimal digits. */
    public String id() {
        return id;
    }

    /** The name in the pod's spec. */
    public String name() {
        return container.getName();
    }

    /** The name that CRI-O would give it. */
    String runtimeName() {
        return name;
    }

    /** The pod it belongs to. */
    public RunningPod pod() {
        return pod;
    }

    /** The image it was started from. */
    public Image image() {
        return image;
    }

    /** When it was started. */
    public Instant created() {
        return created;
    }

    /** The id of its first process in the node's PID namespace, which an agent on the node uses. */
    public int pid() {
        return pid;
    }

    /**
     * The id of its first process as the machine sees it.
     *
     * @throws SandboxException when it has ended
     */
    public int hostPid() {
        return node.onMachine(pid)
                .orElseThrow(() -> new SandboxException(
                        "the container '" + name() + "' has no process any more: " + String.join(" | ", output())));
    }

    /** Whether its first process exists and is not a zombie. */
    public boolean isRunning() {
        return node.onMachine(pid)
                .flatMap(Processes::state)
                .filter(state -> state != 'Z' && state != 'X')
                .isPresent();
    }

    /** The lines on its standard output and standard error so far, in the order in which conmon read them. */
    public List<String> output() {
        return lines(stream -> true).stream().map(LogLine::text).toList();
    }

    /**
     * The lines on one of its standard streams so far.
     *
     * @param stream {@code stdout} or {@code stderr}
     */
    public List<String> output(String stream) {
        return lines(stream::equals).stream().map(LogLine::text).toList();
    }

    /** The lines on both streams so far, with the times. */
    public List<LogLine> lines() {
        return lines(stream -> true);
    }

    private List<LogLine> lines(Predicate<String> ofStream) {
        List<LogLine> lines = new ArrayList<>();
        StringBuilder partial = new StringBuilder();
        for (String entry : logLines()) {
            // Time, stream, and P for a part of a line or F for its end: the CRI's log format.
            String[] fields = entry.split(" ", 4);
            if (fields.length < 4 || !ofStream.test(fields[1])) {
                continue;
            }
            partial.append(fields[3]);
            if (fields[2].equals("F")) {
                lines.add(new LogLine(OffsetDateTime.parse(fields[0]).toInstant(), partial.toString()));
                partial.setLength(0);
            }
        }
        return lines;
    }

    private List<String> logLines() {
        try {
            String text = Files.readString(node.root().resolve(log.substring(1)));
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        } catch (NoSuchFileException none) {
            return List.of();
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the log of the container '" + name() + "'", error);
        }
    }

    /** The log in CRI format, on the node. */
    String log() {
        return log;
    }

    /** The log in CRI format, as the machine sees it. */
    public Path logFile() {
        return node.root().resolve(log.substring(1));
    }

    /**
     * Waits for a line of output.
     *
     * @return the first that matches, lines printed before this call included
     * @throws SandboxException when none came in time; the message shows the last lines
     */
    public String awaitLine(Predicate<String> matches, Duration atMost) {
        Optional<String>[] found = newHolder();
        boolean seen = await(atMost, () -> {
            found[0] = output().stream().filter(matches).findFirst();
            return found[0].isPresent();
        });
        if (!seen) {
            List<String> lines = output();
            throw new SandboxException("no such line from the container '" + name() + "' within " + atMost.toMillis()
                    + " ms; its last lines: "
                    + String.join(" | ", lines.subList(Math.max(0, lines.size() - 10), lines.size())));
        }
        return found[0].orElseThrow();
    }

    @SuppressWarnings("unchecked")
    private static Optional<String>[] newHolder() {
        return (Optional<String>[]) new Optional<?>[] {Optional.empty()};
    }

    /** Waits for a condition; returns whether it came true within the time. */
    public static boolean await(Duration atMost, BooleanSupplier condition) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            try {
                Thread.sleep(POLL.toMillis());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new SandboxException("interrupted while waiting for a container", interrupted);
            }
        }
        return true;
    }

    /** Runs a command in the container, as {@code kubectl exec} does. */
    public Result exec(List<String> command) {
        return node.exec(execCommand(command));
    }

    /**
     * The same with a time of its own.
     *
     * @throws SandboxException when it does not end in time
     */
    public Result exec(Duration atMost, List<String> command) {
        return node.exec(atMost, execCommand(command));
    }

    /** Starts a command in the container. */
    public Process start(List<String> command) {
        return node.start(execCommand(command));
    }

    private List<String> execCommand(List<String> command) {
        return Command.concat(List.of("runc", "--root", "/run/runc", "exec", id), command);
    }

    /**
     * Sends a signal to its first process.
     *
     * @param signal a name such as {@code TERM}
     */
    public void signal(String signal) {
        runtime("kill", id, signal);
    }

    /**
     * Waits until it has ended.
     *
     * @return the exit code that the runtime reports: 128 + n after signal n
     * @throws SandboxException when it still runs after that time
     */
    public int awaitExit(Duration atMost) {
        Path exit = node.root().resolve("run/exits/" + id);
        boolean ended = await(atMost, () -> Files.exists(exit));
        if (!ended) {
            throw new SandboxException(
                    "the container '" + name() + "' still runs after " + atMost.toMillis() + " ms: " + processes());
        }
        try {
            return Integer.parseInt(Files.readString(exit).strip());
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the exit code of the container '" + name() + "'", error);
        }
    }

    /** The exit code as {@link #awaitExit} returns it; empty while it runs. */
    public OptionalInt exitCode() {
        Path exit = node.root().resolve("run/exits/" + id);
        return Files.exists(exit) ? OptionalInt.of(awaitExit(Duration.ZERO)) : OptionalInt.empty();
    }

    /** Whether the kernel killed a process of it for want of memory, as conmon noticed. */
    public boolean oomKilled() {
        return Files.exists(node.root().resolve((userdata() + "/oom").substring(1)));
    }

    /** Its processes, restored and executed ones included, zombies too. */
    public List<ContainerProcess> processes() {
        Optional<Integer> first = node.onMachine(pid);
        if (first.isEmpty()) {
            return List.of();
        }
        List<Integer> own = Processes.tree(first.get());
        String namespace = pidNamespace(first.get());
        List<ContainerProcess> processes = new ArrayList<>();
        for (int candidate : Processes.tree(node.pid())) {
            if (own.contains(candidate) || (!namespace.isEmpty() && namespace.equals(pidNamespace(candidate)))) {
                Processes.state(candidate)
                        .ifPresent(state -> processes.add(new ContainerProcess(
                                candidate, Processes.status(candidate).getOrDefault("Name", ""), state)));
            }
        }
        return processes;
    }

    private static String pidNamespace(int process) {
        try {
            return Processes.link(process, "ns/pid");
        } catch (IOException ended) {
            return "";
        }
    }

    /** Its root file system with the image below, as the machine sees it. */
    public Path rootFileSystem() {
        return node.root().resolve(storage().substring(1)).resolve("merged");
    }

    /** What it changed in its root file system, in the form of an overlay's upper directory. */
    public Path upperDirectory() {
        return node.directory().resolve("containers/storage/overlay/" + id + "/diff");
    }

    /** The directory on the node in which the runtime keeps the container's files. */
    String userdata() {
        return STORAGE + "/overlay-containers/" + id + "/userdata";
    }

    String storage() {
        return STORAGE + "/overlay/" + id;
    }

    /** The node it runs on. */
    public Node node() {
        return node;
    }

    /** Runs runc on the node; throws when it fails. */
    Result runtime(String... arguments) {
        return node.exec(Command.concat(List.of("runc", "--root", "/run/runc"), List.of(arguments)))
                .orThrow();
    }

    /** Kills it and removes what it had but its log. */
    void remove() {
        if (removed) {
            return;
        }
        removed = true;
        node.shell("""
                runc --root /run/runc delete --force "$1" 2>/dev/null || :
                # conmon writes into the directory that is about to be removed until it ends.
                attempts=0
                conmon=$(cat "$3/conmon-pidfile" 2>/dev/null || :)
                while [ -n "$conmon" ] && [ -d "/proc/$conmon" ] && [ $attempts -lt 100 ]; do
                    attempts=$((attempts + 1))
                    sleep 0.02
                done
                attempts=0
                while mountpoint -q "$2/merged" && ! umount "$2/merged" 2>/dev/null && [ $attempts -lt 100 ]; do
                    attempts=$((attempts + 1))
                    sleep 0.02
                done
                rm -rf --one-file-system "$2" "${3%/userdata}"
                """, id, storage(), userdata());
    }
}
