package domain.my.lpm.agent.image;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.ImageImport;
import domain.my.lpm.agent.node.CrioConfiguration;
import domain.my.lpm.agent.node.NetworkNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;

/**
 * CRI-O pulls it from the agent, which serves it at the node's loopback for as long as that takes. CRI-O takes every registry there
 * without a certificate (127.0.0.0/8 in its internal/storage/image.go), so that nothing has to be configured; who else is on the
 * node knows no password.
 */
final class PullImporter implements Importer {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String USER = "crio";

    private final Path socket;
    private final Loopback loopback;

    /** Where CRI-O reaches the agent. */
    interface Loopback {
        ServerSocketChannel listen() throws IOException;
    }

    PullImporter(ImageImport.Pull pull) {
        this(pull.socket(), () -> NetworkNamespace.listen(pull.network()));
    }

    PullImporter(Path socket, Loopback loopback) {
        this.socket = socket;
        this.loopback = loopback;
    }

    @Override
    public void prepare(Base base) {
        String obstacle =
                CrioConfiguration.ask(socket).map(CrioConfiguration::obstacle).orElse("");
        if (!obstacle.isEmpty()) {
            throw new AgentException(Kind.FAILED_PRECONDITION, obstacle);
        }
        try (RuntimeImages images = RuntimeImages.at(socket)) {
            requireBase(images, base);
        }
    }

    /** CRI-O looks for it by its id: the same name may mean another image by now. */
    private static void requireBase(RuntimeImages images, Base base) {
        String wanted = base.id().isEmpty() ? base.name() : base.id();
        if (wanted.isEmpty() || images.has(wanted)) {
            return;
        }
        Optional<String> refusal = base.name().isEmpty() ? Optional.empty() : images.pull(base.name(), "", "");
        if (!images.has(wanted)) {
            throw new AgentException(
                    Kind.FAILED_PRECONDITION,
                    "the image " + base.name() + " with the id " + base.id()
                            + ", which the container ran from, is not on this node"
                            + refusal.map(why -> " and could not be pulled: " + why)
                                    .orElse(", and the registry has another by that name")
                            + "; pull it on the node, or use self-restore");
        }
    }

    @Override
    public String load(Path layout, String repository, String tag, Base base) {
        byte[] random = new byte[24];
        RANDOM.nextBytes(random);
        String password = HexFormat.of().formatHex(random);
        try (ImageRegistry registry = ImageRegistry.serve(loopback.listen(), layout, repository, tag, USER, password);
                RuntimeImages images = RuntimeImages.at(socket)) {
            String image = "127.0.0.1:" + registry.port() + "/" + repository + ":" + tag;
            images.pull(image, USER, password).ifPresent(why -> {
                throw new AgentException(
                        Kind.FAILED_PRECONDITION,
                        "CRI-O did not pull the image " + image + " from the agent: " + why
                                + "; see CRI-O's log, or use self-restore");
            });
            return image;
        } catch (IOException problem) {
            throw new UncheckedIOException("cannot serve the image " + repository + " to CRI-O", problem);
        }
    }
}
