package domain.my.lpm.launcher.criu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CriuLogTest {
    private final Path directory;

    CriuLogTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private String firstError(String log) throws IOException {
        return CriuLog.firstError(Files.writeString(directory.resolve("restore.log"), log))
                .orElse("none");
    }

    @Test
    void findsTheErrorOfARestoredProcess() throws IOException {
        assertThat(firstError("""
                        Error (criu/tun.c:85): tun: Unable to create tun: No such file or directory
                        Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted
                             1: Error (criu/sk-inet.c:1059): inet: Can't bind inet socket (id 13): Address already in use
                             1: Error (criu/files.c:1221): Unable to open fd=4 id=0xd
                        Error (criu/cr-restore.c:2331): Restoring FAILED.
                        """)).isEqualTo("inet: Can't bind inet socket (id 13): Address already in use");
    }

    @Test
    void readsLinesWithTheTime() throws IOException {
        assertThat(firstError("""
                        (00.000010) Warn  (criu/image.c:1): Something
                        (00.012345)     12: Error (criu/files-reg.c:1234): Can't open file data/x: No such file
                        """)).isEqualTo("Can't open file data/x: No such file");
    }

    @Test
    void findsNothingInALogWithoutErrors() throws IOException {
        assertThat(firstError("(00.000010) Warn  (criu/image.c:1): Error (x): is in here\n"))
                .isEqualTo("none");
    }
}
