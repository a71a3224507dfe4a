package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whatever CRIU does instead of restoring, the target ends in a defined way and nothing of the attempt is left. */
@Tag("real")
class CriuFailureTest {
    private static final String ANSWER = "if [ \"$1\" = --version ]; then echo 'Version: 4.2.1'; exit; fi\n";

    private static Refusals refusals;

    @BeforeAll
    static void open() {
        refusals = new Refusals();
    }

    @AfterAll
    static void close() {
        refusals.close();
    }

    private static String refusedBy(String name, String script) throws IOException {
        return refusals.refused(refusals.uri, "--criu", refusals.program(name, script), "--deadline", "2s");
    }

    @Test
    void oneThatHangsIsKilledWithAllItsChildren() throws IOException {
        assertThat(refusedBy("hangs", ANSWER + "/usr/bin/busybox sleep 1000 & /usr/bin/busybox sleep 1000"))
                .isEqualTo("CRIU did not finish within 2 s and was killed; give it a longer deadline");
    }

    @Test
    void oneThatCrashesIsReported() throws IOException {
        assertThat(refusedBy("crashes", ANSWER + "kill -SEGV $$")).isEqualTo("CRIU ended with signal 11");
    }

    @Test
    void oneThatFailsIsReportedWithTheFirstErrorOfItsLog() throws IOException {
        assertThat(refusedBy("fails", ANSWER + """
                        printf '(00.001) Warn  (a.c:1): odd\\n(00.002) Error (b.c:2): the reason\\n' > /work/restore.log
                        exit 3
                        """))
                .startsWith("CRIU ended with exit status 3: ")
                .contains("the reason");
    }

    @Test
    void anAbsentOneIsReported() {
        assertThat(refusals.refused(refusals.uri, "--criu", "/usr/sbin/none"))
                .isEqualTo("CRIU is absent: '/usr/sbin/none' cannot be started; use a toolkit image that contains it");
    }

    @Test
    void oneThatIsTooOldIsReported() throws IOException {
        assertThat(refusedBy("old", "echo 'Version: 3.17'"))
                .isEqualTo("CRIU 3.17 is too old: 4.2 or newer is needed; use a newer toolkit image");
    }

    @Test
    void garbageIsShownWithoutItsControlCharacters() throws IOException {
        assertThat(refusedBy("garbage", "printf '\\033[31mrubbish\\n'"))
                .isEqualTo("'/repository/programs/garbage --version' does not answer with a version but with"
                        + " '\\u001b[31mrubbish'; use a toolkit image whose CRIU fits this machine");
    }

    @Test
    void oneThatDoesNotEvenSayItsVersionIsKilled() throws IOException {
        assertThat(refusedBy("silent", "/usr/bin/busybox sleep 1000"))
                .isEqualTo("'/repository/programs/silent --version' did not answer within 10 s and was killed;"
                        + " use a toolkit image whose CRIU fits this machine");
    }
}
