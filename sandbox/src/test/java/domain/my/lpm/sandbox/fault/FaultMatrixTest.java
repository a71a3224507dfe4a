package domain.my.lpm.sandbox.fault;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.agent.step.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Everybody who takes part in a migration is killed, stopped and cut off at each side of each step; afterwards the application
 * has to have run every instruction once. The steps are those that come in clean runs, and each step there is must be one of
 * them. The system property {@code lpm.faults} chooses: {@code none} but the clean runs, {@code all}, or a regular expression that
 * the names match.
 * With {@code lpm.regenerate} the table in docs is written anew from the outcomes.
 */
@Tag("real")
class FaultMatrixTest {
    private static final Path TABLE = Path.of("../docs/fault-matrix.md");
    private static final int ATTEMPTS = 4;
    private static final String FAILED = "**failed**";

    /** Steps that do not come in these runs, and where they are tried instead. */
    private static final Map<Enum<?>, String> ELSEWHERE = new LinkedHashMap<>();

    static {
        String crash = "CrashTest of the controller kills it there, with agents that are fakes";
        ELSEWHERE.put(domain.my.lpm.controller.step.Step.RECORD_QUEUED, crash);
        ELSEWHERE.put(domain.my.lpm.controller.step.Step.RECORD_FAILED, crash);
        ELSEWHERE.put(domain.my.lpm.controller.step.Step.DELETE_MIGRATION, crash);
        ELSEWHERE.put(Step.EXTRACT_IMAGES, "a call that no migration makes");
        ELSEWHERE.put(Step.SAY_FRESH, "the application starts anew, which the ledger would take for a loss");
        ELSEWHERE.put(Step.START_ANEW, "comes when a copy ends after its migration, as in SidecarTest");
        ELSEWHERE.put(Step.WRITE_NODE, "repeated for as long as the agent lives, and no part of a migration");
    }

    private static @Nullable FaultCluster cluster;
    private static int number;

    /** The moments at which faults are made, in the order in which they came. */
    private final Map<Scenario, Set<Moment>> moments = new LinkedHashMap<>();

    @BeforeAll
    static void start() throws IOException {
        cluster = new FaultCluster();
    }

    @AfterAll
    static void close() {
        if (cluster != null) {
            FaultCluster old = cluster;
            cluster = null;
            old.close();
        }
    }

    private static Set<Moment> clean(Scenario scenario) {
        for (int attempt = 1; ; attempt++) {
            Trial trial = trial(scenario, Optional.empty());
            if (trial.run().equals(scenario.clean())) {
                return trial.moments();
            }
            // A lease that ran out, on a machine that is slow.
            assertThat(attempt).as("attempts at: " + scenario).isLessThan(ATTEMPTS);
        }
    }

    private static String outcome(Cell cell) {
        for (int attempt = 1; ; attempt++) {
            Trial trial = trial(cell.scenario(), Optional.of(cell));
            String outcome = trial.run();
            if (trial.struck()) {
                return outcome;
            }
            // A lease that ran out before, on a machine that is slow.
            assertThat(attempt).as("attempts in which the moment never came").isLessThan(ATTEMPTS);
        }
    }

    private static void renew() throws IOException {
        close();
        start();
    }

    private static Trial trial(Scenario scenario, Optional<Cell> cell) {
        return new Trial(Objects.requireNonNull(cluster), scenario, cell, "trial-" + ++number);
    }

    @TestFactory
    Stream<DynamicNode> matrix() throws IOException {
        for (Scenario scenario : Scenario.values()) {
            Set<Moment> own = clean(scenario).stream()
                    .filter(moment -> !moment.step().equals(Step.WRITE_NODE.name()))
                    .filter(moment -> scenario.isAnotherHere(moment)
                            || moments.values().stream().noneMatch(former -> former.contains(moment)))
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            moments.put(scenario, own);
        }
        List<Cell> cells = new ArrayList<>();
        moments.forEach((scenario, own) ->
                own.forEach(moment -> moment.faults().forEach(fault -> cells.add(new Cell(scenario, moment, fault)))));
        String which = System.getProperty("lpm.faults", "none");
        Map<String, String> known = outcomes();
        Stream<DynamicNode> chosen = chosen(cells, which)
                .filter(cell -> known.getOrDefault(cell.toString(), FAILED).equals(FAILED))
                .map(cell -> DynamicTest.dynamicTest(cell.toString(), () -> {
                    try {
                        record(cell, outcome(cell));
                    } catch (Throwable failed) {
                        System.out.println(failed);
                        record(cell, FAILED);
                        // What it left would be found by the next one.
                        renew();
                        throw failed;
                    }
                }));
        List<DynamicNode> whole = new ArrayList<>();
        whole.add(DynamicTest.dynamicTest("every step is one of them, or tried elsewhere", this::requireEveryStep));
        if (System.getProperty("lpm.regenerate") != null) {
            return Stream.concat(
                    chosen,
                    Stream.of(DynamicTest.dynamicTest(
                            "the table is written", () -> Files.writeString(TABLE, table(cells)))));
        }
        whole.add(DynamicTest.dynamicTest("the table in docs has these rows", () -> requireTable(cells)));
        return Stream.concat(whole.stream(), chosen);
    }

