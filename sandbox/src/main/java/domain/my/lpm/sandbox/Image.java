package domain.my.lpm.sandbox;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * A container image: read-only directories and what to run in them.
 *
 * @param name as pod specs name it, for example {@code docker.io/library/busybox:1.37}
 * @param lowerDirectories the layers, uppermost first, each below the work directory's {@code images} or the build root
 * @param entrypoint what a pod's {@code command} replaces
 * @param command what a pod's {@code args} replaces
 * @param environment {@code NAME=value} each
 * @param workingDirectory where the first process starts
 */
public record Image(
        String name,
        List<Path> lowerDirectories,
        List<String> entrypoint,
        List<String> command,
        List<String> environment,
        String workingDirectory) {
    /** Copies the lists. */
    public Image {
        lowerDirectories = List.copyOf(lowerDirectories);
        entrypoint = List.copyOf(entrypoint);
        command = List.copyOf(command);
        environment = List.copyOf(environment);
    }

    /** The same content under another name. */
    public Image named(String other) {
        return new Image(other, lowerDirectories, entrypoint, command, environment, workingDirectory);
    }

    /** 64 hexadecimal digits, as the runtime's storage would name the image; the same for the same content. */
    public String id() {
        String identity = lowerDirectories + "|" + entrypoint + "|" + command + "|" + environment;
        return (digits(identity + 1) + digits(identity + 2));
    }

    private static String digits(String text) {
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8))
                .toString()
                .replace("-", "");
    }
}
