package domain.my.lpm.launcher.namespace;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The mounts that a process sees; the format is that of {@code /proc/PID/mountinfo}, see proc_pid_mountinfo(5). */
public record MountTable(List<Mount> mounts) {

    /**
     * One mount.
     *
     * @param device {@code major:minor} of the file system
     * @param root what of the file system is mounted
     * @param target where, as the process sees it
     * @param type the file system's type
     * @param options the options of the file system
     */
    public record Mount(String device, String root, String target, String type, String options) {
        /** The value of an option {@code name=value}. */
        public Optional<String> option(String name) {
            for (String option : options.split(",")) {
                if (option.startsWith(name + "=")) {
                    return Optional.of(option.substring(name.length() + 1));
                }
            }
            return Optional.empty();
        }
    }

    public MountTable {
        mounts = List.copyOf(mounts);
    }

    /** Reads the table of a process. */
    public static MountTable of(int pid) {
        try {
            return parse(Files.readAllLines(Path.of("/proc/" + pid + "/mountinfo")));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read the mounts of process " + pid, error);
        }
    }

    static MountTable parse(List<String> lines) {
        List<Mount> mounts = new ArrayList<>();
        for (String line : lines) {
            String[] fields = line.split(" ");
            int separator = 6;
            while (!fields[separator].equals("-")) {
                separator++;
            }
            mounts.add(new Mount(
                    fields[2],
                    unescape(fields[3]),
                    unescape(fields[4]),
                    fields[separator + 1],
                    unescape(fields[separator + 3])));
        }
        return new MountTable(mounts);
    }

    /** Blanks, tabs, line ends and backslashes are octal there. */
    private static String unescape(String field) {
        if (field.indexOf('\\') < 0) {
            return field;
        }
        return field.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
    }

    /** The mount at exactly this place; the last one where several lie over each other. */
    public Optional<Mount> at(String target) {
        return mounts.stream().filter(mount -> mount.target().equals(target)).reduce((below, above) -> above);
    }

    /**
     * The targets of the mounts whose file system is known outside, too: their content is not part of the container and
     * stays where it is. The root is not among them.
     */
    public List<String> sharedWith(MountTable outside) {
        Set<String> devices = outside.mounts.stream().map(Mount::device).collect(Collectors.toSet());
        return mounts.stream()
                .filter(mount -> !mount.target().equals("/") && devices.contains(mount.device()))
                .map(Mount::target)
                .distinct()
                .toList();
    }
}
