package domain.my.lpm.agent.hold;

import domain.my.lpm.agent.PodReference;
import domain.my.lpm.agent.hold.Hold.HeldContainer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The holds of this node. What is to be done is on the disk before it is done, so that an agent that was killed at any
 * point does it again when it is back:
 *
 * <ul>
 *   <li>a recorded hold whose pod was not stopped yet is resumed when its lease runs out, which changes nothing in a pod that
 *       runs;
 *   <li>a recorded fence is carried out again; nothing ever resumes that pod.
 * </ul>
 *
 * Of the calls for one pod, one is at work at a time.
 */
public final class Holds {
    /** The shortest and the longest lease. */
    public static final Duration SHORTEST_LEASE = Duration.ofSeconds(5);

    /** See {@link #SHORTEST_LEASE}. */
    public static final Duration LONGEST_LEASE = Duration.ofMinutes(10);

    private static final Logger LOG = LoggerFactory.getLogger(Holds.class);

    private final HoldRecords records;
    private final HeldProcesses processes;
    private final Commits commits;
    private final InstantSource clock;
    private final Map<String, Object> locks = new ConcurrentHashMap<>();
    /** The holds of which it has been said that the API is silent. */
    private final Set<Hold> undecided = ConcurrentHashMap.newKeySet();

    /** Does nothing yet; see {@link #takeUp}. */
    public Holds(HoldRecords records, HeldProcesses processes, Commits commits, InstantSource clock) {
        this.records = records;
        this.processes = processes;
        this.commits = commits;
        this.clock = clock;
    }

    /**
     * Records that a pod is about to be stopped; to be called before the checkpoint.
     *
     * @param migration namespace and name of the PodMigration
     * @param migrationUid its uid
     * @param lease from {@link #SHORTEST_LEASE} to {@link #LONGEST_LEASE}
     * @throws IllegalArgumentException if the lease is out of its range
     * @throws IllegalStateException if the pod is held for another migration or checkpoint, or has been fenced
     */
    public Hold begin(
            PodReference pod,
            String migration,
            String migrationUid,
            String checkpointId,
            List<HeldContainer> containers,
            Duration lease) {
        requireLease(lease);
        synchronized (lock(pod)) {
            Optional<Hold> before = records.of(pod);
            if (before.isPresent()) {
                requireSame(before.get(), migrationUid, checkpointId);
            }
            Hold hold = new Hold(
                    pod,
                    migration,
                    migrationUid,
                    checkpointId,
                    containers,
                    clock.instant().plus(lease),
                    false);
            records.put(hold);
            return hold;
        }
    }

    private static void requireSame(Hold before, String migrationUid, String checkpointId) {
        requireNotFenced(before);
        if (!before.migrationUid().equals(migrationUid)
                || !before.checkpointId().equals(checkpointId)) {
            throw new IllegalStateException("pod " + before.pod() + " is held for the migration " + before.migration()
                    + " by the checkpoint " + before.checkpointId() + "; let that migration end, or delete it");
        }
    }

    private static void requireNotFenced(Hold hold) {
        if (hold.fenced()) {
            throw new IllegalStateException("pod " + hold.pod() + " has been fenced, as its copy has taken over;"
                    + " delete the pod, nothing of it runs any more");
        }
    }

    private static void requireLease(Duration lease) {
        if (lease.compareTo(SHORTEST_LEASE) < 0 || lease.compareTo(LONGEST_LEASE) > 0) {
            throw new IllegalArgumentException("a lease of " + lease.toMillis() + " ms is not between "
                    + SHORTEST_LEASE.toMillis() + " and " + LONGEST_LEASE.toMillis() + " ms; ask for one that is");
        }
    }

    /**
     * Puts off the end of a lease.
     *
     * @throws IllegalStateException if the pod is not held, as after its lease has run out, or has been fenced
     */
    public Hold renew(PodReference pod, Duration lease) {
        requireLease(lease);
        synchronized (lock(pod)) {
            Hold hold = records.of(pod)
                    .orElseThrow(() -> new IllegalStateException("pod " + pod
                            + " is not held: its lease has run out and it has gone on, or it was resumed;"
                            + " roll the migration back"));
            requireNotFenced(hold);
            Hold renewed = hold.renewed(clock.instant().plus(lease));
            records.put(renewed);
            return renewed;
        }
    }

    /**
     * Lets a held pod go on.
     *
     * @return whether it was held
     * @throws IllegalStateException if it has been fenced
     */
    public boolean resume(PodReference pod) {
        synchronized (lock(pod)) {
            Optional<Hold> hold = records.of(pod);
            if (hold.isEmpty()) {
                return false;
            }
            requireNotFenced(hold.get());
            letGo(hold.get());
            return true;
        }
    }