    /** Kept where {@code lpm.faults.outcomes} names a file, so that the whole can be run in parts. */
    private static void record(Cell cell, String outcome) throws IOException {
        System.out.println(cell + ": " + outcome);
        String file = System.getProperty("lpm.faults.outcomes");
        if (file != null) {
            Files.writeString(
                    Path.of(file), cell + "\t" + outcome + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    /** What is known of cells already. */
    private static Map<String, String> outcomes() throws IOException {
        Map<String, String> outcomes = new LinkedHashMap<>();
        String file = System.getProperty("lpm.faults.outcomes");
        if (file == null || !Files.exists(Path.of(file))) {
            return outcomes;
        }
        for (String line : Files.readAllLines(Path.of(file))) {
            String[] fields = line.split("\t");
            outcomes.put(fields[0], fields[1]);
        }
        return outcomes;
    }

    private static Stream<Cell> chosen(List<Cell> cells, String which) {
        return switch (which) {
            case "all" -> cells.stream();
            case "none" -> Stream.empty();
            default -> {
                Pattern pattern = Pattern.compile(which);
                List<Cell> matching = cells.stream()
                        .filter(cell -> pattern.matcher(cell.toString()).find())
                        .toList();
                assertThat(matching)
                        .as("the cells that match lpm.faults=" + which + ", of " + cells)
                        .isNotEmpty();
                yield matching.stream();
            }
        };
    }

    private void requireEveryStep() {
        Set<String> came = new TreeSet<>();
        moments.values().forEach(own -> own.forEach(moment -> came.add(list(moment.role()) + " " + moment.step())));
        Set<String> expected = new TreeSet<>();
        for (Enum<?> step : all()) {
            if (!ELSEWHERE.containsKey(step)) {
                expected.add(step.getDeclaringClass().getName() + " " + step.name());
            }
        }
        came.removeIf(name -> name.startsWith(Role.CRIU.toString()));
        assertThat(came).isEqualTo(expected);
    }

    private static List<Enum<?>> all() {
        List<Enum<?>> all = new ArrayList<>(Arrays.asList(domain.my.lpm.controller.step.Step.values()));
        all.addAll(Arrays.asList(Step.values()));
        return all;
    }

    private static String list(Role role) {
        return switch (role) {
            case CONTROLLER -> domain.my.lpm.controller.step.Step.class.getName();
            case SOURCE_AGENT, TARGET_AGENT -> Step.class.getName();
            case CRIU -> Role.CRIU.toString();
        };
    }

    private static void requireTable(List<Cell> cells) throws IOException {
        Set<String> rows = new TreeSet<>();
        cells.forEach(cell -> rows.add(row(cell.moment())));
        Set<String> written = new TreeSet<>();
        for (String line : Files.readAllLines(TABLE)) {
            if (line.startsWith("| ") && !line.startsWith("| who")) {
                written.add(line.substring(2, line.indexOf(" |", line.indexOf(" | ") + 3)));
            }
        }
        assertThat(written)
                .as("the rows of " + TABLE + "; write it anew by ./lpm test --faults")
                .containsAll(rows);
    }

    private static String row(Moment moment) {
        return moment.role() == Role.CRIU
                ? moment.role() + " | at " + moment.step()
                : moment.role() + " | " + moment.side().toString().toLowerCase(java.util.Locale.ROOT) + " "
                        + moment.step();
    }

    private String table(List<Cell> cells) throws IOException {
        Map<String, String> outcomes = outcomes();
        StringBuilder text = new StringBuilder("""
                # The fault matrix

                Written by `./lpm test --faults`, which makes every one of these faults in a cluster of the sandbox: the real CRIU and
                runc, controller and agents in processes of their own. Each field says what became of the application, by its own
                output, which is stamped as it is read: **moved**, it runs in the copy; **stayed**, it runs in the source. In every
                one each tick came once and in order, from one memory; the status told the same; one pod was there in the end; and
                nothing was left over: no process, mount, cgroup, configuration of CRIU, hold, or file on the share. Where one of these was
                not so the field says **failed**; what is **not run** has not been tried since the last change of the hand-over.

                A participant that is killed is started anew, as its Deployment or DaemonSet does. One that hangs or is cut off comes
                back %d s later, the lease on the hold being %d s. Launcher and CRIU do not come back before the migration is over.

                """.formatted(FaultCluster.LEASE + 3, FaultCluster.LEASE));
        moments.forEach((scenario, all) -> {
            if (all.isEmpty()) {
                return;
            }
            List<Fault> columns = Arrays.stream(Fault.values())
                    .filter(fault ->
                            all.stream().anyMatch(moment -> moment.faults().contains(fault)))
                    .toList();
            text.append("## While ").append(scenario).append("\n\n| who | when |");
            columns.forEach(fault -> text.append(' ').append(fault).append(" |"));
            text.append("\n|---|---|").append("---|".repeat(columns.size())).append('\n');
            for (Moment moment : all) {
                text.append("| ").append(row(moment)).append(" |");
                for (Fault fault : columns) {
                    Cell cell = new Cell(scenario, moment, fault);
                    text.append(' ')
                            .append(cells.contains(cell) ? outcomes.getOrDefault(cell.toString(), "not run") : "")
                            .append(" |");
                }
                text.append('\n');
            }
            text.append('\n');
        });
        text.append("## Steps that are tried elsewhere\n\n| step | where |\n|---|---|\n");
        ELSEWHERE.forEach((step, where) -> text.append("| ")
                .append(step.name())
                .append(" | ")
                .append(where)
                .append(" |\n"));
        return text.toString();
    }
}
