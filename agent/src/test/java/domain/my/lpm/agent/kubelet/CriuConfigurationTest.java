package domain.my.lpm.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import domain.my.lpm.agent.step.Step;
import domain.my.lpm.agent.step.StepListener;
import domain.my.lpm.launcher.criu.Tcp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CriuConfigurationTest {
    private final Path node;
    private final Path state;

    CriuConfigurationTest(@TempDir Path directory) throws IOException {
        node = Files.createDirectories(directory.resolve("node"));
        state = directory.resolve("state");
    }

    private Path file(String name) {
        return node.resolve("etc/criu").resolve(name);
    }

    private CriuConfiguration configuration(StepListener steps) {
        return new CriuConfiguration(node, state, steps);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "true, ESTABLISHED, 'leave-stopped,tcp-established,ghost-limit 1073741824'",
        "true, CLOSE, 'leave-stopped,tcp-close,ghost-limit 1073741824'",
        "false, FAIL, 'ghost-limit 1073741824'",
    })
    void holdsForOneCall(boolean hold, Tcp tcp, String lines) {
        String during = configuration(StepListener.NONE).during(hold, tcp, () -> read(file("runc.conf")));

        assertThat(during.lines()).containsExactly(lines.split(","));
        assertThat(file("runc.conf")).doesNotExist();
    }

    @Test
    void whatWasThereIsPutBack() throws IOException {
        Files.createDirectories(node.resolve("etc/criu"));
        Files.writeString(file("runc.conf"), "mine\n");
        Files.writeString(file("crun.conf"), "also mine\n");

        configuration(StepListener.NONE).during(true, Tcp.FAIL, () -> {
            assertThat(read(file("crun.conf"))).startsWith("leave-stopped\n");
            return read(file("runc.conf"));
        });

        assertThat(file("runc.conf")).hasContent("mine");
        assertThat(file("crun.conf")).hasContent("also mine");
    }

    @Test
    void alsoWhenTheCallFails() {
        assertThatThrownBy(() -> configuration(StepListener.NONE).during(true, Tcp.FAIL, () -> {
                    throw new IllegalStateException("no");
                }))
                .hasMessage("no");

        assertThat(file("runc.conf")).doesNotExist();
    }

    /** Killed at either side of the act: the next agent puts it back. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theNextAgentPutsItBack(boolean hadOne) throws IOException {
        if (hadOne) {
            Files.createDirectories(node.resolve("etc/criu"));
            Files.writeString(file("runc.conf"), "mine\n");
        }
        StepListener killed = new StepListener() {
            @Override
            public void before(Step step) {}

            @Override
            public void after(Step step) {
                if (step == Step.CONFIGURE_CRIU) {
                    throw new Killed();
                }
            }
        };
        assertThatThrownBy(() -> configuration(killed).during(true, Tcp.FAIL, () -> "never"))
                .isInstanceOf(Killed.class);
        assertThat(read(file("runc.conf"))).startsWith("leave-stopped");

        configuration(StepListener.NONE);

        if (hadOne) {
            assertThat(file("runc.conf")).hasContent("mine");
        } else {
            assertThat(file("runc.conf")).doesNotExist();
        }
        configuration(StepListener.NONE);
        assertThat(Files.exists(file("runc.conf"))).isEqualTo(hadOne);
    }

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }
}
