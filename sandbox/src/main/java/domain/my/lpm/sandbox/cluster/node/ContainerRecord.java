package domain.my.lpm.sandbox.cluster.node;

import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What a kubelet knows of one container of a pod. */
final class ContainerRecord {
    /** When in a pod's life a container runs. */
    enum Role {
        /** Before the others, to its end. */
        INIT,
        /** From before the others until after them: an init container that is always restarted. */
        SIDECAR,
        /** The others. */
        MAIN
    }

    /** A kubelet looks for ended containers once a second; by then it knows that a pod is being deleted, too. */
    private static final Duration NOTICED = Duration.ofSeconds(1);

    /** As the kubelet waits between restarts. */
    private static final Duration FIRST_BACKOFF = Duration.ofSeconds(10);

    private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(5);
    private static final Duration FORGIVEN_AFTER = Duration.ofMinutes(10);

    private final Container container;
    private final Role role;
    private @Nullable RunningContainer running;
    private @Nullable ContainerState terminated;
    private @Nullable ContainerState lastTerminated;
    private String waitingReason;
    private @Nullable String waitingMessage;
    private int starts;
    private int failures;
    private boolean delayed;
    private Instant notBefore = Instant.EPOCH;
    private ProbeRecord probes;

    ContainerRecord(Container container, Role role) {
        this.container = container;
        this.role = role;
        this.waitingReason = role == Role.MAIN ? "PodInitializing" : "ContainerCreating";
        this.probes = new ProbeRecord(container, Instant.EPOCH);
    }

    String name() {
        return container.getName();
    }

    Role role() {
        return role;
    }

    Container container() {
        return container;
    }

    ProbeRecord probes() {
        return probes;
    }

    /** Takes up a container that was started before this kubelet was. */
    void adopt(RunningPod pod) {
        pod.latest(name()).ifPresent(found -> {
            starts = pod.starts(name());
            running = found;
            probes = new ProbeRecord(container, Instant.now());
        });
    }

    boolean wasStarted() {
        return running != null;
    }

    boolean isRunning() {
        return running != null && terminated == null;
    }

    boolean hasEnded() {
        return terminated != null;
    }

    boolean hasSucceeded() {
        return terminated != null && terminated.getTerminated().getExitCode() == 0;
    }

    @Nullable
    RunningContainer running() {
        return running;
    }

    boolean isStarted() {
        return isRunning() && probes.hasStarted();
    }

    boolean isReady() {
        return role == Role.INIT ? hasSucceeded() : isRunning() && probes.isReady();
    }

    /** When it may be started; in the past when now. */
    Instant notBefore() {
        return notBefore;
    }

    void waitsFor(String reason, @Nullable String message) {
        waitingReason = reason;
        waitingMessage = message;
    }

    /** Starts it, for the first time or once more. */
    void start(RunningPod pod, Instant now) {
        if (terminated != null) {
            lastTerminated = terminated;
        }
        delayed = false;
        try {
            running = pod.startContainer(name());
            terminated = null;
            starts = pod.starts(name());
            probes = new ProbeRecord(container, now);
        } catch (RuntimeException failure) {
            // What is left of the former start was removed with it.
            running = null;
            terminated = null;
            starts = pod.starts(name());
            String message = String.valueOf(failure.getMessage());
            waitsFor(
                    message.contains("has no image")
                            ? "ErrImagePull"
                            : message.contains("was not restored") ? "RunContainerError" : "CreateContainerError",
                    message);
            delay(now);
        }
    }

    /** Notices its end; returns whether it has just ended. */
    boolean observe(Instant now) {
        RunningContainer observed = running;
        if (observed == null || terminated != null) {
            return false;
        }
        OptionalInt code = observed.exitCode();
        if (code.isEmpty()) {
            return false;
        }
        int exitCode = code.getAsInt();
        boolean oom = observed.oomKilled();
        terminated = new ContainerStateBuilder()
                .withNewTerminated()
                .withExitCode(exitCode)
                .withReason(oom ? "OOMKilled" : exitCode == 0 ? "Completed" : "Error")
                .withStartedAt(seconds(observed.created()))
                .withFinishedAt(seconds(now))
                .withContainerID(identity(observed))
                .endTerminated()
                .build();
        if (Duration.between(observed.created(), now).compareTo(FORGIVEN_AFTER) > 0) {
            failures = 0;
        }
        return true;
    }

    /** Lets it wait before it is started again; not for long the first time. */
    void delay(Instant now) {
        Duration wait = failures == 0 && running != null
                ? NOTICED
                : FIRST_BACKOFF.multipliedBy(1L << Math.min(5, Math.max(0, failures - 1)));
        notBefore = now.plus(wait.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : wait);
        failures++;
        delayed = true;
    }

    /** Whether it is known when it may be started again. */
    boolean isDelayed() {
        return delayed;
    }

    /** Its status as the kubelet reports it. */
    ContainerStatus status(boolean isRestarted) {
        boolean waitsForRestart = isRestarted && failures > 1;
        ContainerStatusBuilder status = new ContainerStatusBuilder()
                .withName(name())
                .withImage(container.getImage())
                .withRestartCount(Math.max(0, starts - 1))
                .withReady(isReady())
                .withStarted(isStarted());
        RunningContainer current = running;
        if (current != null) {
            status.withContainerID(identity(current))
                    .withImageID(current.image().id());
        } else {
            status.withImageID("");
        }
        ContainerState ended = terminated;
        if (current == null) {
            status.withState(waiting(waitingReason, waitingMessage));
        } else if (ended == null) {
            status.withState(new ContainerStateBuilder()
                    .withNewRunning()
                    .withStartedAt(seconds(current.created()))
                    .endRunning()
                    .build());
        } else if (waitsForRestart) {
            status.withState(
                    waiting("CrashLoopBackOff", "it is started again when the wait after its latest failures is over"));
            status.withLastState(ended);
        } else {
            status.withState(ended);
        }
        if (status.buildLastState() == null && lastTerminated != null) {
            status.withLastState(lastTerminated);
        }
        return status.build();
    }

    private static ContainerState waiting(String reason, @Nullable String message) {
        return new ContainerStateBuilder()
                .withNewWaiting()
                .withReason(reason)
                .withMessage(message)
                .endWaiting()
                .build();
    }

    private static String identity(RunningContainer container) {
        return "cri-o://" + container.id();
    }

    static String seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
