package domain.my.lpm.launcher.criu;

import domain.my.lpm.launcher.linux.Linux;
import domain.my.lpm.launcher.linux.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The rules by which CRIU cuts a network namespace, or single connections in it, off from the network while it dumps or
 * restores. It leaves them there after {@code --leave-stopped}, and when it is killed.
 *
 * <p>Source of their form: CRIU 4.2, criu/netfilter.c and criu/net.c. By iptables it makes a chain {@code CRIU} to which
 * INPUT and OUTPUT jump, or one rule for each direction of a connection in INPUT and OUTPUT; by nftables a table
 * {@code CRIU-<run>}. Only those are ever removed. All containers of a pod share them: removing the lock of one lets the
 * packets of all others through, too.
 */
public final class NetworkLock implements AutoCloseable {
    /** CRIU's mark of its own packets. */
    private static final String MARK = "0xc114";

    private static final String CHAIN = "CRIU";

    private static final Pattern OF_CONNECTION =
            Pattern.compile("-A (?:INPUT|OUTPUT) (?=.*-p tcp )(?=.*-s \\S+ )(?=.*-d \\S+ )" + "(?=.*-m mark ! --mark "
                    + MARK + " )(?=.*--sport \\d+ )(?=.*--dport \\d+ ).*-j DROP");

    private static final Pattern TABLE = Pattern.compile("table inet (CRIU-[0-9A-Za-z-]+)");

    private final int namespace;
    private final boolean own;
    private final Set<String> legacy;

    private NetworkLock(int namespace, boolean own, Set<String> legacy) {
        this.namespace = namespace;
        this.own = own;
        this.legacy = legacy;
    }

    /**
     * The lock of the network namespace in which a process is. It can be removed when the process has gone, too.
     *
     * @throws domain.my.lpm.launcher.linux.SystemCallException if there is no such process
     */
    public static NetworkLock of(int pid) {
        int namespace = Linux.openDescriptor("/proc/" + pid + "/ns/net");
        try {
            boolean own = Processes.link(pid, "ns/net").equals(Processes.link(Processes.self(), "ns/net"));
            return new NetworkLock(namespace, own, legacyTables(pid));
        } catch (IOException gone) {
            Linux.closeDescriptor(namespace);
            throw new UncheckedIOException("process " + pid + " ended while its network was looked at", gone);
        }
    }

    /** The commands of the iptables that keeps its rules apart from those of nftables, where it has any. */
    private static Set<String> legacyTables(int pid) {
        Set<String> commands = new TreeSet<>();
        for (String[] pair :
                new String[][] {{"ip_tables_names", "iptables-legacy"}, {"ip6_tables_names", "ip6tables-legacy"}}) {
            try {
                // Looked up there because a question to the command itself would load its modules into the kernel.
                if (Files.readAllLines(Path.of("/proc/" + pid + "/net/" + pair[0]))
                        .contains("filter")) {
                    commands.add(pair[1]);
                }
            } catch (IOException absent) {
                // The kernel has no module for it, hence no rule.
            }
        }
        return commands;
    }

    /**
     * Removes what there is of the lock; no lock at all is fine.
     *
     * @throws CriuException if a rule cannot be removed; the rest can be removed by a further call
     */
    public void remove() {
        Optional<String> tables = list(List.of("nft", "list", "tables"));
        if (tables.isPresent()) {
            removeBy("iptables");
            if (Files.isDirectory(Path.of("/proc/sys/net/ipv6"))) {
                removeBy("ip6tables");
            }
            for (String line : tables.get().lines().toList()) {
                Matcher table = TABLE.matcher(line.strip());
                if (table.matches()) {
                    run(List.of("nft", "delete", "table", "inet", table.group(1)));
                }
            }
        }
        legacy.forEach(this::removeBy);
    }

    private void removeBy(String iptables) {
        deletions(run(List.of(iptables, "-w", "-S"))).forEach(arguments -> {
            List<String> command = new ArrayList<>(List.of(iptables, "-w"));
            command.addAll(arguments);
            run(command);
        });
    }

    /** The arguments that delete CRIU's own rules from those which {@code iptables -S} listed, in order. */
    static List<List<String>> deletions(String listed) {
        List<List<String>> deletions = new ArrayList<>();
        boolean hasChain = false;
        for (String line : listed.lines().toList()) {
            hasChain |= line.equals("-N " + CHAIN);
            if (line.matches("-A (INPUT|OUTPUT) -j " + CHAIN)
                    || OF_CONNECTION.matcher(line).matches()) {
                deletions.add(List.of(("-D " + line.substring("-A ".length())).split(" ")));
            }
        }
        if (hasChain) {
            deletions.add(List.of("-F", CHAIN));
            deletions.add(List.of("-X", CHAIN));
        }
        return deletions;
    }

    private String run(List<String> command) {
        Answer answer = start(command);
        if (answer.status() != 0) {
            throw failure(command, answer);
        }
        return answer.said();
    }

    /** Empty when this kernel has no tables of that kind. */
    private Optional<String> list(List<String> command) {
        Answer answer = start(command);
        if (answer.status() != 0 && answer.said().contains("not permitted")) {
            throw failure(command, answer);
        }
        return answer.status() == 0 ? Optional.of(answer.said()) : Optional.empty();
    }

    private static CriuException failure(List<String> command, Answer answer) {
        return new CriuException("CRIU's network lock cannot be removed: '" + String.join(" ", command)
                + "' ended with status " + answer.status() + ": "
                + answer.said().strip() + "; remove what is named CRIU from the packet filter of the pod's network");
    }

    private record Answer(int status, String said) {}

    private Answer start(List<String> command) {
        List<String> words = new ArrayList<>();
        if (!own) {
            words.addAll(List.of(
                    "/usr/bin/busybox", "nsenter", "--net=/proc/" + Processes.self() + "/fd/" + namespace, "--"));
        }
        words.addAll(command);
        try {
            Process process =
                    new ProcessBuilder(words).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Answer(process.waitFor(), said);
        } catch (IOException absent) {
            throw new CriuException(
                    "CRIU's network lock cannot be removed: '" + words.get(0)
                            + "' cannot be started; use a toolkit image that contains it",
                    absent);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CriuException("interrupted while CRIU's network lock was removed; repeat it", interrupted);
        }
    }

    @Override
    public void close() {
        Linux.closeDescriptor(namespace);
    }
}
