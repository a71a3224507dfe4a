package domain.my.lpm.launcher.entry;

import static domain.my.lpm.launcher.entry.Container.await;
import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.launcher.restore.EntryWord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import jnr.constants.platform.Signal;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The first process of a container against the kernel: needs root, and util-linux's unshare, nsenter and kill. */
@Tag("real")
@Timeout(120)
class EntryRealTest {
    private static final String LOOP = "echo ready; while :; do sleep 0.02; done";

    private final Path directory;

    EntryRealTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @ParameterizedTest
    @CsvSource({"exit 0,0", "exit 7,7", "kill -TERM $$,143", "kill -KILL $$,137", "kill -SEGV $$,139"})
    void endsAsTheApplicationEnds(String script, int code) throws Exception {
        try (Container container = Container.run(directory, "--", "sh", "-c", script)) {
            assertThat(container.exitCode()).isEqualTo(code);
            assertThat(container.errors()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "no-such-program,127,entry: cannot start 'no-such-program': No such file or directory; check the command and PATH",
        "/etc/passwd,126,entry: cannot start '/etc/passwd': Permission denied; check the command and PATH"
    })
    void saysWhyTheApplicationCannotStart(String program, int code, String message) throws Exception {
        try (Container container = Container.run(directory, "--", program)) {
            assertThat(container.exitCode()).isEqualTo(code);
            assertThat(container.errors().strip()).isEqualTo(message);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--surprise -- true|unknown option, or one without its value: '--surprise'",
                "--user|unknown option, or one without its value: '--user'",
                "--standby|missing command after '--'",
                "--|missing command after '--'",
                "--user 5 -- true|malformed value: '5'",
                "--user 5:6:7;8 -- true|malformed value: '5:6:7;8'",
                "--user 5:6,7 -- true|malformed value: '5:6,7'",
                "--user 5:6:7, -- true|not a number in range: ''",
                "--user 4294967295:0 -- true|not a number in range: '4294967295:0'",
                "--user -1:0 -- true|not a number in range: '-1:0'",
                "--capabilities 1g -- true|malformed value: '1g'",
                "--launcher true -- true|only with --standby: --launcher 'true'"
            })
    void refusesWhatItDoesNotUnderstand(String arguments, String message) throws Exception {
        try (Container container = Container.run(directory, arguments.split(" "))) {
            assertThat(container.exitCode()).isEqualTo(64);
            assertThat(container.errors().lines())
                    .singleElement()
                    .asString()
                    .startsWith("entry: " + message + "; usage: entry install DIR | probe | run ");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Signal.class,
            names = {
                "SIGHUP",
                "SIGINT",
                "SIGQUIT",
                "SIGUSR1",
                "SIGUSR2",
                "SIGTERM",
                "SIGCONT",
                "SIGWINCH",
                "SIGTSTP",
                "SIGTTIN",
                "SIGTTOU",
                "SIGPIPE",
                "SIGURG"
            })
    void passesSignalsOn(Signal signal) throws Exception {
        String name = signal.name().substring("SIG".length());
        String script = "trap \"echo heard; exit 3\" " + name + "; " + LOOP;
        try (Container container = Container.run(directory, "--", "sh", "-c", script)) {
            container.awaitOutput("ready");
            Processes.signal(container.awaitName("lpm-fresh"), signal);
            assertThat(container.exitCode()).isEqualTo(3);
            assertThat(container.output()).isEqualTo("ready\nheard\n");
        }
    }

    @RepeatedTest(10)
    void losesNoSignalThatComesWhileTheApplicationStarts() throws Exception {
        try (Container container = Container.run(directory, "--", "sleep", "60")) {
            Processes.signal(container.awaitName("lpm-fresh"), Signal.SIGTERM);
            assertThat(container.exitCode()).isEqualTo(143);
        }
    }

    @RepeatedTest(5)
    void survivesSignalsInAnyNumberWhileItStartsTheApplication() throws Exception {
        AtomicBoolean storming = new AtomicBoolean(true);
        try (Container container =
                Container.run(directory, "--standby", "--", "sh", "-c", "sleep 0.1 & sleep 0.2; exit 42")) {
            int first = container.awaitName("lpm-standby");
            Thread storm = new Thread(() -> {
                while (storming.get()) {
                    Processes.signal(first, Signal.SIGWINCH);
                    Processes.signal(first, Signal.SIGCONT);
                    Processes.signal(first, Signal.SIGCHLD);
                }
            });
            storm.start();
            try {
                EntryWord.START_FRESH.tell(first, 0);
                await("the application to end", () -> !Processes.exists(first));
            } finally {
                storming.set(false);
                storm.join();
            }
            assertThat(container.exitCode()).isEqualTo(42);
        }
    }

    @Test
    void takesAStoppedApplicationForAlive() throws Exception {
        try (Container container = Container.run(directory, "--", "sh", "-c", "echo ready; kill -STOP $$; exit 4")) {
            int first = container.awaitName("lpm-fresh");
            await(
                    "the application to stop",
                    () -> container.children().stream()
                            .allMatch(pid -> Processes.state(pid).equals(Optional.of('T'))));
            assertThat(Processes.exists(first)).isTrue();
            Processes.signal(first, Signal.SIGCONT);
            assertThat(container.exitCode()).isEqualTo(4);
        }
    }

    @Test
    void reapsWhatOthersLeaveBehind() throws Exception {
        Path go = directory.resolve("go");
        String orphans = "for i in 1 2 3 4 5; do (sh -c \"while [ ! -e " + go + " ]; do sleep 0.02; done\" &); done; ";
        try (Container container = Container.run(directory, "--", "sh", "-c", orphans + "exec sleep 60")) {
            int first = container.awaitName("lpm-fresh");
            await("the orphans", () -> container.children().size() == 6);
            Files.createFile(go);
            await("the orphans to be gone", () -> container.children().size() == 1);
            assertThat(Processes.tree(first)).hasSize(2);
        }
    }

    @Test
    void startsFreshOnTheWord() throws Exception {
        try (Container container = Container.run(directory, "--standby", "--", "sh", "-c", LOOP)) {
            int first = container.awaitName("lpm-standby");
            assertThat(container.execute(Container.ENTRY, "probe")).isEqualTo(1);
            assertThat(container.children()).isEmpty();
            EntryWord.START_FRESH.tell(first, 0);
            container.awaitName("lpm-fresh");
            container.awaitOutput("ready");
            assertThat(container.execute(Container.ENTRY, "probe")).isZero();
            EntryWord.FAIL.tell(first, 9);
            EntryWord.ADOPT.tell(first, 12345);
            Processes.signal(first, Signal.SIGTERM);
            assertThat(container.exitCode()).as("only the first word counts").isEqualTo(143);
        }
    }

    @ParameterizedTest
    @CsvSource({"9,9", "0,0", "255,255", "256,70", "-1,70"})
    void failsOnTheWord(int value, int code) throws Exception {
        try (Container container = Container.run(directory, "--standby", "--", "echo", "started")) {
            EntryWord.FAIL.tell(container.awaitName("lpm-standby"), value);
            assertThat(container.exitCode()).isEqualTo(code);
            assertThat(container.output()).isEmpty();
        }
    }

    @Test
    void takesNoPlainKillForAWord() throws Exception {
        try (Container container = Container.run(directory, "--standby", "--", "echo", "started")) {
            int first = container.awaitName("lpm-standby");
            for (String number : List.of("34", "35", "36")) {
                Process kill = new ProcessBuilder("kill", "-" + number, Integer.toString(first)).start();
                assertThat(Container.finish(kill)).isZero();
            }
            EntryWord.FAIL.tell(first, 9);
            assertThat(container.exitCode()).isEqualTo(9);
            assertThat(container.output()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Signal.class,
            names = {"SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1"})
    void endsAtOnceInStandby(Signal signal) throws Exception {
        try (Container container = Container.run(directory, "--standby", "--", "echo", "started")) {
            int first = container.awaitName("lpm-standby");
            Processes.signal(first, Signal.SIGWINCH);
            Processes.signal(first, Signal.SIGCONT);
            Processes.signal(first, Signal.SIGCHLD);
            Processes.signal(first, signal);
            assertThat(container.exitCode()).isEqualTo(128 + signal.intValue());
            assertThat(container.output()).isEmpty();
        }
    }

    @Test
    void adoptsTheRestoredApplication() throws Exception {
        try (Container container = Container.run(directory, "--standby", "--", "echo", "started")) {
            int first = container.awaitName("lpm-standby");
            int application = container.orphan("trap \"echo heard; exit 5\" USR1; " + LOOP);
            container.awaitOutput("ready");
            EntryWord.ADOPT.tell(first, idInside(application));
            container.awaitName("lpm-restored");
            assertThat(container.execute(Container.ENTRY, "probe")).isZero();
            assertThat(residentKibibytes(first))
                    .as("kB of memory beside the application")
                    .isBetween(1, 2048);
            Processes.signal(first, Signal.SIGUSR1);
            assertThat(container.exitCode()).isEqualTo(5);
            assertThat(container.output()).isEqualTo("ready\nheard\n");
        }
    }

    @Test
    void knowsTheExitCodeOfAnApplicationThatEndsBeforeTheWordIsRead() throws Exception {
        Path go = directory.resolve("go");
        try (Container container = Container.run(directory, "--standby", "--", "echo", "started")) {
            int first = container.awaitName("lpm-standby");
            int application = container.orphan("while [ ! -e " + go + " ]; do sleep 0.02; done; exit 6");
            Processes.signal(first, Signal.SIGSTOP);
            await("the first process to stop", () -> Processes.state(first).equals(Optional.of('T')));
            EntryWord.ADOPT.tell(first, idInside(application));
            Files.createFile(go);
            await("the application to end", () -> Processes.state(application).equals(Optional.of('Z')));
            Processes.signal(first, Signal.SIGCONT);
            assertThat(container.exitCode()).isEqualTo(6);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 30000})
    void adoptsNoProcessThatCannotBeTheApplication(int pid) throws Exception {
        try (Container container = Container.run(directory, "--standby", "--", "echo", "started")) {
            EntryWord.ADOPT.tell(container.awaitName("lpm-standby"), pid);
            assertThat(container.exitCode()).isEqualTo(70);
            assertThat(container.errors())
                    .isEqualTo(
                            "entry: there is no process " + pid + " to adopt; the restore has failed, see its log\n");
        }
    }

    @Test
    void failsWhenTheLauncherEndsWithoutAWord() throws Exception {
        try (Container container =
                Container.run(directory, "--standby", "--launcher", "true", "--", "echo", "started")) {
            assertThat(container.exitCode()).isEqualTo(70);
            assertThat(container.errors()).isEqualTo("entry: 'true' ended without a word; see its log\n");
            assertThat(container.output()).isEmpty();
        }
    }

    @Test
    void obeysItsOwnLauncher() throws Exception {
        Path launcher = executable("#!/bin/sh\nexec $(which kill) -s 35 -q 0 1\n");
        try (Container container = Container.run(
                directory, "--standby", "--launcher", launcher.toString(), "--", "sh", "-c", "sleep 0.3; exit 8")) {
            assertThat(container.exitCode()).isEqualTo(8);
            assertThat(container.errors()).isEmpty();
        }
    }

    @Test
    void nestsTheApplicationInNamespacesOfItsOwn() throws Exception {
        String script =
                "trap \"exit 3\" TERM; echo $$ $(readlink /proc/self/fd/0) $(cut -d\" \" -f2,6 /proc/$$/stat) ready;"
                        + " while :; do sleep 0.02; done";
        try (Container container = Container.run(directory, "--standby", "--nest", "--", "sh", "-c", script)) {
            int first = container.awaitName("lpm-standby");
            EntryWord.START_FRESH.tell(first, 0);
            container.awaitOutput("ready");
            assertThat(container.output())
                    .as("id, standard input, name, session")
                    .isEqualTo("1 /dev/null (sh) 1 ready\n");
            int application = container.children().get(0);
            for (String own : List.of("ns/pid", "ns/mnt")) {
                assertThat(Processes.link(application, own)).isNotEqualTo(Processes.link(first, own));
            }
            for (String shared : List.of("ns/uts", "ns/ipc", "ns/net")) {
                assertThat(Processes.link(application, shared)).isEqualTo(Processes.link(first, shared));
            }
            assertThat(mounts(application)).as("one /proc replaced by another").hasSameSizeAs(mounts(first));
            assertThat(mounts(application)).noneMatch(line -> line.contains("shared:") || line.contains("master:"));
            assertThat(container.execute(Container.ENTRY, "probe")).isZero();
            Processes.signal(first, Signal.SIGTERM);
            assertThat(container.exitCode()).isEqualTo(3);
        }
    }

    @Test
    void keepsReadOnlyInTheNestWhatTheRuntimeMadeReadOnly() throws Exception {
        String script = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys;"
                + " mount -t tmpfs -o ro none /proc/fs; exec " + Container.ENTRY + " run --nest -- sleep 60";
        try (Container container = Container.start(directory, List.of("sh", "-c", script))) {
            container.awaitName("lpm-fresh");
            await("the application", () -> container.children().size() == 1);
            int application = container.children().get(0);
            await(
                    "sleep",
                    () -> Processes.status(application).getOrDefault("Name", "").equals("sleep"));
            assertThat(mounts(application))
                    .filteredOn(line -> line.contains(" /proc/"))
                    .hasSize(2)
                    .anyMatch(line -> line.matches(".* /fs /proc/fs ro,.* - proc proc .*"))
                    .anyMatch(line -> line.matches(".* /sys /proc/sys ro,.* - proc proc .*"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--nest "})
    void leavesTheApplicationOnlyThePrivilegesAskedFor(String nest) throws Exception {
        String[] arguments =
                (nest + "--user 0:0 --capabilities 400 --no-new-privileges -- cat /proc/self/status").split(" ");
        try (Container container = Container.run(directory, arguments)) {
            assertThat(container.exitCode()).isZero();
            assertThat(container.output())
                    .contains("Uid:\t0\t0\t0\t0\n", "Gid:\t0\t0\t0\t0\n", "NoNewPrivs:\t1\n")
                    .contains(
                            "CapInh:\t0000000000000000\n", "CapPrm:\t0000000000000400\n", "CapEff:\t0000000000000400\n")
                    .contains("CapBnd:\t0000000000000400\n", "CapAmb:\t0000000000000000\n");
        }
    }

    @Test
    void startsTheApplicationAsTheUserAskedFor() throws Exception {
        String script = "cat /proc/self/status; echo writable > /dev/stdout";
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (Container container = Container.run(
                directory, "--user", "1000:1001:5,6", "--capabilities", "2800", "--", "sh", "-c", script)) {
            assertThat(container.exitCode()).isZero();
            assertThat(container.output()).contains("writable");
        }
        try (Container container = Container.run(
                directory, "--user", "1000:1001:5,6", "--capabilities", "2800", "--", "cat", "/proc/self/status")) {
            assertThat(container.exitCode()).isZero();
            assertThat(container.output())
                    .contains("Uid:\t1000\t1000\t1000\t1000\n", "Gid:\t1001\t1001\t1001\t1001\n", "Groups:\t5 6 \n")
                    .contains(
                            "CapInh:\t0000000000000000\n", "CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n")
                    .contains("CapBnd:\t0000000000002800\n", "NoNewPrivs:\t0\n");
        }
    }

    @Test
    void addsNothingToWhatTheApplicationInherits() throws Exception {
        String fields = "^(Sig(Blk|Ign)|Cap.*|NoNewPrivs|Uid|Gid|Groups|Umask):";
        List<String> surroundings =
                List.of("env", "--ignore-signal=CHLD", "--ignore-signal=USR1", "--block-signal=USR2");
        List<String> application = List.of("grep", "-E", fields, "/proc/self/status");
        List<String> bare = new ArrayList<>(surroundings);
        bare.addAll(application);
        List<String> supervised = new ArrayList<>(surroundings);
        supervised.addAll(List.of(Container.ENTRY, "run", "--"));
        supervised.addAll(application);
        try (Container first = Container.start(directory, bare);
                Container second = Container.start(directory, supervised)) {
            assertThat(first.exitCode()).isZero();
            assertThat(second.exitCode()).isZero();
            assertThat(first.output().lines()).hasSize(12);
            assertThat(second.output()).isEqualTo(first.output());
        }
    }

    @Test
    void knowsTheExitCodeWhereTheRuntimeIgnoresTheEndOfChildren() throws Exception {
        try (Container container = Container.start(
                directory,
                List.of("env", "--ignore-signal=CHLD", Container.ENTRY, "run", "--", "sh", "-c", "exit 7"))) {
            assertThat(container.exitCode()).isEqualTo(7);
        }
    }

    @Test
    void installsItself() throws Exception {
        Path target = Files.createDirectory(directory.resolve("installed"));
        for (int time = 0; time < 2; time++) {
            assertThat(Container.finish(new ProcessBuilder(Container.ENTRY, "install", target.toString()).start()))
                    .isZero();
        }
        assertThat(target.resolve("entry")).hasSameBinaryContentAs(Path.of(Container.ENTRY));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target.resolve("entry"))))
                .isEqualTo("rwxr-xr-x");
        assertThat(target).isDirectoryNotContaining(file -> !file.endsWith("entry"));
        Process nowhere = new ProcessBuilder(
                        Container.ENTRY, "install", directory.resolve("none").toString())
                .start();
        assertThat(Container.finish(nowhere)).isEqualTo(70);
        assertThat(new String(nowhere.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("entry: cannot install into '" + directory.resolve("none")
                        + "': No such file or directory; it must be a directory with room for it\n");
    }

    private Path executable(String text) throws IOException {
        Path file = Files.writeString(directory.resolve("program"), text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static int idInside(int pid) {
        List<Integer> ids = Processes.namespaceIds(pid);
        return ids.get(ids.size() - 1);
    }

    private static int residentKibibytes(int pid) {
        String resident = Processes.status(pid).getOrDefault("VmRSS", "0 kB");
        System.out.println("VmRSS of the first process after the restore: " + resident);
        return Integer.parseInt(resident.split(" ")[0]);
    }

    private static List<String> mounts(int pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/mountinfo"));
    }
}
