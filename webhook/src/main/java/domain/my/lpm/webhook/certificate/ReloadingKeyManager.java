package domain.my.lpm.webhook.certificate;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** Gives a TLS server the identity that was shown to it last. Connections keep what they began with. */
public final class ReloadingKeyManager extends X509ExtendedKeyManager {
    private record Generation(String alias, Identity identity) {}

    /**
     * The newest first. A handshake asks for the alias, the key and the chain in three calls; it must not get the key of one
     * identity with the chain of another, so the former is kept and the alias tells them apart.
     */
    private volatile List<Generation> generations = List.of();

    private long shown;

    /** Shows {@code identity} to every client that connects from now on. */
    public synchronized void show(Identity identity) {
        shown++;
        generations = Stream.concat(
                        Stream.of(new Generation("identity-" + shown, identity)),
                        generations.stream().limit(1))
                .toList();
    }

    /** What clients are shown; empty before {@link #show} was called. */
    public Optional<Identity> identity() {
        return generations.stream().findFirst().map(Generation::identity);
    }

    /** Whether there is an identity whose certificate is valid at {@code now}. */
    public boolean canServe(Instant now) {
        return identity()
                .filter(identity -> Rotation.isValid(identity.certificate(), now))
                .isPresent();
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return generations.stream()
                .findFirst()
                .filter(newest -> newest.identity().key().getAlgorithm().equals(keyType))
                .map(Generation::alias)
                .orElse(null);
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return chooseEngineServerAlias(keyType, issuers, null);
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        String alias = chooseEngineServerAlias(keyType, issuers, null);
        return alias == null ? null : new String[] {alias};
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        return named(alias)
                .map(identity -> identity.chain().toArray(X509Certificate[]::new))
                .orElse(null);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        return named(alias).map(Identity::key).orElse(null);
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    private Optional<Identity> named(String alias) {
        return generations.stream()
                .filter(generation -> generation.alias().equals(alias))
                .map(Generation::identity)
                .findFirst();
    }
}
