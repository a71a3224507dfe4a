package domain.my.lpm.controller.fake;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Which processes run: the truth that agents and kubelets change, and by which tests judge. */
public final class World {
    /** The processes of a pod. */
    public enum Processes {
        /** They run. */
        RUNNING,
        /** They stand still. */
        HELD,
        /** A copy waits for its release. */
        STANDBY,
        /** A copy is complete, before its first instruction. */
        COMPLETE,
        /** A copy could not be restored and waits. */
        UNRESTORABLE,
        /** A copy began anew. */
        FRESH,
        /** There are none. */
        NONE
    }

    private final Map<String, Processes> pods = new HashMap<>();
    private final Map<String, String> sources = new HashMap<>();
    private final List<String> history = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();

    /** What a pod's processes do. */
    public synchronized Processes of(String uid) {
        return pods.getOrDefault(uid, Processes.NONE);
    }

    /** Changes it. */
    public synchronized void set(String uid, Processes processes) {
        pods.put(uid, processes);
        history.add(uid + " " + processes);
        judge();
    }

    /** {@code copy} goes on from a checkpoint of {@code source}. */
    public synchronized void copies(String copy, String source) {
        sources.put(copy, source);
        judge();
    }

    /** What must never be and was. */
    public synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /** Forgets what must never be, for a test in which it may. */
    public synchronized void forgive() {
        violations.clear();
    }

    /** Everything that happened. */
    public synchronized List<String> history() {
        return List.copyOf(history);
    }

    private void judge() {
        sources.forEach((copy, source) -> {
            boolean copyRuns = runs(of(copy));
            if (copyRuns && runs(of(source))) {
                String violation = "both run: the copy %s and its source %s".formatted(copy, source);
                if (violations.isEmpty() || !Objects.equals(violations.get(violations.size() - 1), violation)) {
                    violations.add(violation);
                }
            }
        });
    }

    private static boolean runs(Processes processes) {
        return switch (processes) {
            case RUNNING, FRESH -> true;
            case HELD, STANDBY, COMPLETE, UNRESTORABLE, NONE -> false;
        };
    }
}
