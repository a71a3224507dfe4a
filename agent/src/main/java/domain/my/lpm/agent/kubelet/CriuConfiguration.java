package domain.my.lpm.agent.kubelet;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.checkpoint.repository.Durable;
import domain.my.lpm.launcher.criu.Tcp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * CRIU's configuration for what the node's runtime asks of it: {@code /etc/criu/runc.conf}, and {@code crun.conf} where there is
 * one. It holds for one call at a time. What was there before is on the node's disk first, and is put back after the call, or by
 * the next agent.
 */
public final class CriuConfiguration {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final long GHOST_LIMIT = 1L << 30;

    private final Path directory;
    private final Path state;
    private final Path record;
    private final StepListener steps;
    private final ReentrantLock lock = new ReentrantLock();

    /**
     * That of a node; what a former agent has left of its own is put back.
     *
     * @param nodeRoot the node's root file system
     * @param state a directory on the node's disk
     */
    public CriuConfiguration(Path nodeRoot, Path state, StepListener steps) {
        this.directory = nodeRoot.resolve("etc/criu");
        this.state = state;
        this.record = state.resolve("criu-configuration.json");
        this.steps = steps;
        putBack();
    }

    /** Content of each file before; null where there was none. */
    private record Before(Map<String, byte @Nullable []> files) {}

    /**
     * Does something under a configuration, alone on this node.
     *
     * @param hold whether the processes stay stopped after a dump
     * @param tcp what becomes of established connections
     */
    public <T> T during(boolean hold, Tcp tcp, Supplier<T> act) {
        lock.lock();
        try {
            steps.during(Step.CONFIGURE_CRIU, () -> write(hold, tcp));
            try {
                return act.get();
            } finally {
                steps.during(Step.PUT_BACK_CRIU_CONFIGURATION, this::putBack);
            }
        } finally {
            lock.unlock();
        }
    }

    private void write(boolean hold, Tcp tcp) {
        List<String> lines = new ArrayList<>();
        if (hold) {
            lines.add("leave-stopped");
        }
        switch (tcp) {
            case ESTABLISHED -> lines.add("tcp-established");
            case CLOSE -> lines.add("tcp-close");
            case FAIL -> {
                // CRIU refuses by itself when neither is given.
            }
        }
        lines.add("ghost-limit " + GHOST_LIMIT);
        byte[] content = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            Files.createDirectories(directory);
            Map<String, byte @Nullable []> before = new LinkedHashMap<>();
            before.put("runc.conf", read("runc.conf").orElse(null));
            // crun reads runc.conf only where it has none of its own.
            read("crun.conf").ifPresent(own -> before.put("crun.conf", own));
            Durable.createDirectories(state);
            Durable.replace(record, JSON.writeValueAsBytes(new Before(before)));
            for (String file : before.keySet()) {
                Durable.replace(directory.resolve(file), content);
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "cannot write CRIU's configuration in " + directory + "; mount the node's root for writing",
                    problem);
        }
    }

    /** Removes the directory where nothing is in it: it is made for the first call. */
    public void removeEmptyDirectory() {
        try {
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException others) {
            // Whoever wrote there keeps it.
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "cannot remove " + directory + "; mount the node's root for writing", problem);
        }
    }

    private Optional<byte[]> read(String file) throws IOException {
        Path path = directory.resolve(file);
        return Files.exists(path) ? Optional.of(Files.readAllBytes(path)) : Optional.empty();
    }

    /** Puts back what a call has replaced, if anything. */
    private void putBack() {
        if (!Files.exists(record)) {
            return;
        }
        try {
            Before before = JSON.readValue(Files.readAllBytes(record), Before.class);
            for (Map.Entry<String, byte @Nullable []> entry : before.files().entrySet()) {
                Path file = directory.resolve(entry.getKey());
                byte[] content = entry.getValue();
                if (content == null) {
                    Files.deleteIfExists(file);
                } else if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), content)) {
                    Durable.replace(file, content);
                }
            }
            Durable.sync(directory);
            Files.delete(record);
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "cannot put back CRIU's configuration in " + directory + " from " + record
                            + "; do so by hand, and remove that file",
                    problem);
        }
    }
}
