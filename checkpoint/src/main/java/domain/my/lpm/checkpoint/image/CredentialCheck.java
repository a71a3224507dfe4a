package domain.my.lpm.checkpoint.image;

import static java.util.stream.Collectors.joining;

import domain.my.lpm.checkpoint.image.TaskCore.ProcessState;
import domain.my.lpm.checkpoint.image.TaskCore.Seccomp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;

/**
 * Whether a dump asks for no more than the container it is to be restored in was granted. CRIU gives back whatever
 * credentials the images name; a forged image would be root.
 */
public final class CredentialCheck {
    private static final int NAMED_THREADS = 3;

    private CredentialCheck() {}

    /**
     * What in the dump exceeds the grant, in the order of the process tree. Each text names the process, what exceeds
     * and the remedy. Processes that had ended have no credentials and are passed over.
     *
     * <p>Users and groups are held against the grant's own where a process of the container cannot change them: where
     * CAP_SETUID, or CAP_SETGID for groups, is not in the bounding set, and where a process that is not root may not
     * gain privileges.
     *
     * @return the violations; empty if there are none
     * @throws ImageFormatException if the core of a thread is missing or malformed
     */
    public static List<String> violations(CriuImages images, Grant grant) {
        List<String> violations = new ArrayList<>();
        for (ProcessNode process : images.processes()) {
            TaskCore leader = images.core(process);
            ProcessState state = leader.process();
            if (state != null && state.hasEnded()) {
                continue;
            }
            Map<String, List<Integer>> found = new LinkedHashMap<>();
            List<TaskCore> cores = images.cores(process);
            boolean shared = grant.seccompFilter() && cores.size() > 1 && images.sharesFilter(leader);
            for (TaskCore core : cores) {
                for (String violation : violations(core, shared, grant)) {
                    found.computeIfAbsent(violation, key -> new ArrayList<>()).add(core.id());
                }
            }
            String name = leader.name();
            String title = "process " + process.pid() + (name == null ? "" : " (" + Printable.of(name) + ")");
            found.forEach((violation, by) -> violations.add(title + threads(process, by) + ": " + violation));
        }
        return violations;
    }

    private static String threads(ProcessNode process, List<Integer> threads) {
        if (threads.equals(List.of(process.pid()))) {
            return "";
        }
        String named =
                threads.stream().limit(NAMED_THREADS).map(String::valueOf).collect(joining(", "));
        int others = threads.size() - NAMED_THREADS;
        return (threads.size() == 1 ? ", thread " : ", threads ")
                + named
                + (others > 0 ? " and " + others + " more" : "");
    }

    private static List<String> violations(TaskCore core, boolean shared, Grant grant) {
        List<String> violations = new ArrayList<>();
        Credentials credentials = core.credentials();
        if (credentials == null) {
            violations.add(
                    "the dump does not say with which credentials it runs; take the checkpoint with CRIU 4.2 or newer");
            return violations;
        }
        Map<String, CapabilitySet> sets = new LinkedHashMap<>();
        sets.put("permitted", credentials.permitted());
        sets.put("effective", credentials.effective());
        sets.put("inheritable", credentials.inheritable());
        sets.put("ambient", credentials.ambient());
        sets.put("bounding", credentials.bounding());
        Map<CapabilitySet, List<String>> excess = new LinkedHashMap<>();
        sets.forEach((name, set) -> {
            CapabilitySet beyond = set.without(grant.bounding());
            if (!beyond.isEmpty()) {
                excess.computeIfAbsent(beyond, key -> new ArrayList<>()).add(name);
            }
        });
        excess.forEach((beyond, names) -> violations.add("it has " + beyond + " in its " + String.join(", ", names)
                + " set, which the target container was not granted; "
                + "add them to the target container's securityContext.capabilities, or refuse the checkpoint"));
        if (grant.uid().isPresent()) {
            checkIds(credentials, grant, grant.uid().getAsLong(), violations);
        }
        if (grant.noNewPrivileges() && !credentials.noNewPrivileges()) {
            violations.add("it may gain privileges by exec, which the target container may not; "
                    + "set allowPrivilegeEscalation on both containers alike, or refuse the checkpoint");
        }
        boolean filtered = core.seccomp() == Seccomp.FILTER || (shared && core.seccomp() == Seccomp.DISABLED);
        if (grant.seccompFilter() && !filtered) {
            violations.add("it runs without a system call filter, which the target container has; "
                    + "set seccompProfile on both containers alike, or refuse the checkpoint");
        }
        return violations;
    }

    private static void checkIds(Credentials credentials, Grant grant, long uid, List<String> violations) {
        boolean gainsNothing = grant.noNewPrivileges() && uid != 0;
        if (gainsNothing || !grant.bounding().contains(Capability.CAP_SETUID)) {
            Set<Long> others = beyond(
                    LongStream.of(
                            credentials.uid(),
                            credentials.effectiveUid(),
                            credentials.savedUid(),
                            credentials.fileSystemUid()),
                    id -> id == uid);
            if (!others.isEmpty()) {
                violations.add("it runs as user " + join(others) + " where the target container runs as " + uid
                        + " and cannot change it; set runAsUser on both containers alike, or refuse the checkpoint");
            }
        }
        if (gainsNothing || !grant.bounding().contains(Capability.CAP_SETGID)) {
            Set<Long> others = beyond(
                    LongStream.concat(
                            LongStream.of(
                                    credentials.gid(),
                                    credentials.effectiveGid(),
                                    credentials.savedGid(),
                                    credentials.fileSystemGid()),
                            credentials.groups().stream().mapToLong(Long::longValue)),
                    grant.groups()::contains);
            if (!others.isEmpty()) {
                violations.add("it runs with group " + join(others) + " where the target container has "
                        + join(new TreeSet<>(grant.groups()))
                        + " and cannot change them; set runAsGroup, fsGroup and supplementalGroups on both pods alike, "
                        + "or refuse the checkpoint");
            }
        }
    }

    private static Set<Long> beyond(LongStream ids, LongPredicate granted) {
        Set<Long> beyond = new TreeSet<>();
        ids.filter(granted.negate()).forEach(beyond::add);
        return beyond;
    }

    private static String join(Set<Long> ids) {
        return ids.stream().map(String::valueOf).collect(joining(", "));
    }
}
