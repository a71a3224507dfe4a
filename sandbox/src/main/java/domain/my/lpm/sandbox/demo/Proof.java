package domain.my.lpm.sandbox.demo;

import domain.my.lpm.api.ConditionTypes;
import domain.my.lpm.api.Conditions;
import domain.my.lpm.api.migration.MigrationPhase;
import domain.my.lpm.api.migration.PodMigrationStatus;
import domain.my.lpm.sandbox.LogLine;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Whether it was the same running program that went on, judged by what was in its memory and nowhere else. */
final class Proof {
    /**
     * One thing that must be so.
     *
     * @param holds whether it is
     * @param claim what must be so
     * @param evidence what was seen
     */
    record Check(boolean holds, String claim, String evidence) {}

    private static final Pattern TICK = Pattern.compile("tick (\\d+) nonce=(\\S+) host=(\\S+)");

    private record Tick(int number, String nonce, String host) {}

    private Proof() {}

    /** The checks of any program: its first process is the same run, and the source has not moved since the dump. */
    static List<Check> ofAny(Outcome outcome) {
        List<Check> checks = new ArrayList<>();
        PodMigrationStatus status = outcome.migration().getStatus();
        Optional<Condition> restored = Conditions.find(status.getConditions(), ConditionTypes.RESTORED);
        checks.add(new Check(
                status.getPhase() == MigrationPhase.SUCCEEDED
                        && Conditions.isTrue(status.getConditions(), ConditionTypes.RESTORED),
                "the migration succeeded, and the copy was restored",
                restored.map(Condition::getMessage).orElse("there is no condition Restored")));
        for (Outcome.Moved each : outcome.containers()) {
            checks.addAll(ofContainer(outcome, each));
        }
        return checks;
    }

    private static List<Check> ofContainer(Outcome outcome, Outcome.Moved moved) {
        String of = outcome.containers().size() == 1 ? "" : "'" + moved.name() + "': ";
        List<Check> checks = new ArrayList<>();
        Optional<ProcessPicture> root = moved.before().stream().findFirst();
        Optional<ProcessPicture> restored = root.flatMap(process -> restored(moved, process));
        checks.add(new Check(
                restored.isPresent(),
                of + "the first process is the same run of the program",
                restored.map(now -> "the 16 random bytes that the kernel put into its memory when it started: "
                                + now.stamp())
                        .orElse(
                                "no process of the copy has its id and the random bytes that the kernel put into its memory when"
                                        + " it started: "
                                        + root.map(ProcessPicture::stamp).orElse("it had no process"))));
        checks.add(new Check(
                moved.exitCode() == null || moved.exitCode() == 0,
                of + "it runs on",
                moved.exitCode() == null
                        ? moved.after().size() + " processes"
                        : "ended with exit code " + moved.exitCode()));
        Instant complete = outcome.migration()
                .getStatus()
                .since(MigrationPhase.CHECKPOINT_COMPLETED)
                .orElse(Instant.EPOCH);
        long since = moved.source().stream()
                .filter(line -> line.time().isAfter(complete))
                .count();
        checks.add(new Check(
                since == 0 && moved.sourceProcessesLeft() == 0,
                of + "the source did nothing after the checkpoint",
                since + " lines printed since, " + moved.sourceProcessesLeft() + " processes left"));
        return checks;
    }

    /** What became of a process on the target. */
    static Optional<ProcessPicture> restored(Outcome.Moved moved, ProcessPicture process) {
        return moved.after().stream()
                .filter(now -> now.pid() == process.pid()
                        && !now.stamp().isEmpty()
                        && now.stamp().equals(process.stamp()))
                .findFirst();
    }

    /** The further checks of samples/counter. */
    static List<Check> ofCounter(Outcome outcome) {
        List<Tick> source = ticks(outcome.shown().source());
        List<Tick> target = ticks(outcome.shown().target());
        List<Tick> all = Stream.concat(source.stream(), target.stream()).toList();
        List<Check> checks = new ArrayList<>();
        checks.add(new Check(
                !source.isEmpty() && !target.isEmpty() && consecutive(all),
                "no tick is missing and none comes twice",
                source.isEmpty() || target.isEmpty()
                        ? source.size() + " ticks on the source, " + target.size() + " on the target"
                        : "1 to " + last(source).number() + " on the source, "
                                + target.get(0).number() + " to " + last(target).number() + " on the target"));
        List<String> nonces = all.stream().map(Tick::nonce).distinct().toList();
        checks.add(new Check(
                nonces.size() == 1, "its nonce is in its memory alone, and is the same", String.join(", ", nonces)));
        List<Tick> kept = outcome.volumeLines().stream().flatMap(Proof::tick).toList();
        checks.add(new Check(
                !target.isEmpty()
                        && kept.size() > source.size()
                        && kept.size() == outcome.volumeLines().size()
                        && consecutive(kept)
                        && kept.stream().map(Tick::nonce).distinct().toList().equals(nonces),
                "the file on its volume came along and goes on",
                kept.size() + " of " + outcome.volumeLines().size() + " lines of /data/counter.log"));
        // What the source was about to print when it was stopped still names the source.
        List<String> hosts = target.stream().skip(1).map(Tick::host).distinct().toList();
        checks.add(new Check(
                source.stream().map(Tick::host).distinct().count() == 1
                        && hosts.size() == 1
                        && !source.get(0).host().equals(hosts.get(0)),
                "it runs in another pod",
                (source.isEmpty() ? "" : source.get(0).host()) + " → " + String.join(", ", hosts)));
        return checks;
    }

    private static boolean consecutive(List<Tick> ticks) {
        for (int index = 0; index < ticks.size(); index++) {
            if (ticks.get(index).number() != index + 1) {
                return false;
            }
        }
        return true;
    }

    private static Tick last(List<Tick> ticks) {
        return ticks.get(ticks.size() - 1);
    }

    private static List<Tick> ticks(List<LogLine> lines) {
        return lines.stream().map(LogLine::text).flatMap(Proof::tick).toList();
    }

    private static Stream<Tick> tick(String line) {
        Matcher matcher = TICK.matcher(line);
        return matcher.matches()
                ? Stream.of(new Tick(Integer.parseInt(matcher.group(1)), matcher.group(2), matcher.group(3)))
                : Stream.empty();
    }
}
