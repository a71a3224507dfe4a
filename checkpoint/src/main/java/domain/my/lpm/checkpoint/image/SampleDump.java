package domain.my.lpm.checkpoint.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Small dumps by a real CRIU, without memory and descriptors.json, by which a launcher rehearses what it will do with
 * one: made-up images would leave code cold that real ones need.
 */
public enum SampleDump {
    /** A shell with two children in a container as a kubelet makes it. */
    COUNTER("counter"),
    /** Processes, threads, sockets, timers and deleted files. */
    APPLICATION("application");

    private final String name;

    SampleDump(String name) {
        this.name = name;
    }

    /**
     * Writes the images.
     *
     * @param directory exists
     * @throws UncheckedIOException if writing fails
     */
    public void write(Path directory) {
        try {
            for (String file : files()) {
                Files.write(directory.resolve(file), resource(name + "/" + file));
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    List<String> files() {
        return new String(resource(name + ".files"), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }

    private byte[] resource(String file) {
        try (InputStream stream = SampleDump.class.getResourceAsStream("sample/" + file)) {
            if (stream == null) {
                throw new IllegalStateException("the program lacks its sample dump " + file);
            }
            return stream.readAllBytes();
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
