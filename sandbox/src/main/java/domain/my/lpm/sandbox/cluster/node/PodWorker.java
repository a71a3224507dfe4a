package domain.my.lpm.sandbox.cluster.node;

import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.SandboxException;
import domain.my.lpm.sandbox.cluster.node.ContainerRecord.Role;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Probe;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one pod from its beginning to its end, in a thread of its own: the only one that changes what is recorded of it. */
final class PodWorker implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(PodWorker.class);
    /** Containers' ends and changes of the pod wake the worker; this is for what is missed. */
    private static final Duration SAFETY_NET = Duration.ofSeconds(1);

    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final long GRACE_SECONDS = 30;
    private static final Duration KILLED = Duration.ofSeconds(10);

    /** What the worker needs of its kubelet. */
    interface Surroundings {
        Node node();

        /** Gives the pod an address. */
        void connect(RunningPod pod);

        /** Reports the status; what fails is tried again. */
        boolean report(Pod pod, PodStatus status);

        /** Takes the pod out of the API; what fails is tried again. */
        boolean remove(Pod pod);

        /** Where probes run. */
        Executor executor();

        void finished(PodWorker worker);
    }

    private final Surroundings kubelet;
    private final List<ContainerRecord> containers = new ArrayList<>();
    private final LinkedBlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
    private final Instant startTime;
    private volatile Pod pod;
    private volatile boolean vanished;
    private volatile boolean abandoned;
    private @Nullable RunningPod running;
    private @Nullable PodStatus reported;
    private @Nullable Instant deletionSeen;
    private @Nullable Instant sidecarsAsked;
    private boolean terminated;
    private boolean killed;
    private boolean removedFromNode;
    private Instant nextAttempt = Instant.EPOCH;
    private @Nullable String failure;

    PodWorker(Surroundings kubelet, Pod pod) {
        this.kubelet = kubelet;
        this.pod = pod;
        this.startTime = Instant.now();
        for (Container container : pod.getSpec().getInitContainers()) {
            boolean sidecar = "Always".equals(container.getRestartPolicy());
            containers.add(new ContainerRecord(container, sidecar ? Role.SIDECAR : Role.INIT));
        }
        for (Container container : pod.getSpec().getContainers()) {
            containers.add(new ContainerRecord(container, Role.MAIN));
        }
        RunningPod found = kubelet.node().pods().get(uid());
        if (found != null) {
            running = found;
            containers.forEach(container -> container.adopt(found));
        }
    }

    String uid() {
        return pod.getMetadata().getUid();
    }

    Pod pod() {
        return pod;
    }

    /** What runs of it on the node. */
    Optional<RunningPod> running() {
        return Optional.ofNullable(running);
    }

    /** The pod is this now. */
    void changed(Pod latest) {
        events.add(() -> pod = latest);
    }

    /** The pod is no longer in the API. */
    void vanished() {
        events.add(() -> vanished = true);
    }

    /** Looks after the pod no more, and lets it run. */
    void abandon() {
        abandoned = true;
        wake();
    }

    /** Something may have happened. */
    void wake() {
        events.add(() -> {});
    }

    @Override
    public void run() {
        try {
            while (!abandoned) {
                Instant now = Instant.now();
                try {
                    containers.forEach(container -> container.observe(now));
                    if (vanished || isBeingDeleted()) {
                        if (end(now)) {
                            return;
                        }
                    } else {
                        advance(now);
                    }
                    report();
                } catch (SandboxException problem) {
                    if (abandoned) {
                        return;
                    }
                    LOG.warn("Pod {}: {}", pod.getMetadata().getName(), problem.getMessage());
                    failure = problem.getMessage();
                    nextAttempt = now.plus(RETRY);
                    report();
                }
                await();
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException failed) {
            LOG.error("The worker of the pod {} failed", pod.getMetadata().getName(), failed);
        } finally {
            kubelet.finished(this);
        }
    }

    private void await() throws InterruptedException {
        Instant now = Instant.now();
        Instant next = now.plus(SAFETY_NET);
        for (ContainerRecord container : containers) {
            if (container.isRunning()) {
                next = earlier(next, container.probes().next());
            } else if (container.notBefore().isAfter(now)) {
                next = earlier(next, container.notBefore());
            }
        }
        Instant deadline = deletionDeadline();
        if (deadline != null && deadline.isAfter(now)) {
            next = earlier(next, deadline);
        }
        long wait = Math.max(1, Duration.between(now, next).toMillis());
        Runnable event = events.poll(wait, TimeUnit.MILLISECONDS);
        for (; event != null; event = events.poll()) {
            event.run();
        }
    }

    private static Instant earlier(Instant one, Instant other) {
        return other.isBefore(one) ? other : one;
    }

    private boolean isBeingDeleted() {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    // --- towards what the pod says

    private void advance(Instant now) {
        if (isOver()) {
            stopSidecars(now);
            return;
        }
        if (now.isBefore(nextAttempt)) {
            return;
        }
        failure = null;
        RunningPod made = running;
        if (made == null) {
            containers.forEach(PodWorker::requireProbes);
            made = RunningPod.prepare(kubelet.node(), pod);
            running = made;
        }
        if (made.address().isEmpty()) {
            kubelet.connect(made);
        }
        containers.forEach(this::probe);
        if (!advanceInit(made, now)) {
            return;
        }
        for (ContainerRecord container : of(Role.MAIN)) {
            startIfDue(container, made, now);
        }
    }

    private List<ContainerRecord> of(Role role) {
        return containers.stream().filter(container -> container.role() == role).toList();
    }

    /** Starts init containers and sidecars in their order; returns whether the main ones may run. */
    private boolean advanceInit(RunningPod made, Instant now) {
        boolean initialized = of(Role.MAIN).stream().anyMatch(ContainerRecord::wasStarted);
        for (ContainerRecord container : containers) {
            switch (container.role()) {
                case INIT -> {
                    if (initialized || container.hasSucceeded()) {
                        continue;
                    }
                    if (container.isRunning()) {
                        return false;
                    }
                    startIfDue(container, made, now);
                    return false;
                }
                case SIDECAR -> {
                    startIfDue(container, made, now);
                    if (!initialized && !container.isStarted()) {
                        return false;
                    }
                }
                case MAIN -> {
                    return true;
                }
            }
        }
        return true;
    }

    private void startIfDue(ContainerRecord container, RunningPod made, Instant now) {
        if (container.isRunning()) {
            if (container.probes().isToBeKilled()) {
                signal(container, "KILL");
            }
            return;
        }
        if (container.hasEnded()) {
            if (!isRestarted(container)) {
                return;
            }
            if (!container.isDelayed()) {
                container.delay(now);
            }
        }
        if (!now.isBefore(container.notBefore())) {
            container.start(made, now);
            probe(container);
        }
    }

    private boolean isRestarted(ContainerRecord container) {
        String policy = pod.getSpec().getRestartPolicy() == null
                ? "Always"
                : pod.getSpec().getRestartPolicy();
        return switch (container.role()) {
            case SIDECAR -> sidecarsAsked == null;
            case INIT -> !policy.equals("Never") && !container.hasSucceeded();
            case MAIN -> policy.equals("Always") || (policy.equals("OnFailure") && !container.hasSucceeded());
        };
    }

    /** Whether every container of the pod has ended for good. */
    private boolean isOver() {
        boolean initFailed = of(Role.INIT).stream()
                .anyMatch(container -> container.hasEnded() && !container.hasSucceeded() && !isRestarted(container));
        return initFailed
                || of(Role.MAIN).stream().allMatch(container -> container.hasEnded() && !isRestarted(container));
    }

    /** What ran beside the others has no purpose any more. */
    private void stopSidecars(Instant now) {
        Instant asked = sidecarsAsked;
        if (asked == null) {
            sidecarsAsked = now;
            of(Role.SIDECAR).forEach(container -> signal(container, "TERM"));
        } else if (!now.isBefore(asked.plusSeconds(grace(pod.getSpec().getTerminationGracePeriodSeconds())))) {
            of(Role.SIDECAR).forEach(container -> signal(container, "KILL"));
        }
    }

    // --- probes

    private static void requireProbes(ContainerRecord record) {
        Container container = record.container();
        for (Probe probe :
                new Probe[] {container.getStartupProbe(), container.getReadinessProbe(), container.getLivenessProbe()
                }) {
            if (probe != null && probe.getExec() == null) {
                throw new SandboxException(
                        "the container '" + record.name()
                                + "' has a probe that is no exec probe, which the sandbox does not support: let it run a command");
            }
        }
    }

    private void probe(ContainerRecord record) {
        RunningContainer container = record.running();
        if (container == null || !record.isRunning()) {
            return;
        }
        ProbeRecord probes = record.probes();
        Instant now = Instant.now();
        for (Optional<ProbeRecord.Due> due = probes.due(now); due.isPresent(); due = probes.due(now)) {
            ProbeRecord.Due taken = due.get();
            kubelet.executor().execute(() -> {
                boolean success = succeeds(container, taken.probe());
                events.add(() -> probes.result(taken, success, Instant.now()));
            });
        }
    }

    private static boolean succeeds(RunningContainer container, Probe probe) {
        Duration timeout = Duration.ofSeconds(Math.max(1, ProbeRecord.or(probe.getTimeoutSeconds(), 1)));
        try {
            return container.exec(timeout, probe.getExec().getCommand()).exitCode() == 0;
        } catch (RuntimeException failed) {
            return false;
        }
    }

    // --- the end

    private @Nullable Instant deletionDeadline() {
        Instant seen = deletionSeen;
        if (seen == null) {
            return null;
        }
        return vanished ? seen : seen.plusSeconds(grace(pod.getMetadata().getDeletionGracePeriodSeconds()));
    }

    private static long grace(@Nullable Long seconds) {
        return seconds == null ? GRACE_SECONDS : seconds;
    }

    /** Ends the pod step by step; returns whether nothing is left of it. */
    private boolean end(Instant now) throws InterruptedException {
        if (deletionSeen == null) {
            deletionSeen = now;
        }
        RunningPod made = running;
        if (made != null && !removedFromNode) {
            boolean some = containers.stream().anyMatch(ContainerRecord::isRunning);
            Instant deadline = deletionDeadline();
            if (some && deadline != null && now.isBefore(deadline)) {
                signalOnce();
                return false;
            }
            if (some && !killed) {
                killed = true;
                containers.forEach(container -> signal(container, "KILL"));
            }
            awaitEnds();
            made.remove();
            removedFromNode = true;
        }
        if (vanished) {
            return true;
        }
        report();
        return kubelet.remove(pod);
    }

    /** The main containers first; the sidecars when those have ended. */
    private void signalOnce() {
        if (!terminated) {
            terminated = true;
            of(Role.MAIN).forEach(container -> signal(container, "TERM"));
            of(Role.INIT).forEach(container -> signal(container, "TERM"));
        }
        if (of(Role.MAIN).stream().noneMatch(ContainerRecord::isRunning)) {
            of(Role.SIDECAR).forEach(container -> signal(container, "TERM"));
        }
    }

    private static void signal(ContainerRecord record, String signal) {
        RunningContainer container = record.running();
        if (container == null || !record.isRunning()) {
            return;
        }
        try {
            container.signal(signal);
        } catch (SandboxException ended) {
            LOG.debug("The container {} got no {}: {}", record.name(), signal, ended.getMessage());
        }
    }

    private void awaitEnds() throws InterruptedException {
        long deadline = System.nanoTime() + KILLED.toNanos();
        while (containers.stream().anyMatch(ContainerRecord::isRunning) && System.nanoTime() < deadline) {
            Instant now = Instant.now();
            containers.forEach(container -> container.observe(now));
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    // --- what is reported

    private void report() {
        if (vanished) {
            return;
        }
        PodStatus status = PodStatuses.of(
                pod,
                containers,
                new PodStatuses.Place(
                        startTime,
                        running == null ? Optional.empty() : running.address(),
                        kubelet.node().address().orElse("127.0.0.1"),
                        Optional.ofNullable(failure)),
                record -> !isBeingDeleted() && isRestarted(record));
        if (!status.equals(reported) && kubelet.report(pod, status)) {
            reported = status;
        }
    }
}
