package domain.my.lpm.bench;

import domain.my.lpm.sandbox.Image;
import domain.my.lpm.sandbox.Images;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The program that is migrated: ticker.c, which knows when it ticked. */
final class Workload {
    /** The name of its container. */
    static final String CONTAINER = "ticker";

    /** The name of its process. */
    static final String PROCESS = "program";

    private static final String IMAGE = "lpm.bench/ticker";

    private Workload() {}

    /**
     * A line of the program's output.
     *
     * @param number 1 for the first
     * @param micros microseconds since 1970 at which the program made it
     */
    record Tick(long number, long micros) {
        static Optional<Tick> parse(String line) {
            String[] words = line.split(" ");
            if (words.length != 3 || !words[0].equals("tick")) {
                return Optional.empty();
            }
            try {
                return Optional.of(new Tick(Long.parseLong(words[1]), Long.parseLong(words[2])));
            } catch (NumberFormatException cut) {
                return Optional.empty();
            }
        }

        static List<Tick> all(List<String> lines) {
            return lines.stream().flatMap(line -> parse(line).stream()).toList();
        }
    }

    /**
     * The clock of the ticks. The wall clock, because a restored process may see a monotonic clock of its own, in which it
     * was never away.
     */
    static long micros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    static Image install(Images images) {
        return images.staticBinary(IMAGE, source());
    }

    /** A pod whose one container holds that much memory, and ticks every 5 ms. */
    static Pod pod(String name, int mebibytes) {
        return pod(name, mebibytes, Duration.ofMillis(5));
    }

    /** A pod whose one container holds that much memory, and ticks with this pause. */
    static Pod pod(String name, int mebibytes, Duration pause) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName(CONTAINER)
                .withImage(IMAGE)
                // The rewrite needs to know it: it cannot look into images.
                .withCommand(List.of("/program", Integer.toString(mebibytes), Long.toString(pause.toNanos() / 1000)))
                .endContainer()
                .endSpec()
                .build();
    }

    private static String source() {
        try (InputStream text = Objects.requireNonNull(Workload.class.getResourceAsStream("ticker.c"))) {
            return new String(text.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read ticker.c", error);
        }
    }
}
