package domain.my.lpm.launcher.restore;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the standard input, output and error of a checkpointed container were: {@code descriptors.json}, which runc and
 * crun write beside the images as an array of the targets of the links in {@code /proc/PID/fd}.
 */
public final class Descriptors {
    /** The file's name in the images directory. */
    public static final String FILE = "descriptors.json";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int COUNT = 3;

    private Descriptors() {}

    /**
     * Reads the file's content.
     *
     * @return three targets, for example {@code pipe:[123]} or {@code /dev/null}
     * @throws RestoreException when it is anything else, or when the container had a terminal
     */
    public static List<String> parse(byte[] content) {
        List<String> targets = new ArrayList<>();
        try {
            for (var target : JSON.readTree(content)) {
                if (target.isTextual()) {
                    targets.add(target.textValue());
                }
            }
        } catch (IOException malformed) {
            throw malformed();
        }
        if (targets.size() != COUNT) {
            throw malformed();
        }
        for (String target : targets) {
            if (target.startsWith("/dev/pts/") || target.equals("/dev/console") || target.startsWith("/dev/tty")) {
                throw new RestoreException("the checkpointed container had a terminal (" + target
                        + ") for its standard input or output, which cannot be carried to another pod;"
                        + " set tty: false in the container and take the checkpoint again");
            }
        }
        return targets;
    }

    /** The content for three targets. */
    public static byte[] format(List<String> targets) {
        try {
            return JSON.writeValueAsBytes(targets);
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static RestoreException malformed() {
        return new RestoreException(
                FILE + " of the checkpoint is not an array of " + COUNT + " file names; take the checkpoint again");
    }
}
