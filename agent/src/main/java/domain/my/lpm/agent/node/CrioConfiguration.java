package domain.my.lpm.agent.node;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * CRI-O's configuration, and what in it stands in the way of a restore.
 *
 * @param text TOML, as in {@code crio.conf}
 */
public record CrioConfiguration(String text) {
    private static final Logger LOG = LoggerFactory.getLogger(CrioConfiguration.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Pattern LEVEL = setting("container_level_enabled", "\"([^\"]*)\"");
    private static final Pattern CRIU = setting("enable_criu_support", "(true|false)");
    private static final Pattern POLICY = setting("signature_policy", "\"([^\"]*)\"");

    private static Pattern setting(String name, String value) {
        return Pattern.compile("(?m)^\\s*" + name + "\\s*=\\s*" + value);
    }

    /**
     * The configuration by which CRI-O runs, defaults included: its files may have been changed since it was started. It tells it to
     * {@code GET /config} at its socket (server/inspect.go), as to {@code crio status config}.
     *
     * @return empty if it does not
     */
    public static Optional<CrioConfiguration> ask(Path socket) {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            // Without chunks, and closed at the end.
            channel.write(ByteBuffer.wrap(
                    "GET /config HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
            String answer = readAll(channel);
            int body = answer.indexOf("\r\n\r\n");
            if (body >= 0 && answer.substring(0, body).matches("(?s)HTTP/1\\.[01] 200\\b.*")) {
                return Optional.of(new CrioConfiguration(answer.substring(body + 4)));
            }
            LOG.debug(
                    "CRI-O does not tell its configuration: {}", answer.lines().findFirst());
        } catch (IOException | UnsupportedOperationException silent) {
            LOG.debug("CRI-O does not tell its configuration: {}", silent.toString());
        }
        return Optional.empty();
    }

    private static String readAll(SocketChannel channel) throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        long end = System.nanoTime() + PATIENCE.toNanos();
        channel.configureBlocking(false);
        try (Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_READ);
            while (channel.read(buffer.clear()) >= 0) {
                if (buffer.position() > 0) {
                    answer.write(buffer.array(), 0, buffer.position());
                    continue;
                }
                long left = Duration.ofNanos(end - System.nanoTime()).toMillis();
                if (left <= 0) {
                    throw new IOException("no answer within " + PATIENCE.toSeconds() + " s");
                }
                selector.select(left);
                selector.selectedKeys().clear();
            }
        }
        return answer.toString(StandardCharsets.UTF_8);
    }

    /** Why CRI-O restores nothing, with the remedy; empty if it does. */
    public String obstacle() {
        // Where there is the newer of the two, it alone counts.
        boolean on = last(LEVEL)
                .map("checkpoint_restore"::equals)
                .orElseGet(() -> last(CRIU).filter("true"::equals).isPresent());
        if (!on) {
            return "CRI-O's restore is switched off on this node; set container_level_enabled = \"checkpoint_restore\" below"
                    + " [crio.checkpoint_restore] in crio.conf (enable_criu_support = true below [crio.runtime] in old"
                    + " releases), see that criu is in CRI-O's PATH and restart CRI-O, or use self-restore";
        }
        return last(POLICY)
                .filter(policy -> !policy.isEmpty())
                .map(policy -> "CRI-O restores nothing on this node, as its signature_policy is set (\"" + policy
                        + "\"); remove that line below [crio.image] in crio.conf and crio.conf.d, so that"
                        + " /etc/containers/policy.json counts, and restart CRI-O, or use self-restore")
                .orElse("");
    }

    private Optional<String> last(Pattern setting) {
        Optional<String> value = Optional.empty();
        Matcher found = setting.matcher(text);
        while (found.find()) {
            value = Optional.of(found.group(1));
        }
        return value;
    }
}