    private void letGo(Hold hold) {
        List<RuntimeException> failures = new ArrayList<>();
        for (HeldContainer container : hold.containers()) {
            try {
                processes.resume(container);
            } catch (RuntimeException failure) {
                // The others must not stand still for it.
                failures.add(failure);
            }
        }
        if (!failures.isEmpty()) {
            RuntimeException first = failures.get(0);
            failures.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
        records.remove(hold.pod());
    }

    /**
     * Ends a held pod for good: its copy has taken over. To be called after the commit is recorded in the API. The record
     * stays, and with it the answer to all who would resume, until {@link #forgetEnded}. What the kubelet has not begun to end
     * stands still until it does, see {@link HeldProcesses#isEnding}, and is killed then.
     *
     * @return how many processes were killed now
     * @throws IllegalStateException if the pod is not held, or a process of it runs; none is killed then
     */
    public int fence(PodReference pod) {
        synchronized (lock(pod)) {
            Hold hold = records.of(pod)
                    .orElseThrow(() -> new IllegalStateException("pod " + pod
                            + " is not held, so that it may have run on since its checkpoint and cannot be fenced without"
                            + " loss; look which of the two is to live, and delete the other"));
            Hold fenced = hold.asFenced();
            if (!hold.fenced()) {
                hold.containers().forEach(processes::requireStill);
                records.put(fenced);
            }
            return carryOut(fenced);
        }
    }

    private int carryOut(Hold fenced) {
        int killed = 0;
        for (HeldContainer container : fenced.containers()) {
            if (processes.isEnding(container)) {
                killed += processes.fence(container);
            }
        }
        return killed;
    }

    /** The hold of a pod. */
    public Optional<Hold> of(PodReference pod) {
        return records.of(pod);
    }

    /**
     * To be called now and then: forgets the fenced pods of which nothing lives any more, once their migration is over and
     * nobody will ask for them.
     */
    public void forgetEnded() {
        for (Hold hold : records.all()) {
            if (hold.fenced() && hold.containers().stream().noneMatch(HeldProcesses::isThere) && commits.isOver(hold)) {
                synchronized (lock(hold.pod())) {
                    records.remove(hold.pod());
                }
            }
        }
    }

    /**
     * To be called before a pod is stopped, when its hold is recorded: a call that took long to come may find its migration
     * rolled back.
     *
     * @throws IllegalStateException if the migration does not want the pod held any more
     */
    public void requireWanted(Hold hold) {
        if (!commits.mayHold(hold)) {
            throw new IllegalStateException("the migration " + hold.migration() + " of pod " + hold.pod()
                    + " is over or rolled back, so that the pod was not stopped; see why, and create another one");
        }
    }

    /**
     * To be called when the pod of a hold has been stopped.
     *
     * @throws IllegalStateException if the hold ended before the pod stood still, as when its lease ran out; nobody but the
     *     caller would resume the pod then
     */
    public void requireHeld(Hold hold) {
        // Whoever ends a hold resumes the pod before the lock is free.
        synchronized (lock(hold.pod())) {
            if (records.of(hold.pod())
                    .filter(now -> now.checkpointId().equals(hold.checkpointId()))
                    .isEmpty()) {
                throw new IllegalStateException("the hold on pod " + hold.pod() + " for the migration "
                        + hold.migration() + " ended before the pod was stopped, and it goes on; see what made its"
                        + " checkpoint slow, and migrate again");
            }
        }
    }

    /** Every hold of this node. */
    public List<Hold> all() {
        return records.all();
    }

    /** To be called when the agent starts: carries out fences again that may have been cut short. */
    public void takeUp() {
        for (Hold hold : records.all()) {
            if (hold.fenced()) {
                synchronized (lock(hold.pod())) {
                    carryOutAgain(hold);
                }
            }
        }
    }

    private void carryOutAgain(Hold fenced) {
        try {
            carryOut(fenced);
        } catch (RuntimeException failure) {
            // One that cannot be carried out keeps the agent from no other.
            LOG.error("cannot carry out the fence of pod {}; call Fence again", fenced.pod(), failure);
        }
    }

    /**
     * To be called now and then: ends the holds whose lease has run out, as the API says, and kills what is fenced and has begun
     * to end. While the API cannot be asked holds stay: that the source stands still too long does less harm than that it runs
     * twice.
     */
    public void endLapsed() {
        for (Hold listed : records.all()) {
            synchronized (lock(listed.pod())) {
                // It may have been renewed or have ended since it was listed.
                Optional<Hold> hold = records.of(listed.pod());
                if (hold.isPresent() && hold.get().fenced()) {
                    carryOutAgain(hold.get());
                } else if (hold.isPresent()
                        && !clock.instant().isBefore(hold.get().until())) {
                    endLapsed(hold.get());
                }
            }
        }
    }

    /**
     * To be called where no agent will come after this one: ends every hold as if its lease had run out.
     *
     * @return the holds that have not ended, as the API did not answer or something of the pod is still there
     */
    public List<Hold> endAll() {
        for (Hold listed : records.all()) {
            synchronized (lock(listed.pod())) {
                Optional<Hold> hold = records.of(listed.pod());
                if (hold.isPresent() && hold.get().fenced()) {
                    carryOutAgain(hold.get());
                } else if (hold.isPresent()) {
                    endLapsed(hold.get());
                }
                hold = records.of(listed.pod());
                if (hold.isPresent()
                        && hold.get().fenced()
                        && hold.get().containers().stream().noneMatch(HeldProcesses::isThere)) {
                    records.remove(listed.pod());
                }
            }
        }
        return records.all();
    }

    private void endLapsed(Hold hold) {
        try {
            switch (commits.forbid(hold)) {
                case COMMITTED -> {
                    Hold fenced = hold.asFenced();
                    records.put(fenced);
                    carryOut(fenced);
                }
                case FORBIDDEN -> letGo(hold);
                case UNKNOWN -> {
                    if (undecided.add(hold)) {
                        LOG.warn(
                                "the lease on pod {} has run out, but the API cannot tell whether its copy has taken over;"
                                        + " it stands still until the API answers",
                                hold.pod());
                    }
                    return;
                }
            }
            undecided.remove(hold);
        } catch (RuntimeException failure) {
            // Tried again at the next turn; the other pods must not wait for it.
            LOG.error("cannot end the hold of pod {}", hold.pod(), failure);
        }
    }

    private Object lock(PodReference pod) {
        return locks.computeIfAbsent(pod.uid(), uid -> new Object());
    }
}
