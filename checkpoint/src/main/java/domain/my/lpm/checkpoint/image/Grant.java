package domain.my.lpm.checkpoint.image;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What a container's own first process was granted, and so the most that a process restored in it may have.
 *
 * @param bounding the capabilities that its processes can ever hold
 * @param uid the user it runs as, in the container's user namespace; empty if any user and group is granted
 * @param groups the groups it runs with: its own and the supplementary ones
 * @param noNewPrivileges whether it may never gain privileges by exec
 * @param seccompFilter whether a system call filter is on it
 */
public record Grant(
        CapabilitySet bounding, OptionalLong uid, Set<Long> groups, boolean noNewPrivileges, boolean seccompFilter) {
    public Grant {
        groups = Set.copyOf(groups);
    }

    /**
     * The grant that a process has, from the text of its /proc/&lt;pid&gt;/status; see proc_pid_status(5).
     *
     * @throws IllegalArgumentException if a field is missing or is not what the manual page says
     */
    public static Grant ofProcessStatus(String status) {
        Map<String, String> fields = new HashMap<>();
        for (String line : status.split("\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        }
        Set<Long> groups = new HashSet<>(ids(fields, "Gid"));
        groups.addAll(ids(fields, "Groups"));
        return new Grant(
                new CapabilitySet(number(fields, "CapBnd", 16)),
                OptionalLong.of(ids(fields, "Uid").get(0)),
                groups,
                number(fields, "NoNewPrivs", 10) == 1,
                number(fields, "Seccomp", 10) == 2);
    }

    private static List<Long> ids(Map<String, String> fields, String name) {
        String value = field(fields, name);
        if (value.isEmpty() && name.equals("Groups")) {
            return List.of();
        }
        return Arrays.stream(value.split("\\s+", -1))
                .map(id -> parse(name, id, 10))
                .toList();
    }

    private static long number(Map<String, String> fields, String name, int radix) {
        return parse(name, field(fields, name), radix);
    }

    private static String field(Map<String, String> fields, String name) {
        String value = fields.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the status of the container's first process has no field " + name
                    + "; read /proc/<pid>/status on Linux 4.10 or newer, whole");
        }
        return value;
    }

    private static long parse(String name, String value, int radix) {
        try {
            return Long.parseUnsignedLong(value, radix);
        } catch (NumberFormatException problem) {
            throw new IllegalArgumentException(
                    "the status of the container's first process has " + name + " '" + value
                            + "', which is no number; read /proc/<pid>/status, whole",
                    problem);
        }
    }
}
