package domain.my.lpm.bench;

import domain.my.lpm.sandbox.SandboxException;
import java.util.LinkedHashMap;
import java.util.Map;

/** When the controller and the agents did what, by the wall clock, since the last {@link #clear}. */
final class Timeline {
    private final Map<String, Long> micros = new LinkedHashMap<>();

    /** What happens for the first time counts. */
    private synchronized void happened(String what) {
        micros.putIfAbsent(what, Workload.micros());
    }

    synchronized void clear() {
        micros.clear();
    }

    /** What has happened since, in order; microseconds since 1970. */
    synchronized Map<String, Long> all() {
        return new LinkedHashMap<>(micros);
    }

    /** When something happened; {@code what} is as in {@link #all}. */
    synchronized long at(String what) {
        Long at = micros.get(what);
        if (at == null) {
            throw new SandboxException("'" + what + "' has not happened; what has: " + micros.keySet());
        }
        return at;
    }

    static String begin(Enum<?> step) {
        return step + " begins";
    }

    static String end(Enum<?> step) {
        return step + " ends";
    }

    domain.my.lpm.agent.step.StepListener ofAgents() {
        return new domain.my.lpm.agent.step.StepListener() {
            @Override
            public void before(domain.my.lpm.agent.step.Step step) {
                happened(begin(step));
            }

            @Override
            public void after(domain.my.lpm.agent.step.Step step) {
                happened(end(step));
            }
        };
    }

    domain.my.lpm.controller.step.StepListener ofController() {
        return new domain.my.lpm.controller.step.StepListener() {
            @Override
            public void before(domain.my.lpm.controller.step.Step step) {
                happened(begin(step));
            }

            @Override
            public void after(domain.my.lpm.controller.step.Step step) {
                happened(end(step));
            }
        };
    }
}
