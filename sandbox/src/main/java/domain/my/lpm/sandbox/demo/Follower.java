package domain.my.lpm.sandbox.demo;

import domain.my.lpm.api.migration.PodMigration;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.sandbox.SandboxException;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Watches a PodMigration and prints each phase and condition as it comes, as {@code kubectl get -w} would, and why. */
final class Follower implements AutoCloseable {
    /** After which silence is broken. */
    private static final long SILENCE_SECONDS = 10;

    private final PrintStream out;
    private final BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
    private final Set<String> told = new HashSet<>();
    private final Watch watch;
    private long applied = System.nanoTime();
    private String lastPhase = "";
    private String lastMessage = "";

    private record Seen(@Nullable PodMigration migration, String problem, long time) {}

    /** Watches from now on; the PodMigration need not be there yet. */
    Follower(KubernetesClient client, String namespace, String name, PrintStream out) {
        this.out = out;
        watch = client.resources(PodMigration.class)
                .inNamespace(namespace)
                .withName(name)
                .watch(new Watcher<>() {
                    @Override
                    public void eventReceived(Action action, PodMigration migration) {
                        if (action == Action.DELETED) {
                            add(null, "it was deleted");
                        } else if (action != Action.BOOKMARK) {
                            add(migration, "");
                        }
                    }

                    @Override
                    public void onClose(WatcherException cause) {
                        add(null, String.valueOf(cause.getMessage()));
                    }
                });
    }

    private void add(@Nullable PodMigration migration, String problem) {
        seen.add(new Seen(migration, problem, System.nanoTime()));
    }

    /** The PodMigration is being applied: times count from here. */
    void begin() {
        applied = System.nanoTime();
    }

    /**
     * Prints what happens until it is over.
     *
     * @param listener is told of every change, before it is printed
     * @return the migration at its end
     * @throws SandboxException when it can be followed no longer
     */
    PodMigration untilOver(Consumer<PodMigration> listener) throws InterruptedException {
        while (true) {
            Seen next = seen.poll(SILENCE_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                line(System.nanoTime(), "still " + lastPhase, lastMessage);
                continue;
            }
            PodMigration migration = next.migration();
            if (migration == null) {
                throw new SandboxException("the PodMigration cannot be followed to its end: " + next.problem());
            }
            PodMigrationStatus status = migration.getStatus();
            if (status == null || status.getPhase() == null) {
                continue;
            }
            listener.accept(migration);
            print(status, next.time());
            if (status.getPhase().isFinal()) {
                return migration;
            }
        }
    }

    private void print(PodMigrationStatus status, long time) {
        String phase = Objects.requireNonNull(status.getPhase()).value();
        String message = Optional.ofNullable(status.getMessage()).orElse("");
        if (!phase.equals(lastPhase) || !message.equals(lastMessage)) {
            line(time, phase, message);
            lastPhase = phase;
            lastMessage = message;
        }
        for (Condition condition : status.getConditions()) {
            String now = condition.getType() + "=" + condition.getStatus();
            if (told.add(now + " " + condition.getReason())) {
                // Where phase and condition say the same it is said once.
                line(time, "  " + now, message.equals(condition.getMessage()) ? "" : condition.getMessage());
            }
        }
    }

    private void line(long time, String what, String why) {
        String[] lines = why.split("\n", -1);
        out.printf(
                Locale.ROOT,
                "  %+7.0f ms  %-22s %s%n",
                (time - applied) / 1e6,
                what,
                Report.printable(lines[0]).strip());
        for (int index = 1; index < lines.length; index++) {
            out.printf("  %10s  %-22s %s%n", "", "", Report.printable(lines[index]));
        }
    }

    @Override
    public void close() {
        watch.close();
    }
}
