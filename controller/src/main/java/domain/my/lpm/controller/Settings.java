package domain.my.lpm.controller;

import java.time.Duration;
import java.util.Optional;

/**
 * How the controller works; docs/controller.md has the same list.
 *
 * @param migrationsInCluster how many migrations may be under way at once; at least 1
 * @param migrationsOutOfNode how many migrations may be under way at once from one node; at least 1
 * @param holdLease after which a held source goes on by itself when the controller does not renew it; 5 s to 10 min
 * @param checkpointTimeout for a checkpoint that belongs to no migration; at least 1 s
 * @param reconcileThreads how many objects of each kind are worked on at once; at least 1
 * @param stopTimeout how long work under way may take when the controller stops
 * @param leaderElection which of several controllers works; empty: this one
 */
public record Settings(
        int migrationsInCluster,
        int migrationsOutOfNode,
        Duration holdLease,
        Duration checkpointTimeout,
        int reconcileThreads,
        Duration stopTimeout,
        Optional<LeaderElection> leaderElection) {
    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(5);
    private static final Duration LONGEST_LEASE = Duration.ofMinutes(10);

    /**
     * @param namespace of the Lease
     * @param lease name of the Lease
     * @param identity of this controller among those that share the Lease
     * @param duration after which another one may take over
     * @param renewDeadline after which this one stops when it could not renew
     * @param retryPeriod between attempts
     * @param exitWhenLost whether the process ends when another one has taken over; otherwise it stays without work
     */
    public record LeaderElection(
            String namespace,
            String lease,
            String identity,
            Duration duration,
            Duration renewDeadline,
            Duration retryPeriod,
            boolean exitWhenLost) {}

    /**
     * @throws IllegalArgumentException when a value is out of its range, naming it
     */
    public Settings {
        require(migrationsInCluster >= 1, "migrations-in-cluster", migrationsInCluster, "1 or more");
        require(migrationsOutOfNode >= 1, "migrations-out-of-node", migrationsOutOfNode, "1 or more");
        require(
                holdLease.compareTo(SHORTEST_LEASE) >= 0 && holdLease.compareTo(LONGEST_LEASE) <= 0,
                "hold-lease",
                holdLease,
                SHORTEST_LEASE + " to " + LONGEST_LEASE);
        require(checkpointTimeout.toSeconds() >= 1, "checkpoint-timeout", checkpointTimeout, "PT1S or more");
        require(reconcileThreads >= 1, "reconcile-threads", reconcileThreads, "1 or more");
        require(!stopTimeout.isNegative(), "stop-timeout", stopTimeout, "PT0S or more");
    }

    /** What holds where nothing is set; without leader election. */
    public static Settings defaults() {
        return new Settings(
                5, 2, Duration.ofSeconds(30), Duration.ofMinutes(10), 10, Duration.ofSeconds(10), Optional.empty());
    }

    private static void require(boolean holds, String key, Object value, String allowed) {
        if (!holds) {
            throw new IllegalArgumentException("%s is %s; allowed is %s".formatted(key, value, allowed));
        }
    }
}
