package domain.my.lpm.launcher.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DescriptorsTest {
    @Test
    void readsWhatItWrites() {
        List<String> targets = List.of("/dev/null", "pipe:[12]", "pipe:[13]");

        assertThat(Descriptors.parse(Descriptors.format(targets))).isEqualTo(targets);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "[]", "[\"a\",\"b\"]", "[\"a\",\"b\",3]", "[\"a\",", "[\"a\",\"b\",\"c\",\"d\"]"})
    void refusesAnythingElse(String content) {
        assertThatThrownBy(() -> Descriptors.parse(content.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(RestoreException.class)
                .hasMessage("descriptors.json of the checkpoint is not an array of 3 file names;"
                        + " take the checkpoint again");
    }

    @Test
    void refusesATerminal() {
        assertThatThrownBy(
                        () -> Descriptors.parse(Descriptors.format(List.of("/dev/pts/0", "/dev/pts/0", "/dev/pts/0"))))
                .hasMessage("the checkpointed container had a terminal (/dev/pts/0) for its standard input or output,"
                        + " which cannot be carried to another pod; set tty: false in the container and take the"
                        + " checkpoint again");
    }
}
