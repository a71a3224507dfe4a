package domain.my.lpm.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointReferenceTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "shared://6f1d2a34-0b5e-4c55-9d0c-0a3f4a6f7b10/counter-1",
                "shared://6f1d2a34-0b5e-4c55-9d0c-0a3f4a6f7b10/counter-1.2/web",
                "shared://a/b/c"
            })
    void isWrittenAsItIsRead(String value) {
        assertThat(CheckpointReference.parse(value)).hasToString(value);
    }

    @Test
    void namesItsParts() {
        CheckpointReference reference = CheckpointReference.parse("shared://uid-1/before-upgrade/web");

        assertThat(reference).isEqualTo(new CheckpointReference("uid-1", "before-upgrade", Optional.of("web")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/mnt/checkpoints/uid/id",
                "file://uid/id",
                "shared://uid",
                "shared://uid/",
                "shared:///id",
                "shared://uid/id/",
                "shared://uid/../web",
                "shared://../id",
                "shared://uid/id/..",
                "shared://uid/id/web/dump.tar.zst",
                "shared://uid/Id",
                "shared://uid/a..b",
                "shared://uid/id/web\n",
                "shared://uid/i d",
                "shared://uid/id/Web"
            })
    void refusesWhatIsNoReferenceAndShowsTheForm(String value) {
        assertThatThrownBy(() -> CheckpointReference.parse(value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("migration.checkpoint-path")
                .hasMessageContaining("'" + value + "'")
                .hasMessageContaining("shared://<podUID>/<checkpointID>");
    }

    @Test
    void boundsTheLengthOfEachPart() {
        assertThat(CheckpointReference.parse(
                                "shared://" + "u".repeat(63) + "/" + "c".repeat(253) + "/" + "n".repeat(63))
                        .checkpointId())
                .hasSize(253);
        assertThatThrownBy(() -> CheckpointReference.parse("shared://" + "u".repeat(64) + "/id"))
                .hasMessageContaining("pod uid");
        assertThatThrownBy(() -> CheckpointReference.parse("shared://uid/" + "c".repeat(254)))
                .hasMessageContaining("checkpoint id");
        assertThatThrownBy(() -> CheckpointReference.parse("shared://uid/id/" + "n".repeat(64)))
                .hasMessageContaining("container");
    }
}
