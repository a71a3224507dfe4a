package domain.my.lpm.sandbox.migration;

import domain.my.lpm.checkpoint.repository.SigningKey;
import domain.my.lpm.checkpoint.repository.TrustedKeys;
import domain.my.lpm.sandbox.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The key by which the agents of a sandbox sign checkpoints, and which they trust. */
public final class AgentKey {
    /** Where an agent finds the private key. */
    public static final String SIGNING_KEY = "/run/lpm/signing-key.pem";
    /** Where an agent finds the public keys that it trusts. */
    public static final String TRUSTED_KEYS = "/run/lpm/trusted-keys";

    private final SigningKey key = SigningKey.generate();

    /** The key itself. */
    public SigningKey signer() {
        return key;
    }

    /** Those who trust this key alone. */
    public TrustedKeys trusted() {
        return TrustedKeys.of(List.of(key.publicPem()));
    }

    /** The name of the ConfigMap with the public key, see {@link #publish}. */
    public static final String CONFIG_MAP = "lpm-keys";

    /** Lets the pods of a node find the public key. */
    public void publish(Node node) {
        node.configMap(CONFIG_MAP, Map.of("agent.pem", key.publicPem()));
    }

    /** Gives a node's agent the key. */
    public void install(Node node) {
        Path agent = node.root().resolve("agent");
        try {
            Path trusted = Files.createDirectories(agent.resolve(TRUSTED_KEYS.substring(1)));
            Files.writeString(trusted.resolve("agent.pem"), key.publicPem());
            Files.writeString(agent.resolve(SIGNING_KEY.substring(1)), key.toPem());
        } catch (IOException error) {
            throw new UncheckedIOException("cannot give the agent of '" + node.name() + "' its key", error);
        }
    }
}
