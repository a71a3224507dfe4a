package domain.my.lpm.e2e;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** All ticks that an application ever wrote, wherever it ran: what was lost or done twice is to be seen here. */
final class Ledger {
    private final List<Tick> ticks;

    /** In any order. */
    Ledger(List<Tick> ticks) {
        this.ticks =
                ticks.stream().sorted(Comparator.comparingLong(Tick::number)).toList();
    }

    /** By their numbers. */
    List<Tick> ticks() {
        return ticks;
    }

    /** Those of one pod. */
    List<Tick> of(String uid) {
        return ticks.stream().filter(tick -> tick.uid().equals(uid)).toList();
    }

    /** The numbers from 1 to the last that nobody wrote. */
    List<Long> lost() {
        List<Long> lost = new ArrayList<>();
        long expected = 1;
        for (Tick tick : ticks) {
            for (; expected < tick.number(); expected++) {
                lost.add(expected);
            }
            expected = tick.number() + 1;
        }
        return lost;
    }

    /** Those that were written before, by the same pod or another one. */
    List<Tick> repeated() {
        Map<Long, Tick> first = new HashMap<>();
        return ticks.stream()
                .filter(tick -> first.putIfAbsent(tick.number(), tick) != null)
                .toList();
    }

    /** The memories that wrote them: one, unless an application began anew. */
    Set<String> nonces() {
        Set<String> nonces = new LinkedHashSet<>();
        ticks.forEach(tick -> nonces.add(tick.nonce()));
        return nonces;
    }

    /** Ticks whose number is smaller than that of an earlier line of the same pod. */
    List<Tick> outOfOrder() {
        Map<String, Instant> latest = new HashMap<>();
        List<Tick> wrong = new ArrayList<>();
        for (Tick tick : ticks) {
            Instant before = latest.put(tick.uid(), tick.time());
            if (before != null && tick.time().isBefore(before)) {
                wrong.add(tick);
            }
        }
        return wrong;
    }

    /** Everything that is wrong with it, in words; empty when every tick is there once, in its order, and of one memory. */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        if (ticks.isEmpty()) {
            faults.add("there is no tick");
        }
        lost().stream().limit(5).forEach(number -> faults.add("tick " + number + " is lost"));
        repeated().stream()
                .limit(5)
                .forEach(tick -> faults.add("tick " + tick.number() + " was done twice: " + all(tick)));
        outOfOrder().stream().limit(5).forEach(tick -> faults.add("tick " + tick.number() + " is out of order"));
        if (nonces().size() > 1) {
            faults.add("it began anew: " + nonces());
        }
        return faults;
    }

    private List<String> all(Tick twice) {
        return ticks.stream()
                .filter(tick -> tick.number() == twice.number())
                .map(tick -> tick.pod() + " on " + tick.node() + " at " + tick.time())
                .toList();
    }

    /** How long nothing was written between the last tick of one pod and the first of another, in milliseconds. */
    OptionalDouble gapMillis(String from, String to) {
        List<Tick> before = of(from);
        List<Tick> after = of(to);
        if (before.isEmpty() || after.isEmpty()) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(
                millis(before.get(before.size() - 1).time(), after.get(0).time()));
    }

    /** The longest time between two ticks of a pod, in milliseconds; 0 when there are fewer. */
    double longestPauseMillis(String uid) {
        List<Tick> of = of(uid);
        double longest = 0;
        for (int index = 1; index < of.size(); index++) {
            longest = Math.max(
                    longest, millis(of.get(index - 1).time(), of.get(index).time()));
        }
        return longest;
    }

    /** The last of all. */
    Optional<Tick> last() {
        return ticks.isEmpty() ? Optional.empty() : Optional.of(ticks.get(ticks.size() - 1));
    }

    private static double millis(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / 1e6;
    }
}
