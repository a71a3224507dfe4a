package domain.my.lpm.e2e;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** What migrations may leave on no node once their namespace is gone. */
final class Leftovers {
    /** Agents clean up what they could not at once when they next look. */
    private static final Duration SOON = Duration.ofSeconds(90);

    /** A line for each thing found: files of the agent, archives of the kubelet, CRIU's configuration, launchers. */
    private static final String LOOK = """
            find /var/lib/lpm/agent /var/lib/lpm/staging -type f ! -name .launchers 2>/dev/null
            find /var/lib/kubelet/checkpoints -name 'checkpoint-*_%1$s-*' 2>/dev/null
            grep -l lpm /etc/criu/*.conf 2>/dev/null
            for processes in $(find /sys/fs/cgroup -path '*lpm-launchers*' -name cgroup.procs 2>/dev/null); do
              while read -r process; do echo "process $process ($(cat /proc/$process/comm 2>/dev/null)) in $processes"; done <$processes
            done | sort -u
            ls -d /var/log/pods/%1$s_* 2>/dev/null
            true
            """;

    private Leftovers() {}

    /** What there is of a namespace that is gone; empty when nothing is left. */
    static List<String> of(Cluster cluster, String namespace) {
        List<String> found = new ArrayList<>();
        try {
            Awaitility.await().atMost(SOON).pollInterval(Duration.ofSeconds(1)).until(() -> {
                found.clear();
                found.addAll(look(cluster, namespace));
                return found.isEmpty();
            });
        } catch (ConditionTimeoutException stayed) {
            // What stayed is in the list.
        }
        return found;
    }

    private static List<String> look(Cluster cluster, String namespace) {
        List<String> found = new ArrayList<>();
        for (String node : cluster.nodes()) {
            cluster.shells()
                    .run(node, LOOK.formatted(namespace))
                    .lines()
                    .forEach(line -> found.add(node + ": " + line));
        }
        return found;
    }
}
