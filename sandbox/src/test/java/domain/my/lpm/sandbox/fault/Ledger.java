package domain.my.lpm.sandbox.fault;

import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that the containers of an application ever wrote, wherever they ran: their output as conmon stamped it. A write to a pipe
 * has happened or has not, whatever becomes of the writer, which a message on a connection that is closed leaves open.
 */
final class Ledger implements AutoCloseable {
    /** A tick of the application. */
    record Tick(String node, Instant time, long number, String nonce) {
        private static Tick parse(String node, String line) {
            String[] fields = line.split(" ");
            return new Tick(node, OffsetDateTime.parse(fields[0]).toInstant(), Long.parseLong(fields[4]), fields[5]);
        }
    }

    private record Log(String node, FileChannel channel) {}

    private final List<Node> nodes;
    private final String application;
    private final String container;
    /** By the log's name, which is another one for every start of a container. Open, as logs are removed with their pods. */
    private final Map<Path, Log> logs = new LinkedHashMap<>();

    /** Of the pods whose names begin so. */
    Ledger(List<Node> nodes, String application, String container) {
        this.nodes = nodes;
        this.application = application;
        this.container = container;
    }

    /** To be called often: notices containers that are new. */
    void look() {
        for (Node node : nodes) {
            for (RunningPod pod : List.copyOf(node.pods().values())) {
                if (pod.pod().getMetadata().getName().startsWith(application)) {
                    pod.latest(container).ifPresent(each -> open(node, each));
                }
            }
        }
    }

    private void open(Node node, RunningContainer started) {
        Path file = started.logFile();
        if (!logs.containsKey(file)) {
            try {
                logs.put(file, new Log(node.name(), FileChannel.open(file)));
            } catch (NoSuchFileException early) {
                // conmon is about to make it.
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    /** All ticks so far in the order of their times. */
    List<Tick> ticks() {
        look();
        List<Tick> ticks = new ArrayList<>();
        for (Log log : logs.values()) {
            read(log)
                    .lines()
                    .filter(line -> line.contains(" stdout F tick "))
                    .forEach(line -> ticks.add(Tick.parse(log.node(), line)));
        }
        ticks.sort(Comparator.comparing(Tick::time));
        return ticks;
    }

    private static String read(Log log) {
        try {
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(log.channel().size()));
            int read = 0;
            while (bytes.hasRemaining() && read >= 0) {
                read = log.channel().read(bytes, bytes.position());
            }
            String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
            return text.substring(0, text.lastIndexOf('\n') + 1);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    @Override
    public void close() {
        logs.values().forEach(log -> {
            try {
                log.channel().close();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        });
    }
}
