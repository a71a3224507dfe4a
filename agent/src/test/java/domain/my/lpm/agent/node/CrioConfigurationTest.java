package domain.my.lpm.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CrioConfigurationTest {
    private static final String OFF =
            "CRI-O's restore is switched off on this node; set container_level_enabled = \"checkpoint_restore\" below"
                    + " [crio.checkpoint_restore] in crio.conf (enable_criu_support = true below [crio.runtime] in old"
                    + " releases), see that criu is in CRI-O's PATH and restart CRI-O, or use self-restore";

    private final Path directory;

    CrioConfigurationTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[crio.runtime]\nenable_criu_support = false\n",
                "[crio.runtime]\n# enable_criu_support = true\n",
                "enable_criu_support = true\n[crio.checkpoint_restore]\ncontainer_level_enabled = \"checkpoint_only\"\n",
                "[crio.runtime]\nenable_criu_support = true\n[crio.runtime]\nenable_criu_support = false\n"
            })
    void restoreIsOff(String text) {
        assertThat(new CrioConfiguration(text).obstacle()).isEqualTo(OFF);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[crio.runtime]\n    enable_criu_support = true\n",
                "enable_criu_support = false\ncontainer_level_enabled = \"checkpoint_restore\"\n",
                "container_level_enabled = \"checkpoint_only\"\ncontainer_level_enabled = \"checkpoint_restore\"\n",
                "enable_criu_support = true\n[crio.image]\nsignature_policy = \"\"\n"
            })
    void restoreIsOn(String text) {
        assertThat(new CrioConfiguration(text).obstacle()).isEmpty();
    }

    @Test
    void aSignaturePolicyOfItsOwnIsInTheWay() {
        assertThat(new CrioConfiguration(
                                "enable_criu_support = true\n[crio.image]\nsignature_policy = \"/etc/crio/policy.json\"\n")
                        .obstacle())
                .isEqualTo("CRI-O restores nothing on this node, as its signature_policy is set"
                        + " (\"/etc/crio/policy.json\"); remove that line below [crio.image] in crio.conf and crio.conf.d,"
                        + " so that /etc/containers/policy.json counts, and restart CRI-O, or use self-restore");
    }

    @Test
    void itIsAskedForAtTheSocket() throws Exception {
        CompletableFuture<String> request =
                answer("HTTP/1.0 200 OK\r\nContent-Type: x\r\n\r\nenable_criu_support = true\n");

        assertThat(CrioConfiguration.ask(socket())).contains(new CrioConfiguration("enable_criu_support = true\n"));
        assertThat(request.get()).startsWith("GET /config HTTP/1.0\r\n").endsWith("\r\n\r\n");
    }

    @Test
    void whoSaysNothingOfUseToldNothing() throws Exception {
        assertThat(CrioConfiguration.ask(socket())).isEmpty();
        answer("HTTP/1.0 404 Not Found\r\n\r\nenable_criu_support = true\n");
        assertThat(CrioConfiguration.ask(socket())).isEmpty();
    }

    private Path socket() {
        return directory.resolve("crio.sock");
    }

    /** Answers one request so, in two pieces. */
    private CompletableFuture<String> answer(String text) throws IOException {
        ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(socket()));
        return CompletableFuture.supplyAsync(() -> {
            try (listening;
                    SocketChannel connection = listening.accept()) {
                ByteBuffer request = ByteBuffer.allocate(1000);
                connection.read(request);
                ByteBuffer answer = StandardCharsets.UTF_8.encode(text);
                connection.write(answer.duplicate().limit(text.length() - 7));
                connection.write(answer.position(text.length() - 7));
                return new String(request.array(), 0, request.position(), StandardCharsets.UTF_8);
            } catch (IOException error) {
                throw new java.io.UncheckedIOException(error);
            }
        });
    }
}
