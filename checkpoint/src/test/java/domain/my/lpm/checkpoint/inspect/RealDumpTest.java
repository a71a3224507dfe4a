package domain.my.lpm.checkpoint.inspect;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.image.CapabilitySet;
import domain.my.lpm.checkpoint.image.CredentialCheck;
import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.image.Grant;
import domain.my.lpm.checkpoint.inspect.Inspection.Deletion;
import domain.my.lpm.checkpoint.inspect.Inspection.File;
import domain.my.lpm.checkpoint.inspect.Inspection.Peer;
import domain.my.lpm.checkpoint.inspect.Inspection.Process;
import domain.my.lpm.checkpoint.inspect.Inspection.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dumps application.py by the CRIU of the Debian root and inspects what CRIU wrote. */
@Tag("real")
class RealDumpTest {
    private static final Path RESOURCES =
            Path.of("src/test/resources/domain/my/lpm/checkpoint/inspect").toAbsolutePath();
    private static final int DEADLINE_SECONDS = 120;

    private final Path images;

    RealDumpTest(@TempDir Path directory) throws Exception {
        images = Files.createDirectory(directory.resolve("images"));
        Path work = Files.createDirectory(directory.resolve("work"));
        Path log = directory.resolve("log");
        java.lang.Process dump = new ProcessBuilder(
                        "unshare",
                        "--mount",
                        "--pid",
                        "--fork",
                        "--net",
                        "--uts",
                        "--ipc",
                        "--kill-child",
                        "bash",
                        RESOURCES.resolve("dump.sh").toString(),
                        requireNonNull(System.getProperty("lpm.buildRoot"), "set -Dlpm.buildRoot to a Debian root"),
                        work.toString(),
                        images.toString(),
                        RESOURCES.resolve("application.py").toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(dump.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS))
                    .as("the dump ends in time")
                    .isTrue();
        } finally {
            dump.destroyForcibly().waitFor();
        }
        assertThat(dump.exitValue()).as(Files.readString(log)).isZero();
    }

    @Test
    void saysWhatIsInADumpJustTaken() throws IOException {
        Inspection inspection = Inspector.inspect(images);

        assertThat(inspection.processes())
                .extracting(Process::state)
                .containsExactlyInAnyOrder("ALIVE", "DEAD", "STOPPED", "ALIVE");
        assertThat(inspection.processes()).extracting(Process::parent).containsExactly(0, 1, 1, 8);
        Process first = inspection.processes().get(0);
        assertThat(first.threads()).hasSize(3);
        assertThat(first.executable()).startsWith("/usr/bin/python3");
        assertThat(requireNonNull(first.memory()).dumped()).isGreaterThan(4 << 20);
        assertThat(requireNonNull(first.memory()).shared()).isEqualTo(1 << 20);
        assertThat(inspection.memory().shared()).isEqualTo((1 << 20) + 8192);
        assertThat(inspection.files())
                .extracting(File::kind)
                .contains(
                        "device",
                        "eventfd",
                        "epoll",
                        "fifo",
                        "file",
                        "inotify",
                        "memfd",
                        "pipe",
                        "signalfd",
                        "tcp",
                        "timerfd",
                        "udp",
                        "unix");
        assertThat(inspection.files())
                .filteredOn(file -> file.deleted() == Deletion.KEPT)
                .extracting(File::path)
                .containsExactlyInAnyOrder("/app/gone", "/app/large");
        assertThat(sockets(inspection, "tcp"))
                .filteredOn(socket -> socket.state().equals("ESTABLISHED"))
                .extracting(Inspection.Socket::peer)
                .containsExactlyInAnyOrder(Peer.DUMP, Peer.DUMP, Peer.OUTSIDE);
        assertThat(sockets(inspection, "tcp"))
                .extracting(Inspection.Socket::received)
                .contains(6L);
        assertThat(inspection.hindrances())
                .noneMatch(hindrance -> hindrance.severity() == Severity.BLOCKS)
                .extracting(Inspection.Hindrance::what)
                .anyMatch(what -> what.contains(" to 10.77.0.1:7003 leads out of the pod"));
    }

    @Test
    void holdsTheThreadsOfADumpAgainstAGrant() {
        Grant everything = new Grant(new CapabilitySet(-1), OptionalLong.empty(), Set.of(), false, false);
        Grant filtered = new Grant(new CapabilitySet(-1), OptionalLong.empty(), Set.of(), true, true);
        CriuImages criu = CriuImages.open(images);

        assertThat(CredentialCheck.violations(criu, everything)).isEmpty();
        assertThat(CredentialCheck.violations(criu, filtered))
                .hasSize(2)
                .allMatch(text -> text.startsWith("process 1 (python3), threads 1, "));
    }

    private static List<Inspection.Socket> sockets(Inspection inspection, String kind) {
        return inspection.files().stream()
                .filter(file -> file.kind().equals(kind))
                .map(File::socket)
                .filter(Objects::nonNull)
                .toList();
    }
}
