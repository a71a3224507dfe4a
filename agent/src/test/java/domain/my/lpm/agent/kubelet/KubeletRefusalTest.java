package domain.my.lpm.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.kubelet.KubeletException.Cause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class KubeletRefusalTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            401 | Unauthorized | UNAUTHORIZED | see --kubelet-token
            403 | Forbidden (user=x, verb=create) | FORBIDDEN | allow it to create nodes/checkpoint
            404 | 404 page not found | NOT_FOUND | its feature gate ContainerCheckpoint is off (404 page not found)
            500 | rpc error: unknown method CheckpointContainer for service | UNSUPPORTED | let the launcher take it
            500 | rpc error: code = Unimplemented desc = not implemented | UNSUPPORTED | takes no checkpoints
            500 | checkpoint/restore support not available | UNSUPPORTED | takes no checkpoints
            500 | CRIU binary not found or too old (<31600) | UNSUPPORTED | takes no checkpoints
            500 | cannot pause a paused container | PAUSED | paused by somebody else
            500 | failed to checkpoint container: dump failed | FAILED | it answered 500: failed to checkpoint
            418 | teapot | FAILED | it answered 418: teapot
            """)
    void anAnswerIsUnderstood(int status, String body, Cause kind, String message) {
        KubeletException refusal = KubeletClient.refusal(status, body);

        assertThat(refusal.kind()).isEqualTo(kind);
        assertThat(refusal).hasMessageContaining(message).hasMessageContaining(";");
    }

    @Test
    void whatDidNoHarmIsTriedFiveTimes() {
        List<Duration> pauses = new ArrayList<>();
        Backoff backoff = new Backoff(pauses::add);
        int[] calls = new int[1];

        assertThatThrownBy(() -> backoff.during(Duration.ofMinutes(5), left -> {
                    calls[0]++;
                    throw new KubeletException(Cause.UNREACHABLE, "away", null);
                }))
                .hasMessage("away");

        assertThat(calls[0]).isEqualTo(5);
        assertThat(pauses).extracting(Duration::toSeconds).containsExactly(2L, 4L, 8L, 16L);
    }

    @Test
    void itEndsWithItsTime() {
        List<Duration> pauses = new ArrayList<>();
        Backoff backoff = new Backoff(pauses::add);

        assertThatThrownBy(() -> backoff.during(Duration.ofSeconds(7), left -> {
                    throw new KubeletException(Cause.PAUSED, "paused", null);
                }))
                .hasMessage("paused");

        assertThat(pauses).extracting(Duration::toSeconds).containsExactly(2L, 4L);
    }

    @Test
    void aLaterTrySucceeds() {
        int[] calls = new int[1];

        String answer = new Backoff(pause -> {}).during(Duration.ofMinutes(5), left -> {
            if (++calls[0] < 3) {
                throw new KubeletException(Cause.PAUSED, "paused", null);
            }
            return "archive";
        });

        assertThat(answer).isEqualTo("archive");
    }

    @ParameterizedTest
    @EnumSource(
            value = Cause.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"UNREACHABLE", "PAUSED"})
    void whatMayHaveDoneHarmIsTriedOnce(Cause kind) {
        int[] calls = new int[1];

        assertThatThrownBy(() -> new Backoff(pause -> {}).during(Duration.ofMinutes(5), left -> {
                    calls[0]++;
                    throw new KubeletException(kind, "no", null);
                }))
                .hasMessage("no");

        assertThat(calls[0]).isEqualTo(1);
    }
}
